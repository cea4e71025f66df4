"""When to try again what failed for a reason that may pass. Pure: clock and chance are arguments."""

from datetime import datetime, timedelta

FIRST_S = 1.0
LONGEST_S = 300.0
GIVE_UP = timedelta(days=1)
"""After this a message is a dead letter: what it says is a day old, and somebody has to look."""


def next_try(queued_at: datetime, attempts: int, now: datetime, chance: float) -> datetime | None:
    """When to try after ``attempts`` (1 or more) failed tries; None = never again.

    The wait doubles up to five minutes. ``chance`` in [0, 1) takes up to half of it off, so that those
    who failed together do not come back together.
    """
    wait_s = min(FIRST_S * 2.0 ** min(attempts - 1, 30), LONGEST_S) * (1 - chance / 2)
    then = now + timedelta(seconds=wait_s)
    return then if then <= queued_at + GIVE_UP else None
