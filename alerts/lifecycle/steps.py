"""Takes a case along an edge, with what that changes in it. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alerts.lifecycle.case import Case, Step, event
from alerts.lifecycle.table import Edge
from alerts.lifecycle.words import ENDED, UNSEEN, Kind, Stage, State
from rules.levels import RiskLevel


def along(  # noqa: PLR0913, what an event tells
    edge: Edge,
    case: Case,
    at: datetime,
    *,
    before: Case | None,
    who: str,
    why: str | None = None,
    heard_at: datetime | None = None,
    risk_change_id: int | None = None,
    data: Mapping[str, object] | None = None,
) -> Step:
    """The step along ``edge``; ``case`` has its new level already.

    why: None = the edge's own words. heard_at: from when people's time counts; None = ``at``.
    """
    after = arrived(edge, case, before, heard_at or at)
    after = replace(after, changed_at=at, events=case.events + 1)
    happened = event(
        after, edge.kind, who, edge.why if why is None else why, risk_change_id=risk_change_id, data=data
    )
    return Step(before, happened, after)


def arrived(edge: Edge, case: Case, before: Case | None, now: datetime) -> Case:
    """The case at the end of an edge: its state, and what begins or ends with being there."""
    state = edge.to
    case = replace(case, state=state)
    if state is State.UNACKNOWLEDGED and case.level not in (None, RiskLevel.LOW):
        case = replace(case, sounded=True)
    if state is not State.SHELVED:
        case = replace(case, shelved_until=None, shelved_once=False, shelved_level=None)
    if state is not State.SUPPRESSED:
        case = replace(case, covered_by=None)
    if state is not State.OUT_OF_SERVICE:
        case = replace(case, window_id=None)
    if state is State.UNACKNOWLEDGED and _sounds(edge.kind, before):
        case = replace(case, sounding_at=now, acknowledged_at=None)
        case = waiting(case, now)
    if state is State.UNACKNOWLEDGED and before is not None and before.state is State.NORMAL:
        case = replace(case, stage=Stage.NONE) if case.stage in ENDED else case
    if edge.kind in (Kind.ACKNOWLEDGED, Kind.OPENED):
        case = waiting(replace(case, acknowledged_at=now), now)
    if state is State.CLOSED and case.level is not None:
        raise AssertionError(f"{case.alert_id} would close while it is live")
    return case


def waiting(case: Case, now: datetime) -> Case:
    """The case, which begins to wait for something now."""
    return replace(case, waits_at=now, escalations=0)


def _sounds(kind: Kind, before: Case | None) -> bool:
    """Whether it is news to people, not a fall nor more of what waits to be seen anyway."""
    return kind not in (Kind.FALLEN, Kind.FOUND) or before is None or before.state not in UNSEEN
