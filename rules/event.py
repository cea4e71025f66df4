"""A change of one pair's evidence, and how it is put into words."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rules.bank import Found
from rules.bind import Pair
from rules.failure import failing
from rules.guard import FAILED
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
    for event in _each(found):
        quality = QUALITY.get(int(readings.flag[event.position]), 1.0)
        yield from _said(replace(event, quality=quality))


def observed(found: Found) -> Iterator[Event]:
    """The events that a block showed."""
    for event in _each(found):
        yield from _said(event)


def noticed(found: Found) -> Iterator[Event]:
    """The events that a tick showed."""
    for event in _each(found):
        yield from _said(replace(event, position=0))


def _each(found: Found) -> Iterator[Event]:
    changes = found.changes
    values = [None if math.isnan(value) else value for value in found.values.tolist()]
    columns = zip(
        found.rows.tolist(), changes.subject.tolist(), changes.time.tolist(), changes.state.tolist(),
        changes.previous.tolist(), values, changes.reasons, strict=True,
    )  # fmt: skip
    for row, subject, time, state, previous, value, reason in columns:
        yield Event(row, found.bank.pairs[subject], time, state, previous, value, 1.0, reason)


def _said(event: Event) -> Iterator[Event]:
    """The event, or where the rule failed what ends by that and what begins."""
    if event.state != FAILED:
        yield event
        return
    if event.previous:
        yield replace(event, state=0, reason=f"the rule raised an error and was switched off: {event.reason}")
    yield failed(event.pair, event.time, event.value, event.reason, event.position)


def failed(pair: Pair, time: int, value: float | None, reason: str, position: int = 0) -> Event:
    """The rule of ``pair`` has been switched off at its subject."""
    why = f"{reason}; switched off here until the rule is another"
    return Event(position, failing(pair), time, 1, 0, value, 1.0, why)
