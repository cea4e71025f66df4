"""The life of a case as one table: what may happen in which state, and what it leads to. Pure.

The states are those of ISA-18.2 / IEC 62682; docs/alerts.md draws them with the letters used here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from rules.levels import RiskLevel

RULES = "rules"
"""Who did it, where no person did."""

_NAMESPACE = UUID("9f0b3c5e-54a6-4d0e-8a57-0c6f2f3f2d11")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """Where a case stands; no case at all is the standard's normal state."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    """Its evidence is gone, and nobody has acknowledged it yet."""
    CLOSED = "closed"


class Kind(StrEnum):
    """What can happen to a case."""

    RAISED = "raised"
    RISEN = "risen"
    FALLEN = "fallen"
    CLEARED = "cleared"
    FADED = "faded"
    """Cleared, and never sounded: nobody has to acknowledge what nobody was told."""
    ACKNOWLEDGED = "acknowledged"
    FOUND = "found"
    """Found in late data: it was so, and nobody knew. It is never sounded."""


class Refusal(StrEnum):
    """Why something changed nothing."""

    UNCHANGED = "the level is what it was"
    NOTHING_LIVE = "no evidence was live"
    ALREADY_ACKNOWLEDGED = "it has been acknowledged already"
    ALREADY_CLOSED = "it is closed"
    NOT_WORSE = "it was acknowledged knowing of something as bad"


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge of the machine: its letter in docs/alerts.md, where it leads, and why in words."""

    letter: str
    to: State
    why: str


EDGES: Mapping[tuple[State | None, Kind], Edge] = {
    (None, Kind.RAISED): Edge("a", State.UNACKNOWLEDGED, "evidence appeared"),
    (State.UNACKNOWLEDGED, Kind.RISEN): Edge("b", State.UNACKNOWLEDGED, "the level rose"),
    (State.UNACKNOWLEDGED, Kind.FALLEN): Edge("c", State.UNACKNOWLEDGED, "the level fell"),
    (State.UNACKNOWLEDGED, Kind.ACKNOWLEDGED): Edge("d", State.ACKNOWLEDGED, "acknowledged"),
    (State.ACKNOWLEDGED, Kind.FALLEN): Edge("e", State.ACKNOWLEDGED, "the level fell"),
    (State.ACKNOWLEDGED, Kind.RISEN): Edge(
        "f", State.UNACKNOWLEDGED, "the level rose after it was acknowledged"
    ),
    (State.ACKNOWLEDGED, Kind.CLEARED): Edge("g", State.CLOSED, "no live evidence left"),
    (State.UNACKNOWLEDGED, Kind.CLEARED): Edge("h", State.RETURNED, "no live evidence left"),
    (State.UNACKNOWLEDGED, Kind.FADED): Edge(
        "i", State.CLOSED, "no live evidence left, and it was never sounded"
    ),
    (State.RETURNED, Kind.RAISED): Edge("j", State.UNACKNOWLEDGED, "evidence appeared again"),
    (State.RETURNED, Kind.ACKNOWLEDGED): Edge("k", State.CLOSED, "acknowledged"),
    (State.CLOSED, Kind.RAISED): Edge(
        "l", State.UNACKNOWLEDGED, "evidence appeared again at the same moment"
    ),
    (None, Kind.FOUND): Edge("m", State.RETURNED, "found in late data, after it was over"),
    (State.UNACKNOWLEDGED, Kind.FOUND): Edge("n", State.UNACKNOWLEDGED, "found in late data"),
    (State.ACKNOWLEDGED, Kind.FOUND): Edge(
        "o", State.UNACKNOWLEDGED, "found in late data: it was worse than was known when it was acknowledged"
    ),
    (State.RETURNED, Kind.FOUND): Edge("p", State.RETURNED, "found in late data"),
    (State.CLOSED, Kind.FOUND): Edge("q", State.RETURNED, "found in late data, of the same moment"),
    (None, Kind.FADED): Edge("r", State.CLOSED, "found in late data, and never worse than low"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """预警: the case of one (asset, hazard); times are event times.

    level: None once no evidence is live. worst_level: the worst it ever had, which no fall hides.
    sounded: it was worse than low while it was live. events: how many there are, the number of the newest.
    """

    alert_id: UUID
    asset_id: str
    hazard: str
    state: State
    level: RiskLevel | None
    worst_level: RiskLevel
    likelihood: int
    consequence: int
    opened_at: datetime
    changed_at: datetime
    sounded: bool
    events: int


@dataclass(frozen=True, slots=True)
class Change:
    """One row of risk_changes: the level of an (asset, hazard) from ``time`` on, and what made it.

    retrospective: it was found when history was run again, and is over.
    """

    risk_change_id: int
    asset_id: str
    hazard: str
    time: datetime
    level: RiskLevel | None
    likelihood: int
    consequence: int
    data: Mapping[str, object]
    retrospective: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a case: who, when (event time), why, and where it led."""

    event_id: UUID
    alert_id: UUID
    number: int
    kind: Kind
    who: str
    event_time: datetime
    why: str
    level: RiskLevel | None
    state: State
    risk_change_id: int | None
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Step:
    """What a case was, what happened, what it is now."""

    before: Case | None
    event: Event
    case: Case


def alert_id(asset_id: str, hazard: str, opened_at: datetime) -> UUID:
    """The id of the case that opened then; a replay of the same feed makes the same ids."""
    since_1970 = (opened_at - _EPOCH) // timedelta(microseconds=1)
    return uuid5(_NAMESPACE, f"{asset_id}\n{hazard}\n{since_1970}")


def follow(cases: Iterable[Case], changes: Iterable[Change]) -> list[Step | Refusal]:
    """What each of the changes, in their order, does to the cases as they stand before the first."""
    standing = {(case.asset_id, case.hazard): case for case in cases}
    results: list[Step | Refusal] = []
    for change in changes:
        key = change.asset_id, change.hazard
        result = on_change(_its_case(standing.get(key), change), change)
        if isinstance(result, Step):
            standing[key] = result.case
        results.append(result)
    return results


def on_change(case: Case | None, change: Change) -> Step | Refusal:
    """Take a change of risk into the case it belongs to, or open one."""
    if change.retrospective:
        return _on_finding(case, change)
    kind = _kind(case, change.level)
    if isinstance(kind, Refusal):
        return kind
    edge = EDGES[case.state if case else None, kind]
    after = _changed(case or _new(change), change, edge)
    return Step(case, _event(after, kind, RULES, edge.why, change), after)


def on_acknowledgement(case: Case, who: str, why: str, time: datetime) -> Step | Refusal:
    """Somebody has seen it and says why it is in hand."""
    edge = EDGES.get((case.state, Kind.ACKNOWLEDGED))
    if edge is None:
        return Refusal.ALREADY_CLOSED if case.state is State.CLOSED else Refusal.ALREADY_ACKNOWLEDGED
    after = replace(case, state=edge.to, changed_at=time, events=case.events + 1)
    return Step(case, _event(after, Kind.ACKNOWLEDGED, who, why), after)


def _on_finding(case: Case | None, change: Change) -> Step | Refusal:
    """Take what was found in late data: it is over, so what is live of the case stays as it is."""
    assert change.level is not None
    if case is not None and case.state is State.ACKNOWLEDGED and change.level >= case.worst_level:
        return Refusal.NOT_WORSE
    low = change.level is RiskLevel.LOW
    if low and case is not None and case.state is State.CLOSED:
        return Refusal.ALREADY_CLOSED
    kind = Kind.FADED if low and case is None else Kind.FOUND
    edge = EDGES[case.state if case else None, kind]
    before = case or _new(change)
    after = replace(
        before, state=edge.to, worst_level=min(before.worst_level, change.level), events=before.events + 1
    )
    event = _event(after, kind, RULES, edge.why, change)
    return Step(case, replace(event, event_time=change.time, level=change.level), after)


def _its_case(case: Case | None, change: Change) -> Case | None:
    # A closed case stays closed, except at the very moment at which it opened, whose id is taken.
    over = case is not None and case.state is State.CLOSED and case.opened_at != change.time
    return None if over else case


def _kind(case: Case | None, level: RiskLevel | None) -> Kind | Refusal:
    if level is None:
        if case is None or case.level is None:
            return Refusal.NOTHING_LIVE
        silent = case.state is State.UNACKNOWLEDGED and case.worst_level is RiskLevel.LOW
        return Kind.FADED if silent else Kind.CLEARED
    if case is None or case.level is None:
        return Kind.RAISED
    if level == case.level:
        return Refusal.UNCHANGED
    return Kind.RISEN if level < case.level else Kind.FALLEN


def _new(change: Change) -> Case:
    return Case(
        alert_id=alert_id(change.asset_id, change.hazard, change.time),
        asset_id=change.asset_id,
        hazard=change.hazard,
        state=State.CLOSED,
        level=None,
        worst_level=RiskLevel.LOW,
        likelihood=change.likelihood,
        consequence=change.consequence,
        opened_at=change.time,
        changed_at=change.time,
        sounded=False,
        events=0,
    )


def _changed(case: Case, change: Change, edge: Edge) -> Case:
    return replace(
        case,
        state=edge.to,
        level=change.level,
        worst_level=min(case.worst_level, change.level or case.worst_level),
        likelihood=change.likelihood,
        consequence=change.consequence,
        changed_at=change.time,
        sounded=case.sounded or change.level not in (None, RiskLevel.LOW),
        events=case.events + 1,
    )


def _event(case: Case, kind: Kind, who: str, why: str, change: Change | None = None) -> Event:
    graded = {
        "likelihood": change.likelihood if change else case.likelihood,
        "consequence": change.consequence if change else case.consequence,
        "worst_level": case.worst_level.value,
    }
    return Event(
        event_id=uuid5(case.alert_id, str(case.events)),
        alert_id=case.alert_id,
        number=case.events,
        kind=kind,
        who=who,
        event_time=case.changed_at,
        why=why,
        level=case.level,
        state=case.state,
        risk_change_id=change.risk_change_id if change else None,
        data={**(change.data if change else {}), **graded},
    )
