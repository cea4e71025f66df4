"""Readings of several sensors brought to common times, so that a rule can look at them side by side.

Time is cut into cells of length ``every``: cell k holds all readings with (k - 1) every < t <= k every. A
subject's sample of cell k has for each of its seats the mean of the seat's readings in it, else the mean of
its last cell while that is not older than the seat's patience, else NaN. It is made once the watermark, the
smallest newest time of the members, has reached the cell's end. A member that has been silent for longer
than its patience no longer holds the watermark back; what it sends of cells that are done is left out. So
neither the order in which sensors report nor a bad clock changes what the others say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rules.kinds.base import FOREVER, Subjects, Times, Values
from rules.order import NEVER

_NEVER_CELL = NEVER // 2


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Readings of cells that are not done: beside each other, in no order that matters."""

    subject: NDArray[np.intp]
    seat: NDArray[np.intp]
    cell: NDArray[np.int64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.subject)

    def __getitem__(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Self:
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        nothing = cls(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0, np.int64), np.empty(0))
        every = (nothing, *parts)
        return cls(*(np.concatenate([getattr(each, field.name) for each in every]) for field in fields(cls)))


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample of each of m different subjects. subject: [m]. time: [m], end of its cell. value: [m, w]."""

    subject: Subjects
    time: Times
    value: Values


class Samples:
    """The samples of n subjects with up to w seats each.

    every: int64 [n], us. patience: int64 [n, w], us, -1 where there is no seat.
    """

    def __init__(self, every: NDArray[np.int64], patience: NDArray[np.int64]) -> None:
        self._every, self._patience = every, patience
        self._taken = patience >= 0
        self.last = np.full(patience.shape, NEVER)
        self.begun = np.full(len(every), NEVER)
        """When a subject was first heard: from then on a member that never speaks is waited for."""
        self.done = np.full(len(every), _NEVER_CELL)
        self.held = np.full(patience.shape, np.nan)
        self.held_cell = np.full(patience.shape, _NEVER_CELL)
        self._oldest = np.full(len(every), FOREVER)
        """The oldest cell that waits, by subject: most readings make nothing ripe, and that is soon seen."""
        self._waiting: list[_Waiting] = []

    def hear(self, subject: Subjects, seat: Subjects, time: Times, value: Values) -> None:
        """Take readings in order of arrival; NaN where a sensor spoke and had no value."""
        np.maximum.at(self.last, (subject, seat), time)
        first = np.flatnonzero(self.begun[subject] == NEVER)[::-1]
        self.begun[subject[first]] = time[first]
        cell = -(-time // self._every[subject])
        useful = ~np.isnan(value) & (cell > self.done[subject])
        if useful.any():
            self._wait(_Waiting(subject, seat, cell, value)[useful])

    def ripe(self, now: int, heard: Subjects | None = None) -> Iterator[Sample]:
        """The samples that can be made by now, for each subject in order of time.

        heard: the subjects that something was heard of since it was last asked; None: time has passed.
        """
        candidates = np.arange(len(self._every)) if heard is None else np.unique(heard)
        candidates = candidates[self._oldest[candidates] != FOREVER]
        watermark = self._watermark(candidates, now)
        ripe = watermark >= self._oldest[candidates]
        if not ripe.any():
            return
        reached = np.full(len(self._every), _NEVER_CELL)
        reached[candidates[ripe]] = watermark[ripe]
        ready = self._let_go(reached)
        yield from self._samples(ready)
        np.maximum.at(self.done, ready.subject, ready.cell)
        known = candidates[ripe & (watermark != FOREVER)]
        self.done[known] = np.maximum(self.done[known], reached[known])

    def together(self, subject: Subjects, now: int) -> NDArray[np.bool_]:
        """Whether every member of a subject is heard or still waited for: bool [m]."""
        last = self.last[subject]
        heard = np.where(last == NEVER, self.begun[subject, None], last)
        let_go = self._taken[subject] & (now > heard + self._patience[subject])
        return np.asarray((~let_go).all(axis=1), np.bool_)

    def due(self, now: int) -> int:
        """The earliest tick that lets a silent member go."""
        until = self._heard() + self._patience
        waited_for = self._taken & (self._heard() != NEVER) & (until >= now)
        return int(until[waited_for].min(initial=FOREVER))

    def patience(self) -> int:
        """How long (us) after a reading a tick can first let its sensor go."""
        return int(self._patience[self._taken].min(initial=FOREVER))

    def remember(self) -> dict[str, NDArray[np.generic]]:
        """Everything that the samples to come depend on."""
        kept = ("last", "begun", "done", "held", "held_cell")
        waits = self._all()
        waiting = {f"waiting_{field.name}": getattr(waits, field.name) for field in fields(_Waiting)}
        return {name: getattr(self, name) for name in kept} | waiting

    def recall(self, memory: dict[str, NDArray[Any]], old: Subjects, new: Subjects) -> None:
        """Take over what was known of subjects ``old`` there as that of subjects ``new`` here."""
        for name in ("last", "begun", "done", "held", "held_cell"):
            mine, theirs = getattr(self, name), memory[name]
            if mine.ndim == 1:
                mine[new] = theirs[old]
            else:
                width = min(mine.shape[1], theirs.shape[1])
                mine[new, :width] = theirs[old, :width]
        became = dict(zip(old.tolist(), new.tolist(), strict=True))
        waiting = _Waiting(*(memory[f"waiting_{field.name}"] for field in fields(_Waiting)))
        subject = np.array([became.get(each, -1) for each in waiting.subject.tolist()], np.intp)
        known = self._all()
        stays = ~np.isin(known.subject, new)
        self._oldest[new] = FOREVER
        self._waiting = [known[stays]]
        self._wait(replace(waiting, subject=subject)[subject >= 0])

    def _wait(self, rows: _Waiting) -> None:
        self._waiting.append(rows)
        np.minimum.at(self._oldest, rows.subject, rows.cell)

    def _all(self) -> _Waiting:
        if len(self._waiting) != 1:
            self._waiting = [_Waiting.joined(self._waiting)]
        return self._waiting[0]

    def _let_go(self, reached: NDArray[np.int64]) -> _Waiting:
        """What waits no longer once subjects have reached these cells."""
        waiting = self._all()
        ready = waiting.cell <= reached[waiting.subject]
        rest = waiting[~ready]
        self._waiting = [rest]
        self._oldest[reached != _NEVER_CELL] = FOREVER
        np.minimum.at(self._oldest, rest.subject, rest.cell)
        return waiting[ready]

    def _heard(self) -> NDArray[np.int64]:
        return np.where(self.last == NEVER, self.begun[:, None], self.last)

    def _watermark(self, subject: Subjects, now: int) -> NDArray[np.int64]:
        """The last cell that is complete, by subject; ``FOREVER`` where nobody is waited for."""
        last, every = self.last[subject], self._every[subject, None]
        heard = np.where(last == NEVER, self.begun[subject, None], last)
        complete = np.where(last == NEVER, _NEVER_CELL, last // every)
        waited_for = self._taken[subject] & (now <= heard + self._patience[subject])
        watermark: NDArray[np.int64] = np.where(waited_for, complete, FOREVER).min(axis=1, initial=FOREVER)
        return watermark

    def _samples(self, ready: _Waiting) -> Iterator[Sample]:
        rows = np.lexsort((ready.seat, ready.cell, ready.subject))
        subject, seat, cell = ready.subject[rows], ready.seat[rows], ready.cell[rows]
        first = _changes(subject, cell, seat)
        count = np.diff(np.append(np.flatnonzero(first), len(rows)))
        mean = np.add.reduceat(ready.value[rows], np.flatnonzero(first)) / count
        subject, seat, cell = subject[first], seat[first], cell[first]
        begins = _changes(subject, cell)
        sample = np.cumsum(begins) - 1
        of, at = subject[begins], cell[begins]
        newest = np.flatnonzero(_changes(of))
        rank = np.arange(len(of)) - np.repeat(newest, np.diff(np.append(newest, len(of))))
        for mine, now in zip(_by_turn(rank[sample]), _by_turn(rank), strict=True):
            self.held[subject[mine], seat[mine]] = mean[mine]
            self.held_cell[subject[mine], seat[mine]] = cell[mine]
            yield self._sample(of[now], at[now])

    def _sample(self, subject: Subjects, cell: NDArray[np.int64]) -> Sample:
        every = self._every[subject]
        age = cell[:, None] - self.held_cell[subject]
        value = np.where(age <= self._patience[subject] // every[:, None], self.held[subject], np.nan)
        return Sample(subject, cell * every, value)


def _changes(*sorted_keys: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where any of the keys differs from the one before."""
    first = np.zeros(len(sorted_keys[0]), np.bool_)
    first[:1] = True
    for key in sorted_keys:
        first[1:] |= key[1:] != key[:-1]
    return first


def _by_turn(rank: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Where each rank stands, from 0 on."""
    rows = np.argsort(rank, kind="stable")
    return np.split(rows, np.searchsorted(rank[rows], np.arange(1, int(rank.max()) + 1)))
