"""A kind over several sensors at all the pairs that use it: what they hear, brought to common times."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rules.bank import Bank, Found, layers
from rules.bind import Pair
from rules.guard import Guard
from rules.kinds.base import FOREVER, Changes, Times, Values
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
    value: Values
    before: Times
    """How far the seat had come before the batch."""

    def __getitem__(self, some: Index) -> Self:
        return type(self)(*(getattr(self, field.name)[some] for field in fields(self)))

    def with_which(self, subject: int, time: int) -> int:
        """The row of the reading with which the last of the subject's members had reached a time."""
        mine = np.flatnonzero((self.subject == subject) & (self.before < time) & (self.time >= time))
        _, first = np.unique(self.seat[mine], return_index=True)
        return int(self.row[mine[first]].max(initial=self.row[0]))


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
        heard = self._placed(readings, rows)
        together = self.samples.together(heard.subject, now)
        yield from self._take(heard[np.flatnonzero(together)], now)
        # Where a member had been let go, others' cells may be done before it is heard again: one by one.
        for each in np.flatnonzero(~together)[:, None]:
            yield from self._take(heard[each], now)

    def _take(self, heard: _Heard, now: int) -> Iterator[Found]:
        if not len(heard.row):
            return
        self.samples.hear(heard.subject, heard.seat, heard.time, heard.value)
        for changes in self._judge(now, heard.subject):
            at = zip(changes.subject.tolist(), changes.time.tolist(), strict=True)
            shown = np.array([heard.with_which(*each) for each in at], np.intp)
            yield self._found(changes, shown, np.full(len(shown), np.nan))

    def look(self, history: Readings) -> Iterator[Sample]:
        """The samples that a history makes, nobody being waited for any more at its end."""
        heard = self._placed(history, np.arange(len(history)))
        self.samples.hear(heard.subject, heard.seat, heard.time, heard.value)
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

    def _placed(self, readings: Readings, rows: Index) -> _Heard:
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
        value = np.where(shown, readings.value[found], np.nan)
        return _Heard(subject, seat, rows[found], time, value, before)

    def _judge(self, now: int, heard: Index | None = None) -> Iterator[Changes]:
        for sample in self.samples.ripe(now, heard):
            yield from self.kind.update(sample.subject, sample.time, sample.value)


def _every(pair: Pair) -> int:
    assert isinstance(pair.parameters, JointParameters)
    return pair.parameters.every
