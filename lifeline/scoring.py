"""How good alarms were, held against what truly happened. Pure.

One event is one chance: it is found if an alarm of its hazard at its asset sounds while it goes on. False
episodes are alarms that touch no event, nor the hour after one, joined where less than an hour lies between
them. Rates are of clean days, the observed time without events. The rate of events found carries Wilson's
interval (J. Am. Stat. Assoc. 22 (1927) 209), which also few events make honest.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec
import numpy as np

from rules.levels import RiskLevel
from sensors.readings import DAY, HOUR, SECOND
from simulator.feed_labels import Label

GRACE = HOUR
"""How long after an event an alarm is still put down to it."""

JOIN = HOUR
"""Alarms with less than this between them are one episode."""

Z = 1.959964
"""Of the normal distribution, for 95 %."""

Span = tuple[int, int]
"""From when until when, in us since 1970 UTC; the end is no more part of it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A case while it was on: the worst level it had, from when until when, and when it sounded."""

    asset: str
    hazard: str
    level: RiskLevel
    start: int
    end: int
    sounded: tuple[int, ...]
    """When it was raised, and when its level rose."""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; times in s, a negative delay is a lead."""

    hazard: str
    events: int
    found: int
    rate_low: float | None
    rate_high: float | None
    missed: tuple[str, ...]
    delay_median_s: float | None
    delay_p90_s: float | None
    false_episodes: int
    false_assets: int
    """At how many assets they were."""
    clean_days: float
    false_per_clean_day: float | None
    alarm_share: float
    """Of the observed time."""


def score(
    hazard: str,
    labels: Iterable[Label],
    alarms: Iterable[Alarm],
    observed: Sequence[Span],
    lead: int = 0,
    assets: Collection[str] = (),
) -> Score:
    """Hold the alarms of one hazard against its labels, as far as they begin in observed time.

    observed: when anything could have been seen, less the warm-up; in order. lead: how early (us) an alarm
    may sound and still be of an event. assets: those that are watched; where events name theirs, a day is
    clean for the others, and clean time is the mean over all of them.
    """
    labels = [label for label in labels if label.hazard == hazard]
    alarms = [alarm for alarm in alarms if alarm.hazard == hazard]
    scored = [label for label in labels if _within(label.start, observed)]
    delays = {label: delay_of(label, alarms, lead) for label in scored}
    found = [delay for delay in delays.values() if delay is not None]
    false = [
        alarm
        for alarm in alarms
        if _within(alarm.start, observed) and not any(concerns(alarm, each, lead) for each in labels)
    ]
    episodes = _episodes(false)
    clean = _clean(labels, observed, lead, assets)
    low, high = wilson(len(found), len(scored))
    return Score(
        hazard=hazard,
        events=len(scored),
        found=len(found),
        rate_low=low,
        rate_high=high,
        missed=tuple(label.name for label, delay in delays.items() if delay is None),
        delay_median_s=median(found) / SECOND if found else None,
        delay_p90_s=float(np.percentile(found, 90)) / SECOND if found else None,
        false_episodes=episodes,
        false_assets=len({alarm.asset for alarm in false}),
        clean_days=clean / DAY,
        false_per_clean_day=episodes * DAY / clean if clean else None,
        alarm_share=_overlap(observed, _merged((a.start, a.end) for a in alarms)) / max(1, _length(observed)),
    )


def wilson(found: int, events: int) -> tuple[float, float] | tuple[None, None]:
    """The interval that holds the true rate with 95 %; none where there was no event."""
    if not events:
        return None, None
    rate, weight = found / events, Z * Z / events
    centre = rate + weight / 2
    spread = Z * math.sqrt(rate * (1 - rate) / events + weight / (4 * events))
    return (centre - spread) / (1 + weight), (centre + spread) / (1 + weight)


def after(stretches: Iterable[Span], since: int) -> list[Span]:
    """What of the stretches lies after a time."""
    return [(max(start, since), end) for start, end in stretches if end > since]


def without(stretches: Iterable[Span], hole: Span) -> list[Span]:
    """What of the stretches lies outside a span."""
    pairs = (((start, min(end, hole[0])), (max(start, hole[1]), end)) for start, end in stretches)
    return [(start, end) for pair in pairs for start, end in pair if end > start]


def _clean(labels: Iterable[Label], observed: Sequence[Span], lead: int, assets: Collection[str]) -> float:
    """Observed time without events and their grace, the mean over the assets."""
    spans = {label: (label.start - lead, label.end + GRACE) for label in labels}
    each = [
        _overlap(observed, _merged(span for label, span in spans.items() if label.asset in (None, asset)))
        for asset in assets
    ]
    events = sum(each) / len(each) if each else _overlap(observed, _merged(spans.values()))
    return _length(observed) - events


def delay_of(label: Label, alarms: Iterable[Alarm], lead: int) -> int | None:
    """From the event's start to the first sound of an alarm that is on during it; None = missed.

    alarms: of its hazard.
    """
    return min(
        (
            sound - label.start
            for alarm in alarms
            if label.asset in (None, alarm.asset) and alarm.end > label.start
            for sound in alarm.sounded
            if label.start - lead <= sound < label.end
        ),
        default=None,
    )


def concerns(alarm: Alarm, label: Label, lead: int) -> bool:
    """Whether an alarm of its hazard is put down to an event."""
    return (
        label.asset in (None, alarm.asset)
        and alarm.end >= label.start - lead
        and alarm.start < label.end + GRACE
    )


def _episodes(alarms: Iterable[Alarm]) -> int:
    at: dict[str, list[Span]] = defaultdict(list)
    for alarm in alarms:
        at[alarm.asset].append((alarm.start, alarm.end))
    return sum(len(list(_merged(spans, JOIN))) for spans in at.values())


def _within(time: int, spans: Iterable[Span]) -> bool:
    return any(start <= time < end for start, end in spans)


def _merged(spans: Iterable[Span], gap: int = 1) -> list[Span]:
    """The spans in order, joined where less than ``gap`` lies between them."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] < gap:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def _length(spans: Iterable[Span]) -> int:
    return sum(end - start for start, end in spans)


def _overlap(some: Sequence[Span], others: Sequence[Span]) -> int:
    return sum(max(0, min(end, b) - max(start, a)) for start, end in some for a, b in others)
