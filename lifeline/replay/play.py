"""A feed with all that belongs to it, read and checked before anything is started."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from lifeline.replay.skipped import Skipped, again, counting
from lifeline.replay.training import taught
from lifeline.scoring import Alarm, Score, after, score
from rules.load import load as load_rules
from rules.model import RuleSet
from sensors.load import read_city
from sensors.model import Registry
from sensors.registry import numbered
from simulator.feed import Channel, Feed, channels, read_feed
from simulator.feed_labels import Label, read_labels
from simulator.feed_messages import Instant, Speakers
from simulator.feed_rows import Extent, Rows, read_rows, survey


@dataclass(frozen=True, slots=True)
class Play:
    """A feed that was read and checked as a whole, with all that belongs to it."""

    feed: Feed
    data: Path
    until: int | None
    registry: Registry
    rules: RuleSet
    channels: tuple[Channel, ...]
    labels: tuple[Label, ...]
    extent: Extent
    shift: int = 0
    """How much later (us) everything is than the tables say; the labels and the extent are so already."""
    skip_bad: bool = False
    skipped: Skipped = field(default_factory=Skipped)

    @property
    def name(self) -> str:
        """The feed's."""
        return self.feed.name

    @property
    def title(self) -> str:
        """The feed's."""
        return self.feed.title_en

    def rows(self) -> Iterator[Rows]:
        """What was measured."""
        for rows in read_rows(self.feed, self.channels, self.data, self.until, again(skip_bad=self.skip_bad)):
            yield Rows(rows.time + self.shift, rows.value)

    def instants(self) -> Iterator[Instant]:
        """The same as messages of the devices."""
        return Speakers(self.channels, self.registry).say(self.rows())

    def scored(self, alarms: Iterable[Alarm]) -> Score | None:
        """Alarms against the labels, if there are any.

        What is low is listed and never sounded, so it finds nothing and disturbs nobody.
        """
        labels = self.feed.labels
        if labels is None:
            return None
        observed = after(self.extent.stretches, self.extent.start + self.feed.warm_up)
        return score(labels.hazard, self.labels, list(alarms), observed, labels.lead, self.assets)

    def later(self, shift: int) -> "Play":
        """The same so much later (us)."""
        labels = tuple(
            replace(label, start=label.start + shift, end=label.end + shift) for label in self.labels
        )
        stretches = tuple((start + shift, end + shift) for start, end in self.extent.stretches)
        extent = replace(self.extent, stretches=stretches)
        return replace(self, labels=labels, extent=extent, shift=self.shift + shift)

    @property
    def assets(self) -> frozenset[str]:
        """Where the feed measures."""
        return frozenset(channel.sensor.asset for channel in self.channels)


def read(
    path: Path, data: Path, until: int | None = None, rules: Path | None = None, *, skip_bad: bool = False
) -> Play:
    """Read and check a feed, its city, its rules (or others) and its labels, the tables to their end.

    data: the folder of the feed's tables. until: us since 1970 UTC; rows from then on are left out.
    skip_bad: whether rows that are wrong are left out and counted.

    Raises:
        Mistake, Mistakes: everything that is wrong with the first of them that has a mistake.
    """
    feed = read_feed(path)
    rules = rules or feed.rules
    if feed.city is None or rules is None:
        missing = "rules" if feed.city else "city"
        raise feed.mistake((missing,), "expected to be given, a replay needs city and rules")
    registry = numbered(read_city(feed.city))
    found = load_rules([rules], registry)
    if feed.labels is not None and feed.labels.hazard not in {rule.hazard for rule in found.rules}:
        raise feed.mistake(("labels", "hazard"), "expected a hazard that a rule speaks of")
    columns = channels(feed, registry)
    labels = read_labels(feed, registry, data)
    skipped = Skipped()
    extent = survey(feed, columns, data, until, counting(skipped, skip_bad=skip_bad))
    unread = feed.train is not None and bool(feed.train.files)
    bad = counting(skipped, skip_bad=skip_bad) if unread else again(skip_bad=skip_bad)
    found = taught(found, registry, feed, columns, data, bad)
    return Play(
        feed, data, until, registry, found, columns, labels, extent, skip_bad=skip_bad, skipped=skipped
    )
