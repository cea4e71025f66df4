"""A change of one pair's evidence, and how it is put into words."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rules.bank import Found
from rules.bind import Pair
from rules.model import Transition
from rules.risk import QUALITY, Evidence
from sensors.readings import Readings


@dataclass(frozen=True, slots=True)
class Event:
    """The evidence of ``pair`` went from ``previous`` to ``state`` at an event time (us).

    position: the reading of the batch that showed it.
    """

    position: int
    pair: Pair
    time: int
    state: int
    previous: int
    value: float | None
    quality: float
    reason: str

    def transition(self) -> Transition:
        """The event as it is stored."""
        return Transition(
            rule=self.pair.rule.name,
            subject=self.pair.subject,
            asset=self.pair.asset,
            hazard=self.pair.rule.hazard,
            time=self.time,
            state=self.state,
            previous=self.previous,
            sensor=self.pair.sensor,
            value=self.value,
            reason=self.reason,
        )

    def evidence(self) -> Evidence | None:
        """What now stands, or None where the evidence ceased."""
        if self.state == 0:
            return None
        return Evidence(
            rule=self.pair.rule.name,
            subject=self.pair.subject,
            group=self.pair.rule.group or self.pair.rule.name,
            state=self.state,
            strength=self.pair.rule.evidence[self.state - 1],
            quality=self.quality,
            value=self.value,
            time=self.time,
            reason=self.reason,
        )


def in_order(events: Iterable[Event]) -> list[Event]:
    """By the reading that showed them, then by rule and subject; a pair's own keep their order."""
    return sorted(events, key=lambda event: (event.position, event.pair.place))


def read(found: Found, readings: Readings) -> Iterator[Event]:
    """The events that the readings of a batch showed."""
    for row, event in zip(found.rows.tolist(), _each(found), strict=True):
        subject, time, state, previous, value, reason = event
        quality = QUALITY.get(int(readings.flag[row]), 1.0)
        yield Event(row, found.bank.pairs[subject], time, state, previous, value, quality, reason)


def noticed(found: Found) -> Iterator[Event]:
    """The events that a tick showed."""
    for subject, time, state, previous, value, reason in _each(found):
        yield Event(0, found.bank.pairs[subject], time, state, previous, value, 1.0, reason)


def _each(found: Found) -> Iterator[tuple[int, int, int, int, float | None, str]]:
    changes = found.changes
    values = [None if math.isnan(value) else value for value in found.values.tolist()]
    return zip(
        changes.subject.tolist(), changes.time.tolist(), changes.state.tolist(), changes.previous.tolist(),
        values, found.reasons, strict=True,
    )  # fmt: skip
