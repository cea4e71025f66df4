"""What the engineers of a domain watch: a quantity at its assets as lines, and tables of how things stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.models import common, statetimeline, table, timeseries
from grafana_foundation_sdk.models.dashboard import (
    FieldColor,
    FieldColorModeId,
    FieldConfig,
    Panel,
    Threshold,
    ThresholdsConfig,
    ThresholdsMode,
)

from grafana.language import Language
from grafana.panels.base import Override, Place, cells, legend, panel, together
from grafana.query import Format, Query
from grafana.units import unit

LINES = 20
"""How many lines a chart has at most; more, and nobody can tell them apart."""

LIMIT = "purple"
"""Of the line that marks a limit: none of the levels' colours, for a limit alone makes no level."""

POINTS = 500
"""Of each of up to twenty series in a chart: more cannot be told apart, and each costs."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The sensors of a chart: one quantity in a domain, in the districts chosen.

    of: the attribute of the asset by which values are divided; they are shares then.
    lowest: the lowest are shown where there are too many, not the highest.
    """

    domain: str
    quantity: str
    of: str | None = None
    key: str | None = None
    lowest: bool = False

    @property
    def unit(self) -> str:
        """Of the axis."""
        return "percentunit" if self.of else unit(self.quantity)

    def picked(self, language: Language) -> str:
        """A query that gives ``sensor_id``, ``metric`` (its name) and ``whole`` (what divides)."""
        whole = "a.value" if self.of else "1"
        attribute = (
            "join grafana.asset_attributes a on a.asset_id = s.asset_id"
            f" and a.attribute = '{self.of}' and a.value <> 0"
            if self.of
            else ""
        )
        key = f" and split_part(s.sensor, '/', 2) = '{self.key}'" if self.key else ""
        return f"""
            select s.sensor_id, {whole} as whole,
                s.asset_id || ' ' || s.{language.column("asset_name")}
                    || ' ' || split_part(s.sensor, '/', 2) as metric
            from grafana.sensors_online s {attribute}
            where s.domain = '{self.domain}' and s.quantity = '{self.quantity}'{key}
                and s.district in (${{district:sqlstring}})
            order by s.last_value / {whole} {"asc" if self.lowest else "desc"} nulls last, 1 limit {LINES}
        """


def lines(
    language: Language,
    place: Place,
    title: tuple[str, str],
    watched: Watched,
    limits: Sequence[float] = (),
    *,
    bars: bool = False,
) -> Panel:
    """Each sensor's mean over time, with its limits as dashed lines."""
    sql = f"""
        with picked as ({watched.picked(language)})
        select z.time, metric, z.mean / whole as value
        from picked
        cross join lateral grafana.readings_zoomed(
            sensor_id, $__timeFrom(), $__timeTo(), '$__interval') z
        where z.mean is not null order by z.time
    """
    return chart(language.say(*title), place, sql, watched.unit, limits, bars=bars)


def rise(
    language: Language, place: Place, title: tuple[str, str], watched: Watched, limits: Sequence[float]
) -> Panel:
    """How fast each changes, per hour, from one interval of five minutes or longer to the next."""
    sql = f"""
        with picked as ({watched.picked(language)}), means as (
            select sensor_id, metric, z.time, z.mean / whole as mean
            from picked
            cross join lateral grafana.readings_zoomed(
                sensor_id, $__timeFrom(), $__timeTo(), greatest('$__interval'::interval, '5 minutes')) z
            where z.mean is not null
        )
        select time, metric, 3600 * (mean - lag(mean) over each)
            / extract(epoch from time - lag(time) over each)::double precision as value
        from means window each as (partition by sensor_id order by time) order by time
    """
    return chart(language.say(*title), place, sql, f"{watched.unit}/h", limits)


def span(language: Language, place: Place, title: tuple[str, str], watched: Watched) -> Panel:
    """The range of each interval of ten minutes or longer: how much it swung."""
    sql = f"""
        with picked as ({watched.picked(language)})
        select z.time, metric, (z.high - z.low) / whole as value
        from picked
        cross join lateral grafana.readings_zoomed(
            sensor_id, $__timeFrom(), $__timeTo(), greatest('$__interval'::interval, '10 minutes')) z
        where z.mean is not null order by z.time
    """
    return chart(language.say(*title), place, sql, watched.unit)


def chart(
    title: str, place: Place, sql: str, measure: str, limits: Sequence[float] = (), *, bars: bool = False
) -> Panel:
    """Series by ``metric``, in a unit."""
    custom = common.GraphFieldConfig(
        show_points=common.VisibilityMode.NEVER,
        draw_style=common.GraphDrawStyle.BARS if bars else common.GraphDrawStyle.LINE,
        fill_opacity=40 if bars else 0,
        thresholds_style=common.GraphThresholdsStyleConfig(common.GraphThresholdsStyleMode.DASHED),
    )
    steps = [Threshold(None, "transparent"), *(Threshold(limit, LIMIT) for limit in sorted(limits))]
    return panel(
        "timeseries",
        title,
        place,
        Query(sql, Format.SERIES),
        timeseries.Options(legend=legend(), tooltip=together()),
        fields=FieldConfig(
            unit=measure,
            color=FieldColor(FieldColorModeId.PALETTE_CLASSIC_BY_NAME),
            thresholds=ThresholdsConfig(ThresholdsMode.ABSOLUTE, steps),
            custom=custom,
        ),
        points=POINTS,
    )


def standing(title: str, place: Place, sql: str, columns: Sequence[Override]) -> Panel:
    """A table of how things stand."""
    return panel("table", title, place, Query(sql), table.Options(), fields=cells(), overrides=columns)


def states(title: str, place: Place, sql: str, fields: FieldConfig) -> Panel:
    """Bars of what was so when: series by ``metric``, each lasting until its next value."""
    fields.custom = statetimeline.FieldConfig(fill_opacity=80)
    return panel(
        "state-timeline",
        title,
        place,
        Query(sql, Format.SERIES),
        statetimeline.Options(
            legend=legend(),
            tooltip=together(),
            show_value=common.VisibilityMode.AUTO,
        ),
        fields=fields,
    )
