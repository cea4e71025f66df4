"""When to try again what failed for a reason that may pass. Pure: clock and chance are arguments."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from rules.levels import RiskLevel

FIRST_S = 1.0
LONGEST_S = 300.0
GIVE_UP: Mapping[RiskLevel, timedelta] = {
    RiskLevel.MAJOR: timedelta(days=1),
    RiskLevel.SERIOUS: timedelta(hours=12),
    RiskLevel.GENERAL: timedelta(hours=4),
    RiskLevel.LOW: timedelta(hours=4),
}
"""By the worst level: after this a message is a dead letter, for it is old, and somebody has to look."""


def next_try(
    queued_at: datetime, worst: RiskLevel, attempts: int, now: datetime, chance: float
) -> datetime | None:
    """When to try after ``attempts`` (1 or more) failed tries; None = never again.

    The wait doubles up to five minutes. ``chance`` in [0, 1) takes up to half of it off, so that those
    who failed together do not come back together.
    """
    wait_s = min(FIRST_S * 2.0 ** min(attempts - 1, 30), LONGEST_S) * (1 - chance / 2)
    then = now + timedelta(seconds=wait_s)
    return then if then <= queued_at + GIVE_UP[worst] else None
