"""Rules that have learned from the quiet stretch that a feed names."""

from pathlib import Path

from msgspec.structs import replace

from lifeline.replay.measured import measured
from rules.learned import learn, unlearned
from rules.model import RuleSet
from sensors.model import Registry
from sensors.readings import Readings
from simulator.feed import Channel, Feed
from simulator.feed_csv import Bad, refuse
from simulator.feed_rows import read_rows
from simulator.feed_time import microseconds, written


def taught(
    rules: RuleSet,
    registry: Registry,
    feed: Feed,
    channels: tuple[Channel, ...],
    data: Path,
    bad: Bad = refuse,
) -> RuleSet:
    """The rules with what their kinds learn from the feed's training stretch.

    Raises:
        Mistake: a rule has to learn and there is no such stretch, it is too short, or its tables are wrong.
    """
    if not (waiting := unlearned(rules, registry)):
        return rules
    if feed.train is None:
        expected = f"expected a quiet stretch to learn from, for {', '.join(sorted(waiting))}"
        raise feed.mistake(("train",), expected)
    train = feed.train
    until = None if train.until is None else microseconds(train.until)
    source = replace(feed, files=train.files or feed.files, since=train.since or feed.since)
    rows = read_rows(source, channels, data, until, bad)
    parts = [part for part, _ in measured(rows, channels, registry)]
    if not any(map(len, parts)):
        raise feed.mistake(("train",), "expected a stretch with rows in it")
    history = Readings.concatenate(parts)
    told = f"{feed.name}, {written(int(history.time.min()))} to {written(int(history.time.max()))}"
    learned, failed = learn(rules, registry, history, told)
    for (rule, subject), why in failed.items():
        raise feed.mistake(("train",), f"expected enough for {rule} at {subject} to learn: {why}")
    return learned
