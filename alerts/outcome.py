"""What came of one try to deliver. Pure."""

from dataclasses import dataclass


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
