"""The report as one tidy table: a row a figure, each count in one row only, so that sums are right. Pure.

A cell that is empty means all: medians do not add up, so they are told of the whole and of each utility.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

from alerts.duty.counted import Group, Report
from alerts.duty.facts import Names
from alerts.duty.summed import Where, every, middle, minutes, owned
from alerts.duty.words import ALARM_FIGURES, CAUSES, FIGURES, OUTCOMES, SENDING, STEPS, UNITS, Pair, Words
from alerts.lifecycle import Awaited

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell."""

Row = tuple[str, str, str, str, str, float | None, str]
"""Section, utility, domain, level, figure, value, unit."""


def render(report: Report, words: Words) -> bytes:
    """The table; in Chinese with a byte order mark, by which Excel knows that it is UTF-8."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(
        words.say(
            "部分 权属单位 系统 等级 指标 数值 单位", "section utility domain level figure value unit"
        ).split()
    )
    for each in _rows(report, words):
        writer.writerow([_cell(value) for value in each])
    return text.getvalue().encode("utf-8" if words.language == "en" else "utf-8-sig")


def _rows(report: Report, words: Words) -> Iterator[Row]:
    yield from _counts(report, words)
    yield from _times(report, words)
    yield from _alarms(report, words)
    yield from _data(report, words)
    yield from _water(report, words)


def _counts(report: Report, words: Words) -> Iterator[Row]:
    say, alerts = words.say, words.say("件", "alerts")
    of_alerts: tuple[tuple[str, Mapping[str, Pair], Iterable[tuple[tuple[Group, str], int]]], ...] = (
        (say("预警", "alerts"), FIGURES, report.tally.items()),
        (say("上期预警", "alerts before"), FIGURES, report.before.items()),
        (say("误报原因", "why false"), CAUSES, report.causes.items()),
    )
    for section, pairs, counts in of_alerts:
        for (group, key), count in counts:
            yield section, *_group(report, group, words), words.of(pairs, key), count, alerts
    for (group, step, outcome), count in report.steps.items():
        figure = f"{words.of(STEPS, step)}: {words.of(OUTCOMES, outcome)}"
        yield say("闭环处置", "closed loop"), *_group(report, group, words), figure, count, say("项", "steps")
    for (group, receiver, state), count in report.sent.items():
        figure, unit = f"{receiver}: {words.of(SENDING, state)}", say("条", "messages")
        yield say("预警推送", "messages"), *_group(report, group, words), figure, count, unit
    for each in report.top:
        figure, section = words.asset(each.asset), say("预警最多的设施", "top assets")
        yield section, *_group(report, each.group, words), figure, each.raised, alerts


def _times(report: Report, words: Words) -> Iterator[Row]:
    section, unit = words.say("处置用时", "times"), words.say("分钟", "min")
    ways: list[tuple[str, Where]] = [("", every)]
    ways += [(words.name(each), owned(each.id)) for each in report.utilities.values()]
    for utility, where in ways:
        for step in Awaited:
            if took := minutes(report, step, where):
                figure = f"{words.of(STEPS, step)}: {words.say('中位', 'median')}"
                yield section, utility, "", "", figure, middle(took), unit


def _alarms(report: Report, words: Words) -> Iterator[Row]:
    for each in report.facts.alarms.figures:
        name, unit = words.of(ALARM_FIGURES, each.name), words.of(UNITS, each.unit)
        yield words.say("报警系统", "alarm system"), "", "", "", name, each.value, unit


def _data(report: Report, words: Words) -> Iterator[Row]:
    section = words.say("数据质量", "data")
    for each in report.facts.qualities:
        domain = words.domain(each.domain)
        yield section, "", domain, "", words.say("设备", "devices"), each.devices, words.say("台", "devices")
        yield section, "", domain, "", words.say("测点", "sensors"), each.sensors, words.say("个", "sensors")
        complete = 100 * each.stored / each.expected if each.expected else None
        online = 100 * each.online_s / each.watched_s if each.watched_s else None
        yield section, "", domain, "", words.say("数据完整率", "data complete"), complete, "%"
        yield section, "", domain, "", words.say("设备在线率", "devices online"), online, "%"


def _water(report: Report, words: Words) -> Iterator[Row]:
    section = words.say("供水漏损", "leakage")
    for each in report.leaks:
        zone, share = words.asset(each.zone), None if each.share is None else 100 * each.share
        domain = words.domain("water")
        yield section, "", domain, "", f"{zone}: {words.say('日均供水量', 'inflow')}", each.inflow, "m3/d"
        yield section, "", domain, "", f"{zone}: {words.say('估计漏损率', 'leakage')}", share, "%"


def _group(report: Report, group: Group, words: Words) -> tuple[str, str, str]:
    utility: Names | None = report.utilities.get(group.utility) if group.utility else None
    return words.name(utility), words.domain(group.domain), words.level(group.level)


def _cell(value: float | str | None) -> object:
    if isinstance(value, float):
        return f"{value:.6g}"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
