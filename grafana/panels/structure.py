"""Panels of structures: strain as temperature makes it, and what only rules compute."""

from collections.abc import Sequence

from grafana_foundation_sdk.models import common, timeseries, xychart
from grafana_foundation_sdk.models.dashboard import FieldConfig, Panel, ValueMap, ValueMappingResult

from grafana.language import Language
from grafana.panels.base import CALM, HIDDEN, Place, column, legend, panel, together
from grafana.panels.risk import to_asset
from grafana.panels.watch import LIMIT, Watched, chart, standing, states
from grafana.query import Format, Query
from grafana.units import unit

_WARMTH = """
    select time_bucket(greatest('$__interval'::interval, '10 minutes'), z.time) as time,
        avg(z.mean) as temperature
    from grafana.sensors s
    cross join lateral grafana.readings_zoomed(
        s.sensor_id, $__timeFrom(), $__timeTo(), greatest('$__interval'::interval, '10 minutes')) z
    where s.asset_id = ${span:sqlstring} and s.quantity = 'structure_temperature' group by 1
"""
_STRAIN = """
    select time_bucket(greatest('$__interval'::interval, '10 minutes'), z.time) as time, avg(z.mean) as strain
    from grafana.sensors s
    cross join lateral grafana.readings_zoomed(
        s.sensor_id, $__timeFrom(), $__timeTo(), greatest('$__interval'::interval, '10 minutes')) z
    where s.asset_id = ${span:sqlstring} and s.quantity = 'strain' group by 1
"""


def strain_by_temperature(language: Language, place: Place) -> Panel:
    """Mean strain of a span over its temperature: a sound structure stays on its line."""
    return panel(
        "xychart",
        language.say("应变—温度关系：${span:text}", "Strain over temperature: ${span:text}"),
        place,
        Query(f"""
            select w.temperature, s.strain from ({_WARMTH}) w join ({_STRAIN}) s using (time)
            where w.temperature is not null and s.strain is not null order by w.temperature
        """),
        xychart.Options(
            mapping=xychart.SeriesMapping.AUTO,
            legend=legend(),
            tooltip=common.VizTooltipOptions(
                mode=common.TooltipDisplayMode.SINGLE, sort=common.SortOrder.NONE
            ),
            series=[],
        ),
        fields=FieldConfig(custom=xychart.FieldConfig(show=xychart.XYShowMode.POINTS)),
        overrides=[
            column(
                "temperature",
                language.say("结构温度", "temperature"),
                {"unit": unit("structure_temperature")},
            ),
            column("strain", language.say("应变", "strain"), {"unit": unit("strain")}),
        ],
    )


def strain_and_temperature(language: Language, place: Place) -> Panel:
    """Both over time, each on its own axis."""
    return panel(
        "timeseries",
        language.say("应变与温度：${span:text}", "Strain and temperature: ${span:text}"),
        place,
        [
            Query(f"select * from ({_STRAIN}) s order by time", Format.SERIES),
            Query(f"select * from ({_WARMTH}) w order by time", Format.SERIES, ref_id="B"),
        ],
        timeseries.Options(legend=legend(), tooltip=together()),
        fields=FieldConfig(custom=common.GraphFieldConfig(show_points=common.VisibilityMode.NEVER)),
        overrides=[
            column("strain", language.say("应变", "strain"), {"unit": unit("strain")}),
            column(
                "temperature",
                language.say("结构温度", "temperature"),
                {"unit": unit("structure_temperature"), "custom.axisPlacement": "right"},
            ),
        ],
    )


def found(language: Language, place: Place, title: tuple[str, str], quantities: Sequence[str]) -> Panel:
    """What the rules found in quantities from which they compute a figure of their own."""
    asset, of = language.column("asset_name"), ", ".join(f"'{each}'" for each in quantities)
    return standing(
        language.say(*title),
        place,
        f"""
        select t.time, t.{asset} as asset, t.asset_id, t.domain, t.rule, t.state, t.value, t.reason
        from grafana.transitions_recent t join grafana.sensors s using (sensor_id)
        where $__timeFilter(t.time) and t.domain = 'bridge' and s.quantity in ({of})
        order by t.time desc limit 100
        """,
        [
            column("time", language.say("时间", "time"), {"custom.width": 150}),
            column("asset", language.say("设施", "asset"), to_asset(language)),
            column("rule", language.say("规则", "rule")),
            column("state", language.say("等级", "state")),
            column("value", language.say("数值", "figure"), {"decimals": 3}),
            column("reason", language.say("原因", "reason")),
            column("asset_id", language.say("设施编号", "asset_id"), HIDDEN),
            column("domain", language.say("系统代码", "domain"), HIDDEN),
        ],
    )


def figures(
    language: Language,
    place: Place,
    title: tuple[str, str],
    kind: str,
    measure: str,
    limits: Sequence[float] = (),
) -> Panel:
    """What the rules of a kind measured over time, each at its subject, in the kind's unit."""
    asset = language.column("asset_name")
    sql = f"""
        select time, {asset} || ' ' || subject as metric, value
        from grafana.rule_figures
        where kind = '{kind}' and domain = 'bridge' and $__timeFilter(time) order by time
    """
    return chart(language.say(*title), place, sql, measure, limits)


def intrusions(language: Language, place: Place) -> Panel:
    """When somebody was in which compartment."""
    picked = Watched("tunnel", "intrusion").picked(language)
    return states(
        language.say("入侵状态", "Somebody inside"),
        place,
        f"""
        with picked as ({picked})
        select z.time, metric, (z.high > 0.5)::integer as value
        from picked
        cross join lateral grafana.readings_zoomed(
            sensor_id, $__timeFrom(), $__timeTo(), greatest('$__interval'::interval, '1 minute')) z
        where z.high is not null order by z.time
        """,
        FieldConfig(
            mappings=[
                ValueMap(
                    {
                        "0": ValueMappingResult(text=language.say("无人", "nobody"), color=CALM, index=0),
                        "1": ValueMappingResult(text=language.say("入侵", "somebody"), color=LIMIT, index=1),
                    }
                )
            ]
        ),
    )
