"""What a duty report is made of, as it was read at one moment. Frozen types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alerts import kpi, outcome
from alerts.duty.period import Period
from alerts.lifecycle import Awaited, Cause, Kind, Stage, State


@dataclass(frozen=True, slots=True)
class Names:
    """An id with its name in Chinese and English."""

    id: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of a case, and where the case stood after it.

    at: when it took effect: its event time, or that of an earlier event which was later, for evidence can
    come in after somebody has acted. level: 1-4; None = no live evidence. awaited: of ``escalated``, whose
    deadline passed. cause: of ``dismissed``.
    """

    kind: Kind
    at: datetime
    level: int | None
    state: State
    stage: Stage
    awaited: Awaited | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case with all that happened to it. domain, district, utility: None = not in the registry."""

    alert_id: UUID
    asset: Names
    domain: str | None
    district: str | None
    utility: Names | None
    hazard: str
    opened_at: datetime
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What a person or the rules did with a major case: who, when, why.

    to: who was sent. awaited: of ``escalated``, whose deadline passed. evidence: what the sensors showed.
    """

    at: datetime
    kind: Kind
    who: str
    why: str
    level: int | None
    to: str | None
    awaited: Awaited | None
    cause: Cause | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """How many messages about one case to one receiver are in one state now."""

    alert_id: UUID
    receiver: str
    state: outcome.State
    messages: int


@dataclass(frozen=True, slots=True)
class Quality:
    """The data of one domain. expected, stored: readings and samples, by what the device types promise.

    online_s, watched_s: device seconds; stored counts of each device at most what is expected of it.
    """

    domain: str
    devices: int
    sensors: int
    expected: float
    stored: float
    online_s: float
    watched_s: float


@dataclass(frozen=True, slots=True)
class Night:
    """The inflow of a water zone from two to four o'clock, and of the day that ends then, m3/h."""

    zone: Names
    time: datetime
    night: float
    day: float


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. utility: the only one whose assets it is about; None = the city's.

    city: None while none is loaded. zone: the name of its time zone. now: when it was read, by the time by
    which cases live. blind: waveforms of the period were dropped for their age.
    """

    city: Names | None
    zone: str
    drill: bool
    now: datetime
    utility: Names | None
    period: Period
    before: Period
    cases: tuple[Case, ...]
    stories: Mapping[UUID, tuple[Said, ...]]
    sent: tuple[Sent, ...]
    alarms: kpi.Report
    qualities: tuple[Quality, ...]
    nights: tuple[Night, ...]
    blind: bool
