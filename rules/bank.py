"""One kind over all the pairs that use it, fed by sensor."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.bind import Pair
from rules.guard import Guard
from rules.kinds.base import Changes, Kind, Subjects, Times, Values
from rules.model import Figure
from rules.order import Index, Mask
from sensors.model import Flag
from sensors.readings import Readings


@dataclass(frozen=True, slots=True)
class Found:
    """Changes of evidence in a bank: the rows of the batch that showed them, what was judged, and why."""

    bank: "Bank"
    changes: Changes
    rows: Index
    values: Values
    """NaN where nothing was measured."""


class Bank(ABC):
    """The pairs of one kind, in the order of its subjects."""

    pairs: tuple[Pair, ...]
    kind: Guard

    @abstractmethod
    def update(self, readings: Readings, rows: Index, ends: Index, now: int) -> Iterator[Found]:
        """Show readings to every pair of their sensors.

        readings: in rounds in which no sensor stands twice. rows: beside them, where each stands in its
        batch. ends: where each round ends. now: the newest tick.
        """

    @abstractmethod
    def tick(self, now: int) -> Iterator[Found]:
        """Let time pass."""

    @abstractmethod
    def sensors(self) -> set[int]:
        """All sensors that its pairs look at."""

    def due(self, now: int) -> int:
        """The earliest tick that could change something."""
        del now
        return self.kind.due()

    def patience(self) -> int:
        """How long (us) after a reading a tick can first change something because of it."""
        return self.kind.patience()

    def memory(self) -> int:
        """How much history (us) makes a new subject what it would be, had it always been there."""
        return self.kind.memory()

    def measured(self) -> Iterator[Figure]:
        """What its pairs measured since it was last asked."""
        for each in self.kind.measured():
            pair = self.pairs[each.subject]
            yield Figure(
                time=each.time, rule=pair.rule.name, subject=pair.subject, kind=self.kind.name,
                asset=pair.asset, sensor=pair.sensor, value=each.value,
            )  # fmt: skip

    def remember(self) -> dict[str, NDArray[Any]]:
        """Its memory as arrays."""
        return self.kind.remember()

    def recall(self, memory: dict[str, NDArray[Any]], old: Index, new: Index) -> None:
        """Take over the memory of subjects ``old`` there as that of subjects ``new`` here."""
        self.kind.recall(memory, old, new)

    def _found(self, changes: Changes, rows: Index, values: Values) -> Found:
        return Found(self, changes, rows, values if changes.figure is None else changes.figure)


class SensorBank(Bank):
    """Pairs whose subjects are single sensors.

    A sensor may have several pairs here; ``_layers`` are tables from sensor id to subject (-1 = none), as
    many as the most that one sensor has, so that within a layer no subject stands twice.
    """

    def __init__(self, kind: type[Kind[Any]], pairs: Sequence[Pair], size: int) -> None:
        self.pairs = tuple(pairs)
        self.kind = Guard(lambda some: kind([pairs[each].parameters for each in some]), len(pairs))
        self._worst_flag = int(self.kind.worst_flag)
        self._layers = layers([pair.sensor or 0 for pair in pairs], size)

    def update(self, readings: Readings, rows: Index, ends: Index, now: int) -> Iterator[Found]:
        del now
        shown = readings.flag <= self._worst_flag
        if self._worst_flag < Flag.MISSING:
            shown &= np.isfinite(readings.value)
        for layer in self._layers:
            subject = layer.take(readings.sensor).astype(np.intp)
            keep = self._stirred(subject, readings.value, shown & (subject >= 0), len(ends))
            seen = np.count_nonzero(keep)
            if seen == len(rows):
                yield from self._show(subject, readings.time, readings.value, rows, ends)
            elif seen:
                kept = keep.nonzero()[0]
                yield from self._show(
                    subject[kept], readings.time[kept], readings.value[kept], rows[kept],
                    np.searchsorted(kept, ends),
                )  # fmt: skip

    def _stirred(self, subject: Subjects, value: Values, keep: Mask, rounds: int) -> Mask:
        """Of the readings to keep those of subjects to which any of them could matter."""
        stirring = self.kind.stirring(subject, value)
        if stirring is None:
            return keep
        stirring &= keep
        if rounds == 1 or not stirring.any():
            return stirring
        stirred = np.zeros(len(self.pairs), np.bool_)
        stirred[subject[stirring]] = True
        return keep & stirred[subject]

    def _show(
        self, subject: Subjects, time: Times, value: Values, rows: Index, ends: Index
    ) -> Iterator[Found]:
        for changes in self.kind.rounds(subject, time, value, ends):
            yield self._found(changes, rows[changes.row], value[changes.row])

    def tick(self, now: int) -> Iterator[Found]:
        for changes in self.kind.tick(now):
            yield self._found(changes, changes.row, np.full(len(changes.row), np.nan))

    def sensors(self) -> set[int]:
        return {pair.sensor or 0 for pair in self.pairs}


def layers(sensors: Sequence[int], size: int) -> list[NDArray[np.int32]]:
    """Tables from sensor id to its places in ``sensors``; -1 is no sensor."""
    tables: list[NDArray[np.int32]] = []
    used: dict[int, int] = {}
    for place, sensor in enumerate(sensors):
        if sensor < 0:
            continue
        depth = used.get(sensor, 0)
        if depth == len(tables):
            tables.append(np.full(size, -1, np.int32))
        tables[depth][sensor] = place
        used[sensor] = depth + 1
    return tables
