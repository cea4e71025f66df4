"""Where a case stood at a moment, and what it waited for until then. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from alerts.duty.facts import Case, Happening
from alerts.duty.period import Period
from alerts.lifecycle import Awaited, Cause, Kind, Stage, State, awaits
from rules.levels import RiskLevel


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stood. worst: the worst level until then; sounded: it was ever worse than low aloud.

    dismissed_at, cause: when it was found to be a false alarm, and why; None where it was not, or where its
    handling began anew.
    """

    state: State
    stage: Stage
    worst: RiskLevel
    sounded: bool
    dismissed_at: datetime | None = None
    cause: Cause | None = None


class Outcome(StrEnum):
    """What became of a wait for people, seen from the end of a period. Each wait has exactly one."""

    IN_TIME = "in time"
    """What was awaited was done before its deadline."""
    LATE = "late"
    """Its deadline had passed when it was done, or when nothing was left to do."""
    OVERDUE = "overdue"
    """Its deadline has passed, and it still waits."""
    WAITING = "waiting"
    """It still waits, and has time left."""
    LAPSED = "no longer needed"
    """Before its deadline nothing was left to do: it was over, dismissed, shelved or sounded anew."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A case waited for people to do something. until: None = it still does; done: they did it."""

    awaited: Awaited
    since: datetime
    late: bool = False
    until: datetime | None = None
    done: bool = False

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        if self.until is None:
            return Outcome.OVERDUE if self.late else Outcome.WAITING
        if self.late:
            return Outcome.LATE
        return Outcome.IN_TIME if self.done else Outcome.LAPSED


_DOES = {
    Awaited.ACKNOWLEDGEMENT: {Kind.ACKNOWLEDGED},
    Awaited.DISPATCH: {Kind.DISPATCHED},
    Awaited.RECEIPT: {Kind.RECEIVED, Kind.ARRIVED},
    Awaited.ARRIVAL: {Kind.ARRIVED},
    Awaited.VERIFICATION: {Kind.VERIFIED, Kind.DISMISSED},
    Awaited.RESOLUTION: {Kind.RESOLVED},
    Awaited.CLOSING: {Kind.CLOSED},
}
"""What ends a wait as it was meant to; a receipt may be left out, and who looks may find nothing."""


def standing(case: Case, end: datetime) -> Standing | None:
    """Where a case stood just before ``end``; None if it had not begun."""
    return next((each for each, _ in reversed(list(_course(case, end)))), None)


def waits(case: Case, period: Period) -> list[Wait]:
    """The waits of a case that reach into a period, as they stood at its end.

    What sounds anew while it waits to be acknowledged, or is dispatched once more, goes on waiting.
    """
    found: list[Wait] = []
    now: Wait | None = None
    for stands, happening in _course(case, period.until):
        awaited = awaits(stands.state, stands.stage, sounded=stands.sounded)
        if now is not None and happening.kind is Kind.ESCALATED:
            now = replace(now, late=True)
        if now is not None and awaited is not now.awaited:
            found.append(replace(now, until=happening.at, done=happening.kind in _DOES[now.awaited]))
            now = None
        if now is None and awaited is not None:
            now = Wait(awaited, happening.at)
    reaching = [each for each in found if each.until is not None and each.until >= period.since]
    return reaching if now is None else [*reaching, now]


def _course(case: Case, end: datetime) -> Iterator[tuple[Standing, Happening]]:
    """Where the case stood after each thing that happened before ``end``."""
    worst, sounded = RiskLevel.LOW, False
    dismissed: tuple[datetime, Cause | None] | None = None
    for each in case.happenings:
        if each.at >= end:
            return
        worst = RiskLevel(min(worst, each.level or worst))
        sounded = sounded or _sounds(each)
        if each.kind is Kind.DISMISSED:
            dismissed = each.at, each.cause
        dismissed_at, cause = (dismissed or (None, None)) if each.stage is Stage.FALSE_ALARM else (None, None)
        yield Standing(each.state, each.stage, worst, sounded, dismissed_at, cause), each


def _sounds(happening: Happening) -> bool:
    """Whether it is, or would have to be, annunciated; what is found in late data never is."""
    aloud = happening.state is State.UNACKNOWLEDGED or happening.kind is Kind.OPENED
    return aloud and happening.kind is not Kind.FOUND and happening.level not in (None, RiskLevel.LOW)
