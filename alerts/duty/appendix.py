"""What a duty report says of the alarm system, data, leakage, messages, and what it leaves out. Pure."""

from alerts.duty.counted import Report
from alerts.duty.document import Cell, Mark, Section, Table
from alerts.duty.leakage import GOAL, Leak
from alerts.duty.sections import none
from alerts.duty.summed import number, share
from alerts.duty.words import ALARM_FIGURES, SENDING, TARGETS, UNITS, Words
from alerts.kpi import Figure
from alerts.outcome import State

USUAL = 0.95
"""Share that online rate and completeness are usually asked to reach; unsourced (docs/report.md)."""


def alarms(report: Report, words: Words) -> Section:
    """The figures of ISA-18.2, as `lifeline alerts kpi` has them."""
    found, say = report.facts.alarms, words.say
    rows = [
        (
            words.of(ALARM_FIGURES, each.name),
            number(each.value),
            words.of(UNITS, each.unit),
            words.of(TARGETS, each.target) if each.target else "",
            _met(each, words),
        )
        for each in found.figures
    ]
    head = (say("指标", "figure"), say("数值", "value"), say("单位", "unit"), say("目标", "target"), "")
    few = () if found.sound else (say("不足 30 天，仅供参考。", "Fewer than 30 days: too few to judge by."),)
    return Section(
        say(
            f"报警系统指标（ISA-18.2，{found.positions} 个席位）",
            f"Alarm system (ISA-18.2, {found.positions} desks)",
        ),
        tables=(Table(head, rows, words=frozenset({0, 2, 3, 4})),),
        notes=few,
    )


def data(report: Report, words: Words) -> Section:
    """How complete the data are, and how long devices were online, by domain."""
    say = words.say
    by_domain = {each.domain: each for each in report.facts.qualities}
    found = [by_domain[domain] for domain in words.domains(by_domain) if domain is not None]
    rows = [
        (
            words.domain(each.domain),
            str(each.devices),
            str(each.sensors),
            _reached(each.stored / each.expected if each.expected else None),
            _reached(each.online_s / each.watched_s if each.watched_s else None),
        )
        for each in found
    ]
    head = (
        say("系统", "system"), say("设备", "devices"), say("测点", "sensors"),
        say("数据完整率", "data complete"), say("设备在线率", "devices online"),
    )  # fmt: skip
    notes = [
        say(
            "完整率：入库读数与设备类型承诺之比，每台设备至多 100%。"
            f"在线率：有数据的每小时（或三个上报周期）计为在线。"
            f"低于 {USUAL:.0%} 标红（招标常见要求，非标准规定）。",
            "Complete: readings stored against what the device types promise, each device at most 100 %. "
            "Online: an hour with data counts, or three uploads. "
            f"Red below {USUAL:.0%}, as tenders usually ask; no standard says so.",
        )
    ]
    if report.facts.blind:
        notes.append(
            say(
                "波形已过保存期，振动等波形测点未计入。",
                "Waveforms were dropped for their age: their sensors are left out.",
            )
        )
    return Section(
        say("数据质量", "Data"), none(words, rows), tables=(Table(head, rows),) if rows else (),
        notes=tuple(notes),
    )  # fmt: skip


def leakage(report: Report, words: Words) -> Section:
    """What leaked in each water zone, against the goal."""
    say = words.say
    rows = [_leak(each, words) for each in report.leaks]
    if len(rows) > 1:
        inflow, lost = sum(each.inflow for each in report.leaks), sum(each.lost for each in report.leaks)
        all_in_all = _leaks(lost / inflow if inflow else None)
        rows.append((say("合计", "total"), "", number(inflow), number(lost), all_in_all, ""))
    head = (
        say("供水分区", "zone"), say("夜数", "nights"), say("日均供水量（m³）", "inflow, m³/day"),
        say("估计漏失量（m³/日）", "lost, m³/day"), say("估计漏损率", "leakage, estimated"),
        say("超标夜数", "nights over"),
    )  # fmt: skip
    note = say(
        f"由 02–04 时夜间流量估计，目标不高于 {GOAL:.0%}；夜间压力较高，估计偏大。",
        f"Estimated from the flow at 02-04 o'clock, to be {GOAL:.0%} at most; pressure is higher "
        "at night, so it is rather too high.",
    )
    unknown = say("本期没有夜间流量数据。", "No flow at night is known of the period.")
    return Section(
        say("供水漏损", "Water leakage"),
        () if rows else (unknown,),
        tables=(Table(head, rows, total=len(rows) > 1),) if rows else (),
        notes=(note,),
    )


def deliveries(report: Report, words: Words) -> Section:
    """What became of the messages about what happened in the period, by receiver."""
    say = words.say
    receivers = sorted({receiver for _, receiver, _ in report.sent})
    rows = []
    for receiver in receivers:
        counts = {
            state: sum(n for (_, to, is_), n in report.sent.items() if (to, is_) == (receiver, state))
            for state in State
        }
        cells = (
            Mark(good=False, text=str(n)) if n and state is State.DEAD else str(n)
            for state, n in counts.items()
        )
        rows.append((receiver, str(sum(counts.values())), *cells))
    head = (say("接收方", "receiver"), say("推送", "sent"), *(words.of(SENDING, each) for each in State))
    note = say(
        "按本期发生的事项统计，状态为编制时。",
        "Of what happened in the period, as they stood when this was written.",
    )
    return Section(
        say("预警推送", "Messages"),
        none(words, rows),
        tables=(Table(head, rows),) if rows else (),
        notes=(note,),
    )


def limits(report: Report, words: Words) -> Section:
    """What the report does not tell."""
    say = words.say
    real = say(
        "演练在单独的数据库中进行，不在本报告内。",
        "Drills run in databases of their own, not in here.",
    )
    drilled = say(
        "本库仅供演练，其中没有真实预警。", "This database is a drill's: none of its alerts is real."
    )
    said = (
        drilled if report.facts.drill else real,
        say(
            "按事件时间统计；迟到数据补入后，已结束日期的数字可能变化。",
            "Counted by event time: evidence that comes late can change the figures of a day that is over.",
        ),
        say(
            "未包含：巡检与维修记录、视频、气象、热线来电内容、固有风险评估（见风险评估报告）。",
            "Not in here: inspection and repair records, video, weather, what callers said, inherent risk "
            "(which the risk assessment tells of).",
        ),
    )
    return Section(say("说明", "What this does not tell"), notes=said)


def _met(figure: Figure, words: Words) -> Cell:
    if figure.met is None:
        return ""
    return Mark(figure.met, words.say("达标", "met") if figure.met else words.say("未达标", "not met"))


def _reached(value: float | None) -> Cell:
    return share(value) if value is None else Mark(value >= USUAL, share(value))


def _leak(leak: Leak, words: Words) -> tuple[Cell, ...]:
    over = Mark(good=False, text=str(leak.over)) if leak.over else "0"
    return (
        words.asset(leak.zone),
        str(leak.nights),
        number(leak.inflow),
        number(leak.lost),
        _leaks(leak.share),
        over,
    )


def _leaks(value: float | None) -> Cell:
    return share(value) if value is None else Mark(value <= GOAL, share(value))
