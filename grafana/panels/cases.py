"""The life of cases, and the risk of one asset, over time."""

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import FieldConfig, Panel, ValueMap, ValueMappingResult

from grafana.language import Language
from grafana.panels.base import CALM, HIDDEN, Place, column, levels
from grafana.panels.risk import LEVEL_CELL, level_column, to_console
from grafana.panels.watch import LINES, standing, states

STATES: Mapping[str, tuple[str, str, str]] = {
    "unacknowledged": ("未确认", "unacknowledged", "purple"),
    "acknowledged": ("已确认", "acknowledged", "green"),
    "returned": ("已恢复未确认", "returned", "light-purple"),
    "latched": ("待复位", "latched", "light-purple"),
    "shelved": ("已搁置", "shelved", "#8e8e8e"),
    "suppressed": ("已抑制", "suppressed", "#8e8e8e"),
    "out_of_service": ("检修中", "out of service", "#8e8e8e"),
    "normal": ("已恢复处置中", "normal, in hand", "light-green"),
    "closed": ("已关闭", "closed", CALM),
}
"""What a case's states are called and how they look; one that is not here is shown as another."""


def life(language: Language, place: Place, where: str) -> Panel:
    """The state of each case that changed in the time shown, as a bar."""
    asset, hazard = language.column("asset_name"), language.column("hazard_name")
    numbers = " ".join(f"when '{state}' then {number}" for number, state in enumerate(STATES, 1))
    shown = {
        str(number): ValueMappingResult(text=language.say(zh, en), color=colour, index=number)
        for number, (zh, en, colour) in enumerate(STATES.values(), 1)
    }
    shown["0"] = ValueMappingResult(text=language.say("其他", "another"), color=CALM, index=0)
    return states(
        language.say("预警状态时间线", "States of alerts over time"),
        place,
        f"""
        with newest as (
            select alert_id from grafana.alert_history where $__timeFilter(time) and {where}
            group by alert_id order by max(time) desc limit {LINES}
        )
        select time,
            asset_id || ' ' || {asset} || ' ' || {hazard} || ' ' || left(alert_id::text, 4) as metric,
            case state {numbers} else 0 end as value
        from grafana.alert_history where alert_id in (select alert_id from newest)
        order by time, number
        """,
        FieldConfig(mappings=[ValueMap(shown)]),
    )


def steps(language: Language, place: Place, where: str) -> Panel:
    """All that happened: who did what, when, and why."""
    asset, hazard, state = (language.column(each) for each in ("asset_name", "hazard_name", "state_name"))
    return standing(
        language.say("处置记录", "What happened"),
        place,
        f"""
        select time, {asset} as asset, {hazard} as hazard, level, kind, {state} as state, who, why,
            alert_id::text
        from grafana.alert_history where $__timeFilter(time) and {where}
        order by time desc, number desc limit 200
        """,
        [
            column("time", language.say("时间", "time"), {"custom.width": 150}),
            column("asset", language.say("设施", "asset")),
            column("hazard", language.say("危险", "hazard")),
            level_column(language, LEVEL_CELL),
            column("kind", language.say("事件", "event")),
            column("state", language.say("状态（处置）", "state (act)"), to_console(language)),
            column("who", language.say("人员", "who")),
            column("why", language.say("原因", "why")),
            column("alert_id", language.say("预警编号", "alert_id"), HIDDEN),
        ],
    )


def risk_over_time(language: Language, place: Place) -> Panel:
    """The live level of each hazard of the asset, as a bar in its colour."""
    hazard = language.column("hazard_name")
    return states(
        language.say("风险等级变化", "Risk over time"),
        place,
        f"""
        select time, {hazard} as metric, coalesce(level, 5) as value from grafana.risk_history
        where asset_id = ${{asset:sqlstring}} and time <= $__timeTo() order by time
        """,
        _levelled(language),
    )


def _levelled(language: Language) -> FieldConfig:
    calm = ValueMap({"5": ValueMappingResult(text=language.say("无", "none"), color=CALM, index=9)})
    return FieldConfig(mappings=[*levels(language), calm])
