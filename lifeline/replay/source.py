"""What a replay needs of whatever it plays: a feed of tables, a recording, a stretch of a database."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from lifeline.replay.skipped import Skipped
from lifeline.scoring import Alarm, Score
from rules.model import RuleSet
from sensors.model import Registry
from simulator.feed_messages import Instant
from simulator.feed_rows import Extent


class Source(Protocol):
    """Something that was read and checked as a whole, and can be played."""

    @property
    def name(self) -> str:
        """What it is called in names of databases and files."""
        ...

    @property
    def title(self) -> str:
        """What it is, for people."""
        ...

    @property
    def registry(self) -> Registry:
        """The city that it is of."""
        ...

    @property
    def rules(self) -> RuleSet:
        """The rules that judge it."""
        ...

    @property
    def extent(self) -> Extent:
        """How much there is of it, and when."""
        ...

    @property
    def skipped(self) -> Skipped:
        """What was left out of it as wrong."""
        ...

    def instants(self) -> Iterator[Instant]:
        """All that is said in it, in its order."""
        ...

    def scored(self, alarms: Iterable[Alarm]) -> Score | None:
        """Alarms against what truly happened, where that is known."""
        ...
