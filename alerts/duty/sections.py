"""What a duty report says of alerts, their handling, their owners and their places. Pure."""

from alerts.duty.counted import Figure, Report
from alerts.duty.document import Cell, Chip, Mark, Section, Table
from alerts.duty.standing import Outcome
from alerts.duty.summed import (
    Where,
    at,
    both,
    change,
    every,
    middle,
    minutes,
    number,
    outcomes,
    owned,
    punctual,
    share,
    summed,
    within,
)
from alerts.duty.words import CAUSES, FIGURES, OUTCOMES, STEPS, Words
from alerts.lifecycle import Awaited, Cause
from alerts.outcome import State
from rules.levels import RiskLevel


def alerts(report: Report, words: Words) -> Section:
    """Alerts by level and by system, and why they were false."""
    silent = summed(report.tally, Figure.SILENT)
    note = words.say(
        f"等级为截至期末的最高等级。新增中 {silent} 起未发声（低风险、被抑制、检修中或由补传数据发现）。",
        f"The level is the worst until the end of the period. {silent} of those raised never sounded: low, "
        "suppressed, under maintenance, or found in late data.",
    )
    tables = (_by_level(report, words), _by_domain(report, words), *_causes(report, words))
    return Section(words.say("预警", "Alerts"), tables=tables, notes=(note,))


def _by_level(report: Report, words: Words) -> Table:
    shown = (Figure.CARRIED, Figure.RISEN, Figure.RAISED, Figure.CLOSED, Figure.FALSE, Figure.OPEN)
    ways: list[tuple[Cell, Where]] = [(Chip(each, words.level(each)), at(each)) for each in RiskLevel]
    rows = []
    for name, where in (*ways, (words.say("合计", "total"), every)):
        now, before = (summed(each, Figure.RAISED, where) for each in (report.tally, report.before))
        figures = (str(summed(report.tally, figure, where)) for figure in shown)
        rows.append((name, *figures, str(before), change(now, before)))
    head = (
        words.say("等级", "level"),
        *(words.of(FIGURES, each) for each in shown),
        words.say("上期新增", "raised before"),
        words.say("较上期", "change"),
    )
    return Table(head, rows, total=True)


def _by_domain(report: Report, words: Words) -> Table:
    ways: list[tuple[str, Where]] = [
        (words.domain(each), within(each))
        for each in words.domains(group.domain for group, _ in report.tally)
    ]
    rows = []
    for name, where in (*ways, (words.say("合计", "total"), every)):
        cells = [name]
        for figure in (Figure.RAISED, Figure.OPEN):
            cells += [str(summed(report.tally, figure, both(where, at(level)))) for level in RiskLevel]
            cells.append(str(summed(report.tally, figure, where)))
        cells += [str(summed(report.tally, figure, where)) for figure in (Figure.CLOSED, Figure.FALSE)]
        rows.append(tuple(cells))
    levels = (*(words.level(each) for each in RiskLevel), words.say("合计", "total"))
    raised, opened = words.of(FIGURES, Figure.RAISED), words.of(FIGURES, Figure.OPEN)
    return Table(
        (words.say("系统", "system"), *levels, *levels, words.of(FIGURES, Figure.CLOSED),
         words.of(FIGURES, Figure.FALSE)),
        rows,
        above=(("", 1), (raised, 5), (opened, 5), ("", 2)),
        total=True,
    )  # fmt: skip


def _causes(report: Report, words: Words) -> tuple[Table, ...]:
    """Why alarms were false, by level; none where none was."""
    rows = []
    for cause in Cause:
        if total := summed(report.causes, cause):
            by_level = (str(summed(report.causes, cause, at(level))) for level in RiskLevel)
            rows.append((words.of(CAUSES, cause), *by_level, str(total)))
    levels = (words.level(each) for each in RiskLevel)
    head = (words.say("误报原因", "why false"), *levels, words.say("合计", "total"))
    return (Table(head, rows),) if rows else ()


def loop(report: Report, words: Words) -> Section:
    """How people handled them, step by step."""
    rows = []
    for step in Awaited:
        found = outcomes(report, [step])
        took = minutes(report, step)
        counts = (_overdue(found[each]) if each is Outcome.OVERDUE else str(found[each]) for each in Outcome)
        rows.append(
            (words.of(STEPS, step), *counts, share(punctual(found)), number(middle(took)),
             number(max(took, default=None)))
        )  # fmt: skip
    head = (
        words.say("环节", "step"),
        *(words.of(OUTCOMES, each) for each in Outcome),
        words.say("按时率", "share in time"),
        words.say("中位用时（分）", "median, min"),
        words.say("最长用时（分）", "longest, min"),
    )
    note = words.say(
        "本期内等待人员办理的每一环节计一次，时限见预警策略。"
        "按时率 = 按时完成 /（按时完成 + 逾期结束 + 逾期未办）。",
        "Each wait for people that reaches into the period counts once; the deadlines are the policy's. "
        "Share in time = in time / (in time + late + overdue).",
    )
    return Section(words.say("闭环处置", "Closed loop"), tables=(Table(head, rows),), notes=(note,))


def utilities(report: Report, words: Words) -> Section:
    """A row for each utility."""
    ids = sorted({group.utility for group, _ in report.tally}, key=lambda each: (each is None, each))
    head = (
        words.say("权属单位", "utility"),
        *(words.level(each) for each in RiskLevel),
        *(words.of(FIGURES, each) for each in (Figure.RAISED, Figure.CLOSED, Figure.FALSE, Figure.OPEN)),
        words.of(OUTCOMES, Outcome.OVERDUE),
        words.say("按时率", "share in time"),
        words.say("确认中位（分）", "acknowledged after, min"),
        words.say("死信", "dead letters"),
    )
    rows = [_utility(report, words, each) for each in ids]
    note = words.say("各等级列为新增数。", "The columns of levels count alerts raised.")
    return Section(
        words.say("权属单位", "Utilities"),
        none(words, rows),
        tables=(Table(head, rows),) if rows else (),
        notes=(note,) if rows else (),
    )


def _utility(report: Report, words: Words, utility: str | None) -> tuple[Cell, ...]:
    where = owned(utility)
    found = outcomes(report, Awaited, where)
    dead = sum(n for (group, _, state), n in report.sent.items() if state is State.DEAD and where(group))
    shown = (Figure.RAISED, Figure.CLOSED, Figure.FALSE, Figure.OPEN)
    return (
        words.name(report.utilities.get(utility) if utility else None),
        *(str(summed(report.tally, Figure.RAISED, both(where, at(level)))) for level in RiskLevel),
        *(str(summed(report.tally, figure, where)) for figure in shown),
        _overdue(found[Outcome.OVERDUE]),
        share(punctual(found)),
        number(middle(minutes(report, Awaited.ACKNOWLEDGEMENT, where))),
        _overdue(dead),
    )


def top(report: Report, words: Words) -> Section:
    """The assets with most alerts."""
    rows = [
        (
            words.asset(each.asset),
            words.domain(each.group.domain),
            words.name(report.utilities.get(each.group.utility) if each.group.utility else None),
            Chip(each.group.level, words.level(each.group.level)),
            str(each.raised),
            str(each.open),
        )
        for each in report.top
    ]
    head = (
        words.say("设施", "asset"), words.say("系统", "system"), words.say("权属单位", "utility"),
        words.say("最高等级", "worst level"), words.of(FIGURES, Figure.RAISED),
        words.of(FIGURES, Figure.OPEN),
    )  # fmt: skip
    return Section(
        words.say("预警最多的设施（前十）", "Assets with most alerts (ten)"),
        none(words, rows),
        tables=(Table(head, rows, words=frozenset({0, 1, 2, 3})),) if rows else (),
    )


def none(words: Words, rows: object) -> tuple[str, ...]:
    """What stands where there are no rows."""
    return () if rows else (words.say("无。", "None."),)


def _overdue(count: int) -> Cell:
    return Mark(good=False, text=str(count)) if count else "0"
