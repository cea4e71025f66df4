"""Whether the data can be trusted, and the data themselves."""

from grafana_foundation_sdk.models import common, table, timeseries
from grafana_foundation_sdk.models.dashboard import FieldConfig, Panel

from grafana.language import Language
from grafana.panels.base import (
    SHARE,
    Override,
    Place,
    cells,
    column,
    fixed,
    legend,
    panel,
    tiles,
    together,
)
from grafana.query import Format, Query

_COLOURED = {"custom.cellOptions": common.TableColorTextCellOptions()}


def trust(language: Language, place: Place, where: str = "true") -> Panel:
    """How much of the city is heard, and how much of what it should have said is there."""
    return panel(
        "stat",
        language.say("数据可信度", "Trust in the data"),
        place,
        [
            Query(
                "select avg(online::integer)::double precision as online"
                f" from grafana.sensors_online where {where}"
            ),
            Query(
                f"""
                select sum(least(stored, expected)) / nullif(sum(expected), 0) as complete
                from grafana.data_completeness where {where}
                """,
                ref_id="B",
            ),
        ],
        tiles(),
        overrides=[
            column("online", language.say("在线率", "online"), SHARE),
            column("complete", language.say("完整率", "complete"), SHARE),
        ],
    )


def ingest(language: Language, place: Place) -> Panel:
    """What comes in, and what of it is not new or not in time."""
    return panel(
        "timeseries",
        language.say("接入速率", "Readings taken in"),
        place,
        Query(
            """
            select $__timeGroupAlias(time, $__interval),
                sum(readings) * 1000.0 / $__interval_ms as readings,
                sum(duplicates) * 1000.0 / $__interval_ms as duplicates,
                sum(late) * 1000.0 / $__interval_ms as late
            from grafana.ingested where $__timeFilter(time) group by 1 order by 1
            """,
            Format.SERIES,
        ),
        timeseries.Options(legend=legend(), tooltip=together()),
        fields=FieldConfig(unit="cps", min_val=0, custom=common.GraphFieldConfig()),
        overrides=[
            column("readings", language.say("读数", "readings")),
            column("duplicates", language.say("重复", "duplicates")),
            column("late", language.say("迟到", "late")),
        ],
    )


def quality(language: Language, place: Place) -> Panel:
    """``trust`` system by system, with the messages that are known to be lost."""
    domain = language.column("name")
    return panel(
        "table",
        language.say("各系统数据质量", "Data quality by system"),
        place,
        Query(f"""
            select d.{domain} as domain, o.sensors, o.online, c.complete, c.missing
            from grafana.domains d
            join (
                select domain, count(*) as sensors, avg(online::integer)::double precision as online
                from grafana.sensors_online group by domain
            ) o using (domain)
            join (
                select domain, sum(least(stored, expected)) / nullif(sum(expected), 0) as complete,
                    sum(missing_messages)::bigint as missing
                from grafana.data_completeness group by domain
            ) c using (domain)
        """),
        table.Options(),
        fields=cells(),
        overrides=[
            column("domain", language.say("系统", "system")),
            column("sensors", language.say("测点数", "sensors")),
            column("online", language.say("在线率", "online"), SHARE | _COLOURED),
            column("complete", language.say("完整率", "complete"), SHARE | _COLOURED),
            column("missing", language.say("丢失报文", "lost messages")),
        ],
    )


def readings(language: Language, place: Place, *, repeat: str | None = None) -> Panel:
    """The mean of each interval in the band of its extremes, and every reading that is not to be trusted.

    repeat: a variable; the panel comes once for each of its values, two in a row.
    """
    made = panel(
        "timeseries",
        language.say("测点读数：${sensor:text}", "Readings: ${sensor:text}"),
        place,
        [
            Query(
                """
                select time, mean, low, high
                from grafana.readings_zoomed(
                    nullif(${sensor:sqlstring}, '')::integer, $__timeFrom(), $__timeTo(), '$__interval')
                order by time
                """,
                Format.SERIES,
            ),
            Query(
                """
                select time, value as doubtful from grafana.readings_labelled
                where sensor_id = nullif(${sensor:sqlstring}, '')::integer and $__timeFilter(time)
                    and flag > 2
                order by time limit 5000
                """,
                Format.SERIES,
                ref_id="B",
            ),
        ],
        timeseries.Options(legend=legend(), tooltip=together()),
        fields=FieldConfig(custom=common.GraphFieldConfig(show_points=common.VisibilityMode.NEVER)),
        overrides=_band(language),
    )
    if repeat:
        made.repeat, made.max_per_row = repeat, 2
    return made


def _band(language: Language) -> list[Override]:
    low = language.say("最低", "lowest")
    faint = {"color": fixed("light-blue"), "custom.lineWidth": 0}
    points = {"custom.drawStyle": "points", "custom.showPoints": "always", "custom.pointSize": 6}
    return [
        column("mean", language.say("均值", "mean"), {"color": fixed("blue")}),
        column("low", low, faint),
        column(
            "high",
            language.say("最高", "highest"),
            faint | {"custom.fillBelowTo": low, "custom.fillOpacity": 20},
        ),
        column(
            "doubtful", language.say("存疑读数", "doubtful readings"), points | {"color": fixed("purple")}
        ),
    ]
