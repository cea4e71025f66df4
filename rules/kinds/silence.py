"""silence: the sensor has said nothing for longer than it promised.

Formula: evidence from last + ``intervals`` x its device type's upload interval on, where last is the
event time of its newest reading; it ends with the next reading. The time of the transition is that
moment, not the tick that noticed it, so how often the clock ticks changes nothing.

Will not fire on: a sensor that was never heard (see ``lifeline city list``), a value that does not move
(``stuck``), a device that reports its sensors as missing.
False alarms: one per lost upload if ``intervals`` is under 2; packs arrive an upload interval late by
nature, so 3 is the least that makes sense.
Siblings: ``stuck``.

>>> import numpy as np
>>> kind = Silence([SilenceParameters(intervals=3.0, interval_s=60.0)])
>>> _ = list(kind.update(np.array([0]), np.array([0]), np.array([1.0])))
>>> [int(change.time[0]) // 1_000_000 for change in kind.tick(600_000_000)]
[180]

Reference: offline only after a period of the device's own type; one vendor of drainage loggers uses 72 h.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import msgspec
import numpy as np

from rules.kinds.base import FOREVER, Changes, Kind, Parameters, Subjects, Times, Values, of_each
from rules.kinds.runs import Runs
from sensors.model import Asset, Flag
from sensors.readings import SECOND


class SilenceParameters(Parameters, frozen=True, kw_only=True):
    """What a sensor promised, and how patient the city is."""

    intervals: float = 3.0
    """How many upload intervals may pass."""
    interval_s: float = 0.0
    """Upload interval in s; 0 = that of the device's type."""

    def mistake(self) -> tuple[str, str] | None:
        if self.intervals < 1:
            return "intervals", f"expected 1 or more, not {self.intervals}"
        if self.interval_s < 0:
            return "interval_s", f"expected 0 or more, not {self.interval_s}"
        return None

    def at(self, asset: Asset, upload_s: float) -> Self:
        del asset
        return msgspec.structs.replace(self, interval_s=self.interval_s or upload_s)


class Silence(Kind[SilenceParameters]):
    """Deadlines: each reading moves its sensor's on."""

    name: ClassVar = "silence"
    parameters: ClassVar = SilenceParameters
    worst_flag: ClassVar = Flag.MISSING
    kept: ClassVar = ("_deadline",)

    def __init__(self, parameters: Sequence[SilenceParameters]) -> None:
        super().__init__(parameters)
        allowed = of_each(parameters, "intervals", np.float64) * of_each(parameters, "interval_s", np.float64)
        self._allowed = (allowed * SECOND).astype(np.int64)
        self._deadline = np.full(len(parameters), FOREVER)

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        del value
        deadline = self._deadline.take(subject)
        row = np.arange(len(subject))
        missed = (time > deadline).nonzero()[0]
        if len(missed):
            yield from self._change(
                row[missed], subject[missed], deadline[missed], np.ones(len(missed), np.int8)
            )
        self._deadline[subject] = time + self._allowed.take(subject)
        if self.state.take(subject).any():
            yield from self._change(row, subject, time, np.zeros(len(subject), np.int8))

    def rounds(self, subject: Subjects, time: Times, value: Values, ends: Subjects) -> Iterator[Changes]:
        """Whoever spoke all along needs no more than a new deadline."""
        runs = Runs.of(subject)
        told = time[runs.row]
        deadline = runs.before(told + self._allowed[runs.subject], self._deadline)
        spoke = runs.without(told > deadline, len(self.state)) & (self.state == 0)
        newest = runs.last & spoke[runs.subject]
        self._deadline[runs.subject[newest]] = told[newest] + self._allowed[runs.subject[newest]]
        rest = np.flatnonzero(~spoke[subject])
        parts = subject[rest], time[rest], value[rest], np.searchsorted(rest, ends)
        for changes in super().rounds(*parts):
            yield replace(changes, row=rest[changes.row])

    def tick(self, now: int) -> Iterator[Changes]:
        silent = np.flatnonzero((self._deadline < now) & (self.state == 0))
        yield from self._change(
            np.zeros_like(silent), silent, self._deadline[silent], np.ones(len(silent), np.int8)
        )

    def due(self) -> int:
        return int(self._deadline[self.state == 0].min(initial=FOREVER))

    def patience(self) -> int:
        return int(self._allowed.min(initial=FOREVER))

    def memory(self) -> int:
        return int(self._allowed.max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        if state == 0:
            return "speaks again" if np.isnan(value) else f"speaks again, {value:g}"
        return f"has said nothing for {self._allowed[subject] / SECOND:g} s or longer"
