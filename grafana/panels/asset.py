"""Panels of the pages of one asset and of one sensor."""

from grafana_foundation_sdk.models import common, stat
from grafana_foundation_sdk.models.dashboard import FieldConfig, Panel, ValueMap, ValueMappingResult

from grafana.language import Language
from grafana.panels.base import CALM, HIDDEN, Mappings, Place, column, link, panel
from grafana.panels.risk import LEVEL_CELL, level_column
from grafana.panels.watch import standing, states
from grafana.query import Query


def who(language: Language, place: Place) -> Panel:
    """What the asset is, whose, and how it stands."""
    name, utility, hazard, why = (
        language.column(each) for each in ("name", "utility_name", "hazard_name", "inherent_why")
    )
    return standing(
        language.say("设施", "Asset"),
        place,
        f"""
        select asset_id, {name} as name, kind, district, {utility} as utility, level,
            {hazard} as hazard, since, {why} as why, assessed_on, review_on
        from grafana.current_assets where asset_id = ${{asset:sqlstring}}
        """,
        [
            column("asset_id", language.say("编号", "id")),
            column("name", language.say("名称", "name")),
            column("kind", language.say("类型", "kind")),
            column("district", language.say("区", "district")),
            column("utility", language.say("权属单位", "utility")),
            level_column(language, LEVEL_CELL),
            column("hazard", language.say("危险", "hazard")),
            column("since", language.say("自", "since")),
            column("why", language.say("固有风险依据", "why inherent")),
            column("assessed_on", language.say("评估日期", "assessed on")),
            column("review_on", language.say("复评日期", "review on")),
        ],
    )


def sensors(language: Language, place: Place) -> Panel:
    """Each sensor of the asset with what was heard of it last; its name leads to its page."""
    quantity = language.column("quantity_name")
    return standing(
        language.say("测点现状", "Sensors now"),
        place,
        f"""
        select {quantity} as quantity, sensor, last_value, unit, last_time, last_flag, online, sensor_id,
            asset_id, domain
        from grafana.sensors_online where asset_id = ${{asset:sqlstring}} order by 1, 2
        """,
        [
            column("quantity", language.say("监测量", "quantity")),
            column("sensor", language.say("测点", "sensor"), to_sensor(language)),
            column("last_value", language.say("最新值", "last value"), {"decimals": 3}),
            column("unit", language.say("单位", "unit")),
            column("last_time", language.say("时间", "at")),
            column("last_flag", language.say("质量", "flag"), {"mappings": flags(language)}),
            column("online", language.say("在线", "online")),
            column("sensor_id", language.say("测点编号", "sensor_id"), HIDDEN),
            column("asset_id", language.say("设施编号", "asset_id"), HIDDEN),
            column("domain", language.say("系统代码", "domain"), HIDDEN),
        ],
    )


def to_sensor(language: Language) -> dict[str, object]:
    """A row's sensor leads to its page; the row has ``domain``, ``asset_id`` and ``sensor_id``."""
    return link(
        language.say("测点看板", "Sensor's board"),
        f"/d/lifeline-sensor-{language}?var-domain=${{__data.fields.domain}}"
        "&var-asset=${__data.fields.asset_id}&var-sensor=${__data.fields.sensor_id}",
    )


def flags(language: Language) -> Mappings:
    """A column that holds flags shows their names."""
    names = {
        "1": ("正常", "good", CALM),
        "2": ("未知", "unknown", "light-blue"),
        "3": ("可疑", "suspect", "light-purple"),
        "4": ("错误", "fail", "purple"),
        "9": ("缺失", "missing", "dark-purple"),
    }
    return [
        ValueMap(
            {
                flag: ValueMappingResult(text=language.say(zh, en), color=colour, index=index)
                for index, (flag, (zh, en, colour)) in enumerate(names.items())
            }
        )
    ]


def facts(language: Language, place: Place) -> Panel:
    """The sensor in figures, of the time shown."""
    return panel(
        "stat",
        language.say("统计：${sensor:text}", "In figures: ${sensor:text}"),
        place,
        Query("""
            select sum(readings)::double precision as readings, min(low) as low, max(high) as high,
                sum(mean * readings) / nullif(sum(readings), 0)::double precision as mean,
                last(last, time) as last
            from grafana.readings_zoomed(
                nullif(${sensor:sqlstring}, '')::integer, $__timeFrom(), $__timeTo(), '1 hour')
        """),
        stat.Options(
            graph_mode=common.BigValueGraphMode.NONE,
            color_mode=common.BigValueColorMode.NONE,
            text_mode=common.BigValueTextMode.VALUE_AND_NAME,
            justify_mode=common.BigValueJustifyMode.CENTER,
            reduce_options=common.ReduceDataOptions(calcs=["lastNotNull"]),
        ),
        fields=FieldConfig(decimals=2),
        overrides=[
            column("readings", language.say("读数个数", "readings"), {"decimals": 0}),
            column("low", language.say("最低", "lowest")),
            column("high", language.say("最高", "highest")),
            column("mean", language.say("均值", "mean")),
            column("last", language.say("最新", "last")),
        ],
    )


def quality(language: Language, place: Place) -> Panel:
    """The worst flag of each interval."""
    return states(
        language.say("数据质量", "Quality of the data"),
        place,
        f"""
        select time, '{language.say("质量", "flag")}'::text as metric, worst as value
        from grafana.readings_zoomed(
            nullif(${{sensor:sqlstring}}, '')::integer, $__timeFrom(), $__timeTo(), '$__interval')
        order by time
        """,
        FieldConfig(mappings=flags(language)),
    )
