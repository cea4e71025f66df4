"""The live city and a replay of it, side by side: two databases, one question."""

from grafana_foundation_sdk.models import common, stat, table, timeseries
from grafana_foundation_sdk.models.dashboard import FieldConfig, Panel

from grafana.language import Language
from grafana.panels.base import CALM, Place, cells, column, fixed, legend, panel, tiles, together
from grafana.query import DATABASE, REPLAY, Format, Query


def _sides(language: Language) -> list[tuple[str, common.DataSourceRef, str, str, str]]:
    return [
        ("A", DATABASE, "live", language.say("实时", "live"), "blue"),
        ("B", REPLAY, "replayed", language.say("回放", "replay"), "purple"),
    ]


def counted(language: Language, place: Place) -> Panel:
    """How many cases each opened in the time shown, and how many times evidence changed."""
    sides = _sides(language)
    queries = [
        Query(
            f"""
            select
                (select count(*)::integer from grafana.alerts_recent where $__timeFilter(opened_at))
                    as {name}_alerts,
                (select count(*)::integer from grafana.transitions_recent where $__timeFilter(time))
                    as {name}_transitions
            """,
            ref_id=ref_id,
            source=source,
        )
        for ref_id, source, name, _, _ in sides
    ]
    overrides = [
        column(f"{name}_{what}", f"{called}{words}", {"color": fixed(CALM)})
        for _, _, name, called, _ in sides
        for what, words in (
            ("alerts", language.say("：预警", ": alerts")),
            ("transitions", language.say("：报警", ": transitions")),
        )
    ]
    return panel(
        "stat",
        language.say("数量对比", "How many"),
        place,
        queries,
        _plain(),
        overrides=overrides,
    )


def _plain() -> stat.Options:
    made = tiles()
    made.color_mode = common.BigValueColorMode.VALUE
    return made


def readings(language: Language, place: Place) -> Panel:
    """The same sensor in both, found by its name: numbers differ from database to database."""
    sides = _sides(language)
    return panel(
        "timeseries",
        language.say("读数对比：${sensor:text}", "Readings: ${sensor:text}"),
        place,
        [
            Query(
                f"""
                select z.time, z.mean as {name}
                from grafana.sensors s
                cross join lateral grafana.readings_zoomed(
                    s.sensor_id, $__timeFrom(), $__timeTo(), '$__interval') z
                where s.sensor = ${{sensor:sqlstring}} and z.mean is not null order by z.time
                """,
                Format.SERIES,
                ref_id,
                source,
            )
            for ref_id, source, name, _, _ in sides
        ],
        timeseries.Options(legend=legend(), tooltip=together()),
        fields=FieldConfig(custom=common.GraphFieldConfig(show_points=common.VisibilityMode.NEVER)),
        overrides=[column(name, called, {"color": fixed(colour)}) for _, _, name, called, colour in sides],
    )


def levels(language: Language, place: Place) -> Panel:
    """The live level of the asset in both, 1 is the worst, 5 is none."""
    sides = _sides(language)
    return panel(
        "timeseries",
        language.say("风险等级对比：${asset:text}", "Level of risk: ${asset:text}"),
        place,
        [
            Query(
                f"""
                select time, min(coalesce(level, 5)) as {name} from grafana.risk_history
                where asset_id = ${{asset:sqlstring}} and $__timeFilter(time) group by time order by time
                """,
                Format.SERIES,
                ref_id,
                source,
            )
            for ref_id, source, name, _, _ in sides
        ],
        timeseries.Options(legend=legend(), tooltip=together()),
        fields=FieldConfig(
            min_val=1,
            max_val=5,
            decimals=0,
            custom=common.GraphFieldConfig(line_interpolation=common.LineInterpolation.STEP_AFTER),
        ),
        overrides=[column(name, called, {"color": fixed(colour)}) for _, _, name, called, colour in sides],
    )


def listed(language: Language, place: Place, which: int) -> Panel:
    """The transitions of one side (0 live, 1 replayed), to be read beside those of the other."""
    ref_id, source, _, called, _ = _sides(language)[which]
    asset, hazard = language.column("asset_name"), language.column("hazard_name")
    return panel(
        "table",
        language.say(f"{called}报警", f"Transitions, {called}"),
        place,
        Query(
            f"""
            select time, {asset} as asset, {hazard} as hazard, rule, subject, state, reason
            from grafana.transitions_recent where $__timeFilter(time)
            order by time desc, rule, subject, state limit 200
            """,
            ref_id=ref_id,
            source=source,
        ),
        table.Options(),
        fields=cells(),
        overrides=[
            column("time", language.say("时间", "time"), {"custom.width": 150}),
            column("asset", language.say("设施", "asset")),
            column("hazard", language.say("危险", "hazard")),
            column("rule", language.say("规则", "rule")),
            column("subject", language.say("对象", "subject")),
            column("state", language.say("等级", "state")),
            column("reason", language.say("原因", "reason")),
        ],
    )
