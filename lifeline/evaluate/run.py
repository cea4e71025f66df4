"""One evaluation from its feed file to its figures."""

from pathlib import Path

from msgspec.structs import replace

from lifeline.evaluate.figures import Figures, Truth, figures
from lifeline.evaluate.passage import play_through
from lifeline.replay.play import Play, read
from lifeline.scoring import Span, after, without
from rules.levels import RiskLevel
from simulator.feed_time import microseconds


def evaluate(feed: Path, data: Path, rules: Path | None = None, until: int | None = None) -> Figures:
    """Play a feed with its own rules, or others, and hold the alarms against its labels.

    Raises:
        Mistake, Mistakes: the feed, its city, its rules or its tables are wrong, or it has no labels.
    """
    return judge(read(feed, data, until, rules))


def judge(play: Play) -> Figures:
    """The figures of a feed that was read."""
    labels = play.feed.labels
    if labels is None:
        raise play.feed.mistake(("labels",), "expected to be given, an evaluation needs labels")
    passage = play_through(play)
    observed = _scored(play)
    worst = (passage.worst(label) for label in play.labels)
    found = figures(
        play.feed.name,
        Truth(labels.hazard, play.labels, labels.lead, play.assets),
        passage.alarms(RiskLevel.GENERAL, play.extent.end),
        passage.times,
        observed=observed,
        steady=after(observed, play.extent.start + play.feed.warm_up),
    )
    return replace(found, levels=tuple("" if level is None else level.english for level in worst))


def _scored(play: Play) -> list[Span]:
    """When the feed was observed, less the stretch that it was learned from."""
    stretches, train = list(play.extent.stretches), play.feed.train
    if train is None or train.files:
        return stretches
    assert train.until is not None
    since = play.extent.start if train.since is None else microseconds(train.since)
    return without(stretches, (since, microseconds(train.until)))
