"""A feed with all that belongs to it, read and checked before anything is started."""

from dataclasses import dataclass
from pathlib import Path

from lifeline.replay.training import taught
from lifeline.scoring import Alarm, Score, after, score
from rules.load import load as load_rules
from rules.model import RuleSet
from sensors.load import read_city
from sensors.model import Registry
from sensors.registry import numbered
from simulator.feed import Channel, Feed, channels, read_feed
from simulator.feed_labels import Label, read_labels
from simulator.feed_rows import Extent, survey


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

    @property
    def assets(self) -> frozenset[str]:
        """Where the feed measures."""
        return frozenset(channel.sensor.asset for channel in self.channels)


def read(path: Path, data: Path, until: int | None = None, rules: Path | None = None) -> Play:
    """Read and check a feed, its city, its rules (or others) and its labels, the tables to their end.

    data: the folder of the feed's tables. until: us since 1970 UTC; rows from then on are left out.

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
    extent = survey(feed, columns, data, until)
    found = taught(found, registry, feed, columns, data)
    return Play(feed, data, until, registry, found, columns, labels, extent)


def scored(play: Play, alarms: list[Alarm]) -> Score | None:
    """Alarms against the labels, if there are any.

    What is low is listed and never sounded, so it finds nothing and disturbs nobody.
    """
    labels = play.feed.labels
    if labels is None:
        return None
    observed = after(play.extent.stretches, play.extent.start + play.feed.warm_up)
    return score(labels.hazard, play.labels, alarms, observed, labels.lead, play.assets)
