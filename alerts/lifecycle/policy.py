"""How a city handles its alerts: deadlines by level, re-alarm, how long and by whom what may be shelved."""

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

    def handling(self, level: RiskLevel) -> Handling:
        """How alerts of a level are handled."""
        handling: Handling = getattr(self, level.english)
        return handling
