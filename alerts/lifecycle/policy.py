"""How a city handles its alerts: deadlines by level, re-alarm, how long and by whom what may be shelved."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from alerts.lifecycle.words import Awaited
from alerts.roles import Role
from rules.duration import Duration
from rules.levels import RiskLevel


class Handling(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How alerts of one level are handled; a deadline that is not given is none."""

    acknowledgement: Duration | None = None
    dispatch: Duration | None = None
    receipt: Duration | None = None
    arrival: Duration | None = None
    verification: Duration | None = None
    resolution: Duration | None = None
    closing: Duration | None = None
    realarm: Duration | None = None
    """An acknowledged alert to which nobody has been sent sounds again after this."""
    longest_shelf: Duration
    shelved_by: Role = Role.OPERATOR
    """The least role that may shelve it."""

    def deadline(self, awaited: Awaited) -> Duration | None:
        """How long people may take for what is awaited."""
        within: Duration | None = getattr(self, awaited.value)
        return within


class Cover(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case explains others: the hazard ``by`` explains those that it ``hides``, where they are."""

    by: str
    hides: tuple[str, ...]
    where: Literal["downstream", "same-asset", "same-gateway"]
    kinds: tuple[str, ...] = ()
    """Kinds of assets at which ``by`` explains anything; none = all."""
    hops: int = 1
    """How far downstream, along flows-to."""


class Shared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cause that several hazards have in common."""

    name: str
    name_en: str
    hazards: tuple[str, ...]


class Gathering(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told as one incident."""

    linger: Duration
    """How long after its last live case an incident can still be joined."""
    districts: int
    """From how many districts on it is the city's."""
    causes: Mapping[str, Shared]
    """By id; every hazard that is in none of them is a cause of its own, by its own id."""

    def cause(self, hazard: str) -> str:
        """The id of a hazard's cause."""
        return next((cause for cause, of in self.causes.items() if hazard in of.hazards), hazard)


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of it."""

    operator_positions: int
    """Desks among which the alarms are shared: rates are told for one of them."""
    escalations: int
    """How many passed deadlines of one wait are told of: the second is the first's length after it."""
    latching: tuple[str, ...]
    """Hazards that have to be reset once they were major."""
    major: Handling
    serious: Handling
    general: Handling
    low: Handling
    gathering: Gathering
    cover: tuple[Cover, ...] = ()

    def handling(self, level: RiskLevel) -> Handling:
        """How alerts of a level are handled."""
        handling: Handling = getattr(self, level.english)
        return handling
