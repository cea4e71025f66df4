"""What time alone does to a case: deadlines pass, shelves end, alarms sound again. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.lifecycle.case import RULES, Case, Step, event
from alerts.lifecycle.policy import Policy
from alerts.lifecycle.steps import along
from alerts.lifecycle.table import edge
from alerts.lifecycle.words import UNSEEN, Awaited, Kind, Stage, State
from rules.duration import Duration

_BY_STAGE = {
    Stage.DISPATCHED: Awaited.RECEIPT,
    Stage.RECEIVED: Awaited.ARRIVAL,
    Stage.ON_SITE: Awaited.VERIFICATION,
    Stage.VERIFIED: Awaited.RESOLUTION,
    Stage.FALSE_ALARM: Awaited.CLOSING,
    Stage.RESOLVED: Awaited.CLOSING,
}


def awaited(case: Case) -> Awaited | None:
    """What a case waits for people to do; None for what was never sounded, is off, or is done."""
    return awaits(case.state, case.stage, sounded=case.sounded)


def awaits(state: State, stage: Stage, *, sounded: bool) -> Awaited | None:
    """The same of a case that stands so."""
    if not sounded or state is State.CLOSED:
        return None
    if state in UNSEEN:
        return Awaited.ACKNOWLEDGEMENT
    if stage is Stage.NONE:
        return Awaited.DISPATCH if state is State.ACKNOWLEDGED else None
    return _BY_STAGE[stage]


def due_at(case: Case, policy: Policy) -> datetime | None:
    """When time next does something to a case."""
    return min((at for at, _ in _timers(case, policy)), default=None)


def on_time(case: Case, policy: Policy, now: datetime) -> list[Step]:
    """All that time has done to a case until now, in order."""
    steps: list[Step] = []
    while (timers := sorted(_timers(case, policy))) and timers[0][0] <= now:
        at, kind = timers[0]
        steps.append(_elapsed(case, kind, at, now))
        case = steps[-1].case
    return steps


def _timers(case: Case, policy: Policy) -> Iterator[tuple[datetime, Kind]]:
    handling = policy.handling(case.level or case.worst_level)
    if case.state is State.SHELVED and case.shelved_until is not None:
        yield case.shelved_until, Kind.UNSHELVED
    waits_for = awaited(case)
    if waits_for is None:
        return
    within = handling.deadline(waits_for)
    if within is not None and case.escalations < policy.escalations:
        yield case.waits_at + _length(within) * (case.escalations + 1), Kind.ESCALATED
    quiet = waits_for is Awaited.DISPATCH and case.acknowledged_at is not None
    if quiet and case.acknowledged_at is not None and handling.realarm is not None:
        yield case.acknowledged_at + _length(handling.realarm), Kind.REALARMED


def _elapsed(case: Case, kind: Kind, at: datetime, now: datetime) -> Step:
    if kind is Kind.ESCALATED:
        return _escalated(case, at)
    taken = edge(case.state, kind, case)
    assert taken is not None
    return along(taken, case, at, before=case, who=RULES, heard_at=now)


def _escalated(case: Case, at: datetime) -> Step:
    after = replace(case, changed_at=at, escalations=case.escalations + 1, events=case.events + 1)
    waits_for = awaited(case)
    assert waits_for is not None
    data = {"awaits": waits_for.value, "number": after.escalations, "since": case.waits_at.isoformat()}
    return Step(case, event(after, Kind.ESCALATED, RULES, f"no {waits_for} in time", data=data), after)


def _length(duration: Duration) -> timedelta:
    return timedelta(microseconds=int(duration))
