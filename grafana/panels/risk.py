"""What is open, where, and how it came to be."""

from collections.abc import Mapping

from grafana_foundation_sdk.models import barchart, common, geomap, table, timeseries
from grafana_foundation_sdk.models.dashboard import FieldConfig, Panel

from grafana.language import Language
from grafana.panels.base import (
    CALM,
    HIDDEN,
    SHARE,
    Override,
    Place,
    by_level,
    by_steps,
    cells,
    column,
    fixed,
    legend,
    levels,
    link,
    panel,
    tiles,
    together,
)
from grafana.query import Format, Query
from rules.levels import RiskLevel

_COUNTS = ", ".join(
    f"sum(alerts) filter (where level = {level.value})::integer as {level.english}" for level in RiskLevel
)

LEVEL_CELL: dict[str, object] = {
    "custom.cellOptions": common.TableColoredBackgroundCellOptions(
        mode=common.TableCellBackgroundDisplayMode.BASIC
    ),
    "custom.width": 90,
}


LIVE = "state not in ('returned', 'latched', 'normal', 'closed')"
"""Of a case that has live evidence, acknowledged or not, hidden or not."""


def open_by_level(language: Language, place: Place, where: str = "true") -> Panel:
    """How many cases have live evidence, level by level."""
    return panel(
        "stat",
        language.say("当前预警", "Live alerts"),
        place,
        Query(f"select {_COUNTS} from grafana.alert_counts where {LIVE} and {where}"),
        tiles(),
        overrides=[
            column(
                level.english, language.say(level.chinese, level.english), by_steps(CALM, (1, level.colour))
            )
            for level in RiskLevel
        ],
    )


def unacknowledged(language: Language, place: Place, where: str = "true") -> Panel:
    """Blue cases are nobody's to acknowledge; one whose evidence is gone still is."""
    return panel(
        "stat",
        language.say("待确认", "To be acknowledged"),
        place,
        Query(f"""
            select count(*)::integer as waiting,
                extract(epoch from min(opened_at))::double precision * 1000 as oldest
            from grafana.alerts_open
            where state in ('unacknowledged', 'returned') and worst_level < 4 and {where}
        """),
        tiles(),
        overrides=[
            column("waiting", language.say("条数", "alerts"), by_steps(CALM, (1, "purple"))),
            column(
                "oldest",
                language.say("最早", "oldest"),
                {"unit": "dateTimeFromNow", "noValue": language.say("无", "none"), "color": fixed(CALM)},
            ),
        ],
    )


def four_colours(language: Language, place: Place) -> Panel:
    """Each asset in the colour of its level; the worse, the larger, and drawn the later."""
    name, domain, hazard = (language.column(each) for each in ("name", "domain_name", "hazard_name"))
    return panel(
        "geomap",
        language.say("设施风险四色图", "Risk of assets"),
        place,
        Query(f"""
            select {name} as name, {domain} as domain, level, {hazard} as hazard, since, latitude, longitude,
                5 - level as weight
            from grafana.current_assets where level is not null order by level desc
        """),
        geomap.Options(
            view=geomap.MapViewConfig(id_val=geomap.MapCenterID.FIT, padding=10, zoom=15),
            controls=geomap.ControlsOptions(
                show_zoom=True, mouse_wheel_zoom=True, show_attribution=True, show_scale=True
            ),
            basemap=common.MapLayerOptions(type_val="default", name="basemap"),
            layers=[_markers(language)],
            tooltip=geomap.TooltipOptions(geomap.TooltipMode.DETAILS),
        ),
        overrides=[
            column("name", language.say("设施", "asset")),
            column("domain", language.say("系统", "system")),
            level_column(language),
            column("hazard", language.say("危险", "hazard")),
            column("since", language.say("自", "since")),
            column("latitude", language.say("纬度", "latitude")),
            column("longitude", language.say("经度", "longitude")),
            column("weight", language.say("大小", "size"), {"min": 1, "max": 4}),
        ],
    )


def _markers(language: Language) -> common.MapLayerOptions:
    return common.MapLayerOptions(
        type_val="markers",
        name=language.say("设施", "assets"),
        location=common.FrameGeometrySource(
            mode=common.FrameGeometrySourceMode.COORDS, latitude="latitude", longitude="longitude"
        ),
        config={
            "showLegend": False,
            "style": {
                "color": {"field": "level", "fixed": CALM},
                "size": {"field": "weight", "fixed": 6, "min": 5, "max": 14},
                "opacity": 0.85,
                "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
            },
        },
        tooltip=True,
    )


def alerts(language: Language, place: Place, where: str = "true") -> Panel:
    """All that is open, however old, then what was closed in the time shown."""
    asset, hazard, state, utility = (
        language.column(each) for each in ("asset_name", "hazard_name", "state_name", "utility_name")
    )
    return panel(
        "table",
        language.say("最近预警", "Recent alerts"),
        place,
        Query(f"""
            select opened_at, level, {asset} as asset, {hazard} as hazard,
                coalesce({state}, state) as state, {utility} as utility, alert_id::text, asset_id, domain
            from grafana.alerts_recent where (state <> 'closed' or $__timeFilter(opened_at)) and {where}
            order by state = 'closed', level, opened_at desc limit 200
        """),
        table.Options(),
        fields=cells(),
        overrides=[
            column("opened_at", language.say("时间", "opened"), {"custom.width": 150}),
            level_column(language, LEVEL_CELL),
            column("asset", language.say("设施", "asset"), to_asset(language)),
            column("hazard", language.say("危险", "hazard"), {"custom.width": 110}),
            column(
                "state",
                language.say("状态（处置）", "state (act)"),
                {"custom.width": 110} | to_console(language),
            ),
            column("utility", language.say("权属单位", "utility")),
            *(
                column(name, language.say(f"编号 {name}", name), HIDDEN)
                for name in ("alert_id", "asset_id", "domain")
            ),
        ],
    )


def to_asset(language: Language) -> dict[str, object]:
    """A row's asset leads to its page; the row has ``domain`` and ``asset_id``."""
    return link(
        language.say("设施看板", "Asset's board"),
        f"/d/lifeline-asset-{language}?var-domain=${{__data.fields.domain}}&var-asset=${{__data.fields.asset_id}}",
    )


def to_console(language: Language) -> dict[str, object]:
    """A row's case leads to the console, where who acts is known by login; the row has ``alert_id``."""
    return link(
        language.say("在值班台处置", "Act in the console"), "${console:raw}/alerts/${__data.fields.alert_id}"
    )


def last_day(language: Language, place: Place) -> Panel:
    """How many cases were opened in the last 24 hours, by the worst level they had."""
    return panel(
        "stat",
        language.say("近24小时预警", "Alerts of the last day"),
        place,
        Query(f"""
            select {
            ", ".join(
                f"count(*) filter (where worst_level = {level.value})::integer as {level.english}"
                for level in RiskLevel
            )
        }
            from grafana.alerts_recent, grafana.present() present(time)
            where opened_at > present.time - interval '1 day' and opened_at <= present.time
        """),
        tiles(),
        overrides=[
            column(
                level.english, language.say(level.chinese, level.english), by_steps(CALM, (1, level.colour))
            )
            for level in RiskLevel
        ],
    )


def responses(language: Language, place: Place, where: str = "true") -> Panel:
    """What share of the last 30 days' cases was acknowledged, reached and closed before its deadline."""
    done = {
        "acknowledged": ("按时确认", "acknowledged in time"),
        "on_site": ("按时到场", "on site in time"),
        "closed": ("按时办结", "closed in time"),
    }
    return panel(
        "stat",
        language.say("近30天处置时效", "Response of the last 30 days"),
        place,
        Query(f"""
            select {", ".join(f"avg({name}_in_time::integer)::double precision as {name}" for name in done)}
            from grafana.responses, grafana.present() present(time)
            where opened_at > present.time - interval '30 days' and {where}
        """),
        tiles(),
        overrides=[
            column(name, language.say(*words), SHARE | {"noValue": language.say("无", "none")})
            for name, words in done.items()
        ],
    )


def trend_by_level(language: Language, place: Place, where: str = "true") -> Panel:
    """How many cases were opened when, by the worst level they had."""
    return _trend(
        language.say("新增预警趋势（按级别）", "Alerts opened, by level"),
        place,
        "level.name_en",
        where,
        [
            column(
                level.english,
                language.say(level.chinese, level.english),
                {"color": fixed(level.colour)},
            )
            for level in RiskLevel
        ],
    )


def trend_by_domain(language: Language, place: Place) -> Panel:
    """The same by domain."""
    return _trend(
        language.say("新增预警趋势（按系统）", "Alerts opened, by system"),
        place,
        f"coalesce(r.{language.column('domain_name')}, '–')",
        "true",
        [],
    )


def _trend(title: str, place: Place, metric: str, where: str, overrides: list[Override]) -> Panel:
    made = panel(
        "timeseries",
        title,
        place,
        Query(
            f"""
            select $__timeGroupAlias(opened_at, $__interval), {metric} as metric, count(*)::integer as value
            from grafana.alerts_recent r
            join grafana.levels level on level.level = r.worst_level
            where $__timeFilter(opened_at) and {where} group by 1, 2 order by 1
            """,
            Format.SERIES,
        ),
        timeseries.Options(legend=legend(), tooltip=together()),
        fields=FieldConfig(
            decimals=0,
            min_val=0,
            custom=common.GraphFieldConfig(
                draw_style=common.GraphDrawStyle.BARS,
                fill_opacity=80,
                stacking=common.StackingConfig(mode=common.StackingMode.NORMAL),
            ),
        ),
        overrides=overrides,
    )
    made.interval = "1h"
    return made


def level_column(language: Language, more: Mapping[str, object] | None = None) -> Override:
    """The column ``level``, in words and colours."""
    properties = {**by_level(), "mappings": levels(language), **(more or {})}
    return column("level", language.say("级别", "level"), properties)


def open_by_domain(language: Language, place: Place) -> Panel:
    """The same, system by system."""
    domain = language.column("domain_name")
    return panel(
        "barchart",
        language.say("各系统当前预警", "Live alerts by system"),
        place,
        Query(f"""
            select {domain} as domain, {_COUNTS}
            from grafana.alert_counts where {LIVE} group by {domain} order by {domain}
        """),
        barchart.Options(stacking=common.StackingMode.NORMAL, legend=legend(), tooltip=together()),
        fields=FieldConfig(decimals=0, min_val=0, custom=barchart.FieldConfig()),
        overrides=[
            column("domain", language.say("系统", "system")),
            *(
                column(
                    level.english,
                    language.say(level.chinese, level.english),
                    {"color": fixed(level.colour)},
                )
                for level in RiskLevel
            ),
        ],
    )


def transitions(language: Language, place: Place, where: str = "true") -> Panel:
    """The machine's own words: what changed, by which rule, and why."""
    asset, hazard = language.column("asset_name"), language.column("hazard_name")
    return panel(
        "table",
        language.say("最近报警", "Recent transitions"),
        place,
        Query(f"""
            select time, {asset} as asset, {hazard} as hazard, rule, reason
            from grafana.transitions_recent where $__timeFilter(time) and {where}
            order by time desc limit 100
        """),
        table.Options(),
        fields=cells(),
        overrides=[
            column("time", language.say("时间", "time"), {"custom.width": 150}),
            column("asset", language.say("设施", "asset")),
            column("hazard", language.say("危险", "hazard"), {"custom.width": 110}),
            column("rule", language.say("规则", "rule")),
            column("reason", language.say("原因", "reason")),
        ],
    )
