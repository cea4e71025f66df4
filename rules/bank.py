"""One kind over all the pairs that use it, fed by sensor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.bind import Pair
from rules.kinds.base import Changes, Kind, Values
from rules.order import Index
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
        self._layers = _layers([pair.sensor or 0 for pair in pairs], size)

    def update(self, readings: Readings, rows: Index) -> Iterator[Found]:
        """Show the readings at ``rows``, in which no sensor stands twice, to every pair of their sensors."""
        sensor, flag = readings.sensor[rows], readings.flag[rows]
        shown = flag <= self.kind.worst_flag
        if self.kind.worst_flag < Flag.MISSING:
            shown &= np.isfinite(readings.value[rows])
        for layer in self._layers:
            subject = layer[sensor]
            keep = np.flatnonzero((subject >= 0) & shown)
            if len(keep):
                seen = rows[keep]
                for changes in self.kind.update(subject[keep], readings.time[seen], readings.value[seen]):
                    at = seen[changes.row]
                    yield Found(self, changes, at, self._reasons(changes, readings.value[at]))

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
