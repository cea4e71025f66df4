"""A kind over several sensors at all the pairs that use it: what they hear, brought to common times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.bank import Bank, Found, layers
from rules.bind import Pair
from rules.guard import Guard
from rules.kinds.base import FOREVER, Changes, Times
from rules.kinds.joint import JointKind, JointParameters
from rules.order import Index
from rules.samples import Sample, Samples
from sensors.readings import Readings


@dataclass(frozen=True, slots=True)
class _Heard:
    """The readings of a batch at the seats that hear them, in order of arrival."""

    subject: Index
    seat: Index
    row: Index
    time: Times
    before: Times
    """How far the seat had come before the batch."""

    def with_which(self, subject: int, time: int) -> int:
        """The row of the reading with which the last of the subject's members had reached a time."""
        mine = np.flatnonzero((self.subject == subject) & (self.before < time) & (self.time >= time))
        _, first = np.unique(self.seat[mine], return_index=True)
        return int(self.row[mine[first]].max(initial=0))


class JointBank(Bank):
    """Pairs over several sensors, whose readings are brought to common times first."""

    def __init__(self, kind: type[JointKind[Any]], pairs: Sequence[Pair], size: int) -> None:
        self.pairs = tuple(pairs)
        roles = [[seat.role for seat in pair.seats] for pair in pairs]
        self.kind = Guard(
            lambda some: kind([pairs[each].parameters for each in some], [roles[each] for each in some]),
            len(pairs),
        )
        self._width = max((len(pair.seats) for pair in pairs), default=1)
        patience = np.full((len(pairs), self._width), -1, np.int64)
        sensor = np.full((len(pairs), self._width), -1)
        for subject, pair in enumerate(pairs):
            patience[subject, : len(pair.seats)] = [seat.patience for seat in pair.seats]
            sensor[subject, : len(pair.seats)] = [seat.sensor for seat in pair.seats]
        self.samples = Samples(np.array([_every(pair) for pair in pairs], np.int64), patience)
        self._layers = layers(sensor.ravel().tolist(), size)

    def update(self, readings: Readings, rows: Index, ends: Index, now: int) -> Iterator[Found]:
        del ends
        heard = self._hear(readings, rows)
        if len(heard.row):
            for changes in self._judge(now):
                at = zip(changes.subject.tolist(), changes.time.tolist(), strict=True)
                shown = np.array([heard.with_which(*each) for each in at], np.intp)
                yield self._found(changes, shown, np.full(len(shown), np.nan))

    def look(self, history: Readings) -> Iterator[Sample]:
        """The samples that a history makes, nobody being waited for any more at its end."""
        self._hear(history, np.arange(len(history)))
        yield from self.samples.ripe(FOREVER)

    def tick(self, now: int) -> Iterator[Found]:
        for changes in chain(self._judge(now), self.kind.tick(now)):
            yield self._found(changes, np.zeros_like(changes.row), np.full(len(changes.row), np.nan))

    def sensors(self) -> set[int]:
        return {seat.sensor for pair in self.pairs for seat in pair.seats}

    def due(self, now: int) -> int:
        return min(self.kind.due(), self.samples.due(now))

    def patience(self) -> int:
        return min(self.kind.patience(), self.samples.patience())

    def memory(self) -> int:
        waited = (seat.patience for pair in self.pairs for seat in pair.seats)
        return self.kind.memory() + max(waited, default=0)

    def remember(self) -> dict[str, NDArray[Any]]:
        return self.kind.remember() | {f"samples_{k}": v for k, v in self.samples.remember().items()}

    def recall(self, memory: dict[str, NDArray[Any]], old: Index, new: Index) -> None:
        self.kind.recall(memory, old, new)
        start = len("samples_")
        mine = {name[start:]: array for name, array in memory.items() if name.startswith("samples_")}
        self.samples.recall(mine, old, new)

    def _hear(self, readings: Readings, rows: Index) -> _Heard:
        at, where = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
        for layer in self._layers:
            place = layer[readings.sensor]
            keep = np.flatnonzero(place >= 0)
            at.append(place[keep].astype(np.intp))
            where.append(keep)
        place, found = np.concatenate(at), np.concatenate(where)
        as_arrived = np.argsort(rows[found], kind="stable")
        place, found = place[as_arrived], found[as_arrived]
        subject, seat = np.divmod(place, self._width)
        time = readings.time[found]
        shown = readings.flag[found] <= self.kind.worst_flag
        before = self.samples.last[subject, seat]
        self.samples.hear(subject, seat, time, np.where(shown, readings.value[found], np.nan))
        return _Heard(subject, seat, rows[found], time, before)

    def _judge(self, now: int) -> Iterator[Changes]:
        for sample in self.samples.ripe(now):
            yield from self.kind.update(sample.subject, sample.time, sample.value)


def _every(pair: Pair) -> int:
    assert isinstance(pair.parameters, JointParameters)
    return pair.parameters.every
