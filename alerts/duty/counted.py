"""The figures of a duty report, counted from its facts. Pure.

Counted is by event time and as of the end of the period: what is known only of later changes nothing, so the
report of a day that is over stays as it is, but for evidence that comes in late.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts import outcome
from alerts.duty.facts import Case, Facts, Names
from alerts.duty.leakage import Leak, leaks
from alerts.duty.period import Period
from alerts.duty.standing import Outcome, Standing, standing, waits
from alerts.lifecycle import Awaited, Cause, State
from rules.levels import RiskLevel

TOP = 10
_MINUTE = timedelta(minutes=1)


class Figure(StrEnum):
    """What is counted of cases. carried + raised = closed + open, at each level and in each domain."""

    CARRIED = "open before"
    RISEN = "risen since"
    """Of those open before: it became this bad in the period."""
    RAISED = "raised"
    CLOSED = "closed"
    OPEN = "open at the end"
    FALSE = "false alarms"
    """Found to be one in the period, and still so at its end."""
    SILENT = "never sounded"
    """Of those raised: low, suppressed, under maintenance, or found in late data."""


@dataclass(frozen=True, slots=True)
class Group:
    """What cases are counted by. level: the worst that they have had."""

    utility: str | None
    domain: str | None
    level: RiskLevel


@dataclass(frozen=True, slots=True)
class Major:
    """A major case that was open in the period, and where it stood at its end."""

    case: Case
    standing: Standing


@dataclass(frozen=True, slots=True)
class Busy:
    """An asset with the alerts that were raised there; open: of all its alerts."""

    asset: Names
    group: Group
    raised: int
    open: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that is told. took_min: minutes from a wait's begin to what was awaited."""

    facts: Facts
    utilities: Mapping[str, Names]
    tally: Mapping[tuple[Group, Figure], int]
    before: Mapping[tuple[Group, Figure], int]
    causes: Mapping[tuple[Group, Cause], int]
    steps: Mapping[tuple[Group, Awaited, Outcome], int]
    took_min: Mapping[tuple[Group, Awaited], tuple[float, ...]]
    raised_at: tuple[tuple[datetime, RiskLevel], ...]
    majors: tuple[Major, ...]
    top: tuple[Busy, ...]
    sent: Mapping[tuple[Group, str, outcome.State], int]
    leaks: tuple[Leak, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    """A case with where it stood at the begin and at the end of a period."""

    case: Case
    begin: Standing | None
    end: Standing

    @property
    def group(self) -> Group:
        utility = self.case.utility
        return Group(utility.id if utility else None, self.case.domain, self.end.worst)

    def figures(self, period: Period) -> Iterable[Figure]:
        yield Figure.RAISED if self.begin is None else Figure.CARRIED
        if self.begin is not None and self.end.worst < self.begin.worst:
            yield Figure.RISEN
        yield Figure.CLOSED if self.end.state is State.CLOSED else Figure.OPEN
        if self.end.dismissed_at is not None and period.holds(self.end.dismissed_at):
            yield Figure.FALSE
        if self.begin is None and not self.end.sounded:
            yield Figure.SILENT


def counted(facts: Facts) -> Report:
    """The report of the facts."""
    mine = _of(facts.cases, facts.period)
    steps, took = _steps(mine, facts.period)
    raised = [each for each in mine if each.begin is None]
    return Report(
        facts=facts,
        utilities={each.utility.id: each.utility for each in facts.cases if each.utility is not None},
        tally=_tally(mine, facts.period),
        before=_tally(_of(facts.cases, facts.before), facts.before),
        causes=Counter(
            (each.group, each.end.cause)
            for each in mine
            if each.end.cause is not None and Figure.FALSE in each.figures(facts.period)
        ),
        steps=steps,
        took_min=took,
        raised_at=tuple((each.case.opened_at, each.end.worst) for each in raised),
        majors=majors(facts.cases, facts.period),
        top=_top(mine),
        sent=_sent(facts),
        leaks=leaks(facts.nights),
    )


def majors(cases: Iterable[Case], period: Period) -> tuple[Major, ...]:
    """The major cases that were open in a period: those that still are before the others, then the newest."""
    found = [Major(each.case, each.end) for each in _of(cases, period) if each.end.worst is RiskLevel.MAJOR]
    found.sort(key=lambda each: (each.case.opened_at, each.case.alert_id), reverse=True)
    return tuple(sorted(found, key=lambda each: each.standing.state is State.CLOSED))


def _of(cases: Iterable[Case], period: Period) -> list[_Counted]:
    """The cases that were open at any time of a period."""
    found = []
    for case in cases:
        begin, end = standing(case, period.since), standing(case, period.until)
        over = begin is not None and begin.state is State.CLOSED
        if end is not None and not over:
            found.append(_Counted(case, begin, end))
    return found


def _tally(cases: Iterable[_Counted], period: Period) -> Counter[tuple[Group, Figure]]:
    return Counter((each.group, figure) for each in cases for figure in each.figures(period))


def _steps(
    cases: Iterable[_Counted], period: Period
) -> tuple[Counter[tuple[Group, Awaited, Outcome]], dict[tuple[Group, Awaited], tuple[float, ...]]]:
    steps: Counter[tuple[Group, Awaited, Outcome]] = Counter()
    took: dict[tuple[Group, Awaited], list[float]] = {}
    for each in cases:
        group = each.group
        for wait in waits(each.case, period):
            steps[group, wait.awaited, wait.outcome] += 1
            if wait.done and wait.until is not None:
                minutes = (wait.until - wait.since) / _MINUTE
                took.setdefault((group, wait.awaited), []).append(minutes)
    return steps, {key: tuple(minutes) for key, minutes in took.items()}


def _top(cases: Iterable[_Counted]) -> tuple[Busy, ...]:
    by_asset: dict[Names, list[_Counted]] = {}
    for each in cases:
        by_asset.setdefault(each.case.asset, []).append(each)
    found = [_busy(asset, mine) for asset, mine in by_asset.items()]
    found.sort(key=lambda each: (-each.raised, each.group.level, each.asset.id))
    return tuple(each for each in found[:TOP] if each.raised)


def _busy(asset: Names, cases: list[_Counted]) -> Busy:
    worst = min(cases, key=lambda each: each.end.worst)
    return Busy(
        asset,
        worst.group,
        raised=sum(each.begin is None for each in cases),
        open=sum(each.end.state is not State.CLOSED for each in cases),
    )


def _sent(facts: Facts) -> Counter[tuple[Group, str, outcome.State]]:
    cases = {each.alert_id: each for each in facts.cases}
    sent: Counter[tuple[Group, str, outcome.State]] = Counter()
    for each in facts.sent:
        case = cases[each.alert_id]
        stood = standing(case, facts.period.until)
        assert stood is not None, "a message tells of something that has happened"
        sent[_Counted(case, None, stood).group, each.receiver, each.state] += each.messages
    return sent
