"""What is to be played, as it was asked for."""

from dataclasses import dataclass
from pathlib import Path

from lifeline.replay.play import Play
from lifeline.replay.play import read as read_feed
from lifeline.replay.recording import Recording, is_recording
from lifeline.replay.stretch import Stretch, Wanted
from lifeline.replay.stretch import read as read_stretch
from rules.load import DEMO_RULES
from rules.load import load as load_rules
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city
from sensors.registry import numbered
from simulator.feed import find
from simulator.messages import MILLISECOND

Movable = Play | Recording | Stretch


@dataclass(frozen=True, slots=True)
class Choice:
    """A feed by its file or name, or a recording by its file.

    data: the folder of a feed's tables. until: us since 1970 UTC; what is from then on is left out. city:
    that a recording is of, the demo city if not given. rules: others than the feed names, or than the demo
    city's. skip_bad: whether rows and lines that are wrong are left out and counted.
    """

    feed: str
    data: Path
    until: int | None = None
    city: Path | None = None
    rules: Path | None = None
    skip_bad: bool = False

    def read(self) -> Play | Recording:
        """Read and check it as a whole.

        Raises:
            Mistake, Mistakes: it is wrong, by file and line.
            ConfigurationError: there is no such thing.
        """
        return self._recording() if is_recording(Path(self.feed)) else self._play()

    def _play(self) -> Play:
        if self.city is not None:
            raise ConfigurationError("--city: expected none beside a feed file, which names its own")
        return read_feed(find(self.feed), self.data, self.until, self.rules, skip_bad=self.skip_bad)

    def _recording(self) -> Recording:
        registry = numbered(read_city(self.city or DEMO_CITY))
        rules = load_rules([self.rules or DEMO_RULES], registry)
        recording = Recording(Path(self.feed), registry, rules, self.until, skip_bad=self.skip_bad)
        recording.extent  # noqa: B018, reads it to its end
        return recording


@dataclass(frozen=True, slots=True)
class Stored:
    """A stretch of a database's history, by the rules that hold there, or by others."""

    dsn: str
    wanted: Wanted
    rules: Path | None

    def read(self) -> Stretch:
        """Read it as a whole.

        Raises:
            ConfigurationError: nothing is loaded, or stored of that time.
            UnavailableError: the database does not answer.
        """
        return read_stretch(self.dsn, self.wanted, self.rules)


def moved(source: Movable, start: int | None) -> Movable:
    """The same so much earlier or later that it begins at ``start`` (us since 1970 UTC), in whole ms."""
    if start is None:
        return source
    return source.later((start - source.extent.start) // MILLISECOND * MILLISECOND)
