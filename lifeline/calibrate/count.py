"""From samples of days to ratios, and to how true the claims came. Pure.

A sample of a rule counts as with the event where that goes on at the asset that the rule speaks of. It counts
as clean where no event of the hazard goes on anywhere, nor did within the two hours before, nor at that asset
at all so far: what lingers after an event, or reaches the neighbours, is neither.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lifeline.calibrate.day import Event
from lifeline.calibrate.watch import Sample
from rules.calibration import Bin, Counts, Reliability, ratios, version
from rules.hazards import hazards
from rules.model import Rule
from sensors.readings import HOUR

LINGERS = 2 * HOUR
"""How long after an event evidence may still be of it."""

EDGES = (0.0, 0.005, 0.02, 0.1, 0.4, 0.8, 1.0)
"""Of the bins of claimed probability; the steps of likelihood are among them."""

Probabilities = NDArray[np.float64]


@dataclass(slots=True)
class Seen:
    """What was seen of one rule so far."""

    events: set[tuple[int, Event]] = field(default_factory=set)
    event: Counter[int] = field(default_factory=Counter)
    clean: Counter[int] = field(default_factory=Counter)


class Counting:
    """Counts the states of rules over days."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = {rule.name: rule for rule in rules}
        self.seen: dict[str, Seen] = defaultdict(Seen)

    def add(self, day: int, events: Sequence[Event], samples: Iterable[Sample]) -> None:
        """Take the samples of one day."""
        for sample in samples:
            truth = Truth(events, sample.time)
            for name, asset, state in sample.states:
                hazard = self._rules[name].hazard
                if event := truth.at(asset, hazard):
                    self.seen[name].events.add((day, event))
                    self.seen[name].event[state] += 1
                elif truth.clean(asset, hazard):
                    self.seen[name].clean[state] += 1

    def counts(self) -> dict[str, Counts]:
        """By rule; those of hazards that never happened are left out."""
        return {
            name: _counts(self._rules[name], seen) for name, seen in sorted(self.seen.items()) if seen.events
        }


class Truth:
    """What goes on at a moment, in us after the day's start."""

    def __init__(self, events: Sequence[Event], time: int) -> None:
        self._now = {
            (event.asset, event.hazard): event for event in events if event.start <= time < event.end
        }
        self._near = {event.hazard for event in events if event.start <= time < event.end + LINGERS}
        self._been = {(event.asset, event.hazard) for event in events if event.start <= time}

    def at(self, asset: str, hazard: str) -> Event | None:
        """The event of the hazard at the asset, if there is one."""
        return self._now.get((asset, hazard))

    def clean(self, asset: str, hazard: str) -> bool:
        """Whether nothing of the hazard can be seen at the asset."""
        return hazard not in self._near and (asset, hazard) not in self._been


def reliability(
    assets: Mapping[str, frozenset[str]], days: Iterable[tuple[Sequence[Event], Iterable[Sample]]]
) -> dict[str, Reliability]:
    """By hazard, how true the claims came at the assets where rules speak of it.

    Samples with and without the event are weighted so that an event is as rare as the hazard's prior says.
    """
    claims: dict[str, tuple[list[float], list[float]]] = {hazard: ([], []) for hazard in assets}
    found: dict[str, set[tuple[int, Event]]] = defaultdict(set)
    for day, (events, samples) in enumerate(days):
        for sample in samples:
            truth = Truth(events, sample.time)
            for hazard, places in assets.items():
                for asset in places:
                    claim = sample.claims.get((asset, hazard), hazards()[hazard].prior)
                    if event := truth.at(asset, hazard):
                        found[hazard].add((day, event))
                        claims[hazard][0].append(claim)
                    elif truth.clean(asset, hazard):
                        claims[hazard][1].append(claim)
    return {
        hazard: _reliability(hazards()[hazard].prior, np.array(yes), np.array(no), len(found[hazard]))
        for hazard, (yes, no) in claims.items()
        if yes and no
    }


def _counts(rule: Rule, seen: Seen) -> Counts:
    event, clean = (
        [found[state] for state in range(len(rule.evidence) + 1)] for found in (seen.event, seen.clean)
    )
    return Counts(
        rule_version=version(rule),
        hazard=rule.hazard,
        events=len(seen.events),
        event=tuple(event),
        clean=tuple(clean),
        llr=ratios(event, clean, len(seen.events)),
    )


def _reliability(prior: float, yes: Probabilities, no: Probabilities, events: int) -> Reliability:
    weight_yes, weight_no = prior / len(yes), (1 - prior) / len(no)
    bins = []
    for low, high in pairwise(EDGES):
        inside = [each[(each >= low) & ((each < high) | (high == 1))] for each in (yes, no)]
        weight = len(inside[0]) * weight_yes + len(inside[1]) * weight_no
        if weight:
            claimed = float(inside[0].sum() * weight_yes + inside[1].sum() * weight_no) / weight
            bins.append(
                Bin(
                    low=low,
                    high=high,
                    samples=len(inside[0]) + len(inside[1]),
                    events=len(inside[0]),
                    claimed=round(claimed, 5),
                    true=round(len(inside[0]) * weight_yes / weight, 5),
                )
            )
    brier = float(((yes - 1) ** 2).sum() * weight_yes + (no**2).sum() * weight_no)
    return Reliability(
        events=events,
        brier=round(brier, 7),
        brier_of_prior=round(prior * (1 - prior), 7),
        bins=tuple(bins),
    )
