"""What came of one try to deliver, and of a delivery so far. Pure."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Taken:
    """The receiver has it, and gave the receipt that closes the delivery, or none."""

    receipt: str | None


@dataclass(frozen=True, slots=True)
class Transient:
    """Not taken, for a reason that may pass."""

    error: str


@dataclass(frozen=True, slots=True)
class Permanent:
    """Not taken, and trying again would change nothing."""

    error: str


Outcome = Taken | Transient | Permanent


class State(StrEnum):
    """What became of a delivery."""

    QUEUED = "queued"
    FAILED = "failed"
    DELIVERED = "delivered"
    RECEIPTED = "receipted"
    DEAD = "dead"
