"""What was left out of a replay because it could not be meant."""

from dataclasses import dataclass

from sensors.errors import Mistake
from simulator.feed_csv import Bad, refuse


@dataclass(slots=True)
class Skipped:
    """How many rows or lines, and what was wrong with the first."""

    count: int = 0
    first: str | None = None

    def take(self, mistake: Mistake) -> None:
        """Leave one out."""
        self.count += 1
        self.first = self.first or str(mistake)


def leave_out(mistake: Mistake) -> None:
    """Leave it out once more, where it was counted before."""
    del mistake


def again(*, skip_bad: bool) -> Bad:
    """What to do of bad rows in a source that was read before."""
    return leave_out if skip_bad else refuse


def counting(skipped: Skipped, *, skip_bad: bool) -> Bad:
    """What to do of them in one that is read for the first time."""
    return skipped.take if skip_bad else refuse
