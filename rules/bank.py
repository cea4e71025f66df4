"""One kind over all the pairs that use it, fed by sensor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.bind import Pair
from rules.kinds.base import Changes, Kind, Subjects, Times, Values
from rules.order import Index, Mask
from sensors.model import Flag
from sensors.readings import Readings


@dataclass(frozen=True, slots=True)
class Found:
    """A change of evidence in a bank, with the rows of the batch that showed it, and why in words."""

    bank: "Bank"
    changes: Changes
    rows: Index
    reasons: tuple[str, ...]


class Bank:
    """The pairs of one kind, in the order of its subjects.

    A sensor may have several pairs here; ``_layers`` are tables from sensor id to subject (-1 = none), as
    many as the most that one sensor has, so that within a layer no subject stands twice.
    """

    def __init__(self, kind: type[Kind[Any]], pairs: Sequence[Pair], size: int) -> None:
        self.pairs = tuple(pairs)
        self.kind = kind([pair.parameters for pair in pairs])
        self._worst_flag = int(self.kind.worst_flag)
        self._layers = _layers([pair.sensor or 0 for pair in pairs], size)

    def update(self, readings: Readings, rows: Index, ends: Index) -> Iterator[Found]:
        """Show readings to every pair of their sensors.

        readings: in rounds in which no sensor stands twice. rows: beside them, where each stands in its
        batch. ends: where each round ends.
        """
        shown = readings.flag <= self._worst_flag
        if self._worst_flag < Flag.MISSING:
            shown &= np.isfinite(readings.value)
        for layer in self._layers:
            subject = layer[readings.sensor]
            keep = self._stirred(subject, readings.value, shown & (subject >= 0))
            seen = np.count_nonzero(keep)
            if seen == len(rows):
                yield from self._show(subject, readings.time, readings.value, rows, ends)
            elif seen:
                kept = keep.nonzero()[0]
                yield from self._show(
                    subject[kept], readings.time[kept], readings.value[kept], rows[kept],
                    np.searchsorted(kept, ends),
                )  # fmt: skip

    def _stirred(self, subject: Subjects, value: Values, keep: Mask) -> Mask:
        """Of the readings to keep those of subjects to which any of them could matter."""
        stirring = self.kind.stirring(subject, value)
        if stirring is None:
            return keep
        stirring &= keep
        if not stirring.any():
            return stirring
        stirred = np.zeros(len(self.pairs), np.bool_)
        stirred[subject[stirring]] = True
        return keep & stirred[subject]

    def _show(
        self, subject: Subjects, time: Times, value: Values, rows: Index, ends: Index
    ) -> Iterator[Found]:
        start = 0
        for end in ends.tolist():
            if end > start:
                part = slice(start, end)
                for changes in self.kind.update(subject[part], time[part], value[part]):
                    reasons = self._reasons(changes, value[part][changes.row])
                    yield Found(self, changes, rows[part][changes.row], reasons)
                start = end

    def tick(self, now: int) -> Iterator[Found]:
        """Let time pass."""
        for changes in self.kind.tick(now):
            nothing = np.full(len(changes.row), np.nan)
            yield Found(self, changes, changes.row, self._reasons(changes, nothing))

    def _reasons(self, changes: Changes, values: Values) -> tuple[str, ...]:
        """Asked at once, so that a kind can say what it knew at that reading and not at the batch's end."""
        said = zip(changes.subject.tolist(), changes.state.tolist(), values.tolist(), strict=True)
        return tuple(self.kind.explain(*each) for each in said)


def _layers(sensors: Sequence[int], size: int) -> list[NDArray[np.intp]]:
    layers: list[NDArray[np.intp]] = []
    used: dict[int, int] = {}
    for subject, sensor in enumerate(sensors):
        depth = used.get(sensor, 0)
        if depth == len(layers):
            layers.append(np.full(size, -1, np.intp))
        layers[depth][sensor] = subject
        used[sensor] = depth + 1
    return layers
