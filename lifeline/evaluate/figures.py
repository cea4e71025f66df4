"""The figures of one feed. Pure.

S is the score of the BATADAL competition (Taormina et al. 2018, J. Water Resour. Plann. Manage. 144(8)
04018048): S = 0.5 S_TTD + 0.5 S_CLF, with S_TTD = 1 - mean over events of (time to detection / duration),
which is 1 - 1 = 0 for an event that is not found, and S_CLF = (TPR + TNR) / 2 over the rows.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from lifeline.scoring import Alarm, Span, score
from simulator.feed_labels import Label

Times = NDArray[np.int64]
Mask = NDArray[np.bool_]

_MINUTE_S = 60.0


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What was found and what was false; a negative delay is a lead.

    events: those that begin while the feed was observed, its training stretch left out; steady_events: those
    of them after the warm-up. unobserved: labels that begin where the feed has no rows. False episodes and
    time in alarm are of the time after the warm-up.
    """

    feed: str
    hazard: str
    events: int
    detected: int
    delay_median_min: float | None
    delay_p90_min: float | None
    false_per_clean_day: float | None
    false_episodes: int
    false_assets: int
    """At how many assets."""
    clean_days: float
    alarm_share: float
    S: float | None
    row_found: float | None
    """Share of the rows in events that have an alarm; 1 - MAR."""
    row_false: float | None
    """Share of the others that have one, the rows of the hour after an event among them; FAR."""
    row_f1: float | None
    steady_events: int
    steady_detected: int
    unobserved: int
    missed: tuple[str, ...]
    levels: tuple[str, ...] = ()
    """The worst level during each label, in their order; empty where there was none."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened. lead: how early (us) an alarm may be. assets: where the feed measures."""

    hazard: str
    labels: Sequence[Label]
    lead: int = 0
    assets: Collection[str] = ()


def figures(
    feed: str,
    truth: Truth,
    alarms: Iterable[Alarm],
    times: Times,
    *,
    observed: Sequence[Span],
    steady: Sequence[Span],
) -> Figures:
    """Hold alarms against labels.

    times: of the rows. observed: when events count; steady: when false alarms do; both in order.
    """
    hazard, labels = truth.hazard, truth.labels
    alarms = [alarm for alarm in alarms if alarm.hazard == hazard]
    seen = times[_inside(times, observed)]
    flagged = _inside(seen, [(alarm.start, alarm.end) for alarm in alarms])
    row_found, row_false, row_f1 = map(_rounded, by_row(labels, flagged, seen))
    whole, settled = (
        score(hazard, labels, alarms, spans, truth.lead, truth.assets) for spans in (observed, steady)
    )
    return Figures(
        feed=feed,
        hazard=hazard,
        events=whole.events,
        detected=whole.found,
        delay_median_min=_minutes(whole.delay_median_s),
        delay_p90_min=_minutes(whole.delay_p90_s),
        false_per_clean_day=_rounded(settled.false_per_clean_day),
        false_episodes=settled.false_episodes,
        false_assets=settled.false_assets,
        clean_days=round(settled.clean_days, 3),
        alarm_share=round(settled.alarm_share, 5),
        S=_rounded(competition(labels, alarms, seen)),
        row_found=row_found,
        row_false=row_false,
        row_f1=row_f1,
        steady_events=settled.events,
        steady_detected=settled.found,
        unobserved=len(labels) - whole.events,
        missed=whole.missed,
    )


def competition(labels: Sequence[Label], alarms: Iterable[Alarm], times: Times) -> float | None:
    """S over the rows at ``times``; None where there is no event, or nothing but events."""
    flagged = _inside(times, [(alarm.start, alarm.end) for alarm in alarms])
    hit, false, _ = by_row(labels, flagged, times)
    shares = []
    for label in labels:
        inside = (times >= label.start) & (times < label.end)
        if inside.any():
            found = times[inside & flagged]
            shares.append(float(found[0] - label.start) / (label.end - label.start) if len(found) else 1.0)
    if not shares or hit is None or false is None:
        return None
    return float(0.5 * (1 - np.mean(shares)) + 0.5 * (hit + 1 - false) / 2)


def by_row(
    labels: Sequence[Label], flagged: Mask, times: Times
) -> tuple[float | None, float | None, float | None]:
    """Share of the rows in events that are flagged, of the others, and F1; None where there are none."""
    attacked = _inside(times, [(label.start, label.end) for label in labels])
    hits, false, events, others = (
        int(np.count_nonzero(rows)) for rows in (flagged & attacked, flagged & ~attacked, attacked, ~attacked)
    )
    return (
        hits / events if events else None,
        false / others if others else None,
        2 * hits / (hits + false + events) if events else None,
    )


def _inside(times: Times, spans: Iterable[Span]) -> Mask:
    inside = np.zeros(len(times), np.bool_)
    for start, end in spans:
        inside |= (times >= start) & (times < end)
    return inside


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / _MINUTE_S, 2)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
