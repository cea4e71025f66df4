"""A case, what changes it, and the step that comes of that, as frozen types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from alerts.lifecycle.words import Kind, Stage, State
from rules.levels import RiskLevel

RULES = "rules"
"""Who did it, where no person did."""

_NAMESPACE = UUID("9f0b3c5e-54a6-4d0e-8a57-0c6f2f3f2d11")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """预警: the case of one (asset, hazard); times are event times.

    found_level: what the rules say now; given_level: what a person said; None = none. worst_level: the worst
    it ever had, which no fall hides. sounded: it was worse than low while it was annunciated. latching: it
    needs a reset once it was major. sounding_at: when it last began to sound. waits_at: when it began to wait
    for what it waits for now; escalations: deadlines that have passed since. shelved_until: when its shelf
    ends at the latest; shelved_once: or as soon as its evidence is gone; shelved_level: the worst that the
    shelf covers. covered_by: the case that explains it; window_id: the maintenance that it is in. events:
    how many there are, the number of the newest.
    """

    alert_id: UUID
    asset_id: str
    hazard: str
    state: State
    stage: Stage = Stage.NONE
    found_level: RiskLevel | None
    given_level: RiskLevel | None = None
    worst_level: RiskLevel
    likelihood: int
    consequence: int
    opened_at: datetime
    changed_at: datetime
    sounded: bool = False
    latching: bool = False
    sounding_at: datetime | None = None
    acknowledged_at: datetime | None = None
    waits_at: datetime
    escalations: int = 0
    shelved_until: datetime | None = None
    shelved_once: bool = False
    shelved_level: RiskLevel | None = None
    covered_by: UUID | None = None
    window_id: UUID | None = None
    dispatched_to: str | None = None
    events: int = 0

    @property
    def level(self) -> RiskLevel | None:
        """The worse of what the rules and a person say; None once neither says anything."""
        return min((each for each in (self.found_level, self.given_level) if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Covered:
    """Another case explains it."""

    by: UUID
    why: str


@dataclass(frozen=True, slots=True)
class InWindow:
    """Its asset, or all devices that speak of it, are under maintenance."""

    window_id: UUID
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row of risk_changes: the level of an (asset, hazard) from ``time`` on, and what made it.

    retrospective: it was found when history was run again, and is over. heard_at: when it came to be known,
    from which people's time counts; None = at once. circumstance: why it is not to be annunciated.
    latching: its hazard needs a reset after it was major.
    """

    risk_change_id: int
    asset_id: str
    hazard: str
    time: datetime
    level: RiskLevel | None
    likelihood: int
    consequence: int
    data: Mapping[str, Any]
    retrospective: bool = False
    heard_at: datetime | None = None
    circumstance: Covered | InWindow | None = None
    latching: bool = False


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


def event(
    case: Case,
    kind: Kind,
    who: str,
    why: str,
    *,
    risk_change_id: int | None = None,
    data: Mapping[str, object] | None = None,
) -> Event:
    """The event that made a case what it is now; ``data`` beside what every event tells of its case."""
    graded = {
        "likelihood": case.likelihood,
        "consequence": case.consequence,
        "worst_level": case.worst_level.value,
        "stage": case.stage.value,
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
        risk_change_id=risk_change_id,
        data={**(data or {}), **graded},
    )
