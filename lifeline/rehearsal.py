"""Readings through engine and case-making in this process: what worker and alerts would say.

Ticks fall in as the worker's would, one each ``grain``; those that can change nothing are left out, as there.
"""

from collections.abc import Sequence
from itertools import groupby

import msgspec
import numpy as np
from numpy.typing import NDArray

from lifeline.followed import followed, time_of
from rules.engine import Engine, Step, Tick
from rules.model import RiskChange, Transition
from rules.order import NEVER
from sensors.readings import HOUR, SECOND, Readings
from sensors.waveforms import NO_FEATURES, Features, Waveform

MOST = 10_000
"""Readings that the engine is shown at a time; it changes no verdict."""

Times = NDArray[np.int64]

Level = tuple[str, str, int, int | None]
"""Asset, hazard, time (us since 1970 UTC), and the level from then on."""


class Rehearsal:
    """One engine and all that it said so far, in order."""

    def __init__(self, engine: Engine, grain: int = SECOND) -> None:
        self.engine, self._grain = engine, grain
        self._now = NEVER
        self.transitions: list[Transition] = []
        self.risk_changes: list[RiskChange] = []

    def take(self, readings: Readings, ticks: Sequence[Tick] = (), features: Features = NO_FEATURES) -> Step:
        """Take a batch as it is, of a feed that brings a clock of its own."""
        step = self.engine.step(readings, ticks, features)
        self.transitions += step.transitions
        self.risk_changes += step.risk_changes
        return step

    def hear(self, readings: Readings, waveforms: Sequence[Waveform] = ()) -> None:
        """Take readings in their order of arrival; time is as late as the newest of them.

        waveforms: by their start; each comes when its last sample was taken.
        """
        waiting = sorted(waveforms, key=lambda each: (each.end, each.message))
        if len(readings):
            if self._now == NEVER:
                self._now = int(readings.time[0]) - 1
            waiting = self._hear(readings, waiting)
        if waiting and self._now == NEVER:
            self._now = waiting[0].end - 1
        for block, together in groupby(waiting, key=lambda each: each.message):
            del block
            channels = list(together)
            self.until(channels[-1].end)
            self.take(Readings.empty(), (), self.engine.waves.features(channels))

    def _hear(self, readings: Readings, waveforms: list[Waveform]) -> list[Waveform]:
        """Take both; the waveforms that end after all readings are left."""
        newest = np.maximum.accumulate(np.maximum(readings.time, self._now))
        hours = np.flatnonzero(np.diff(newest // HOUR)) + 1
        cuts = np.unique(np.concatenate([[0, len(readings)], hours, np.arange(0, len(readings), MOST)]))
        for start, end in zip(cuts.tolist(), cuts[1:].tolist(), strict=False):
            self.until(int(newest[start]) - 1)
            part, last = newest[start:end], int(newest[end - 1])
            ticks = self._between(self._now, last)
            places = np.searchsorted(part, ticks, side="left")
            said = [Tick(*each) for each in zip(places.tolist(), ticks.tolist(), strict=True)]
            ended = [_placed(each, part, ticks) for each in waveforms if each.end <= last]
            waveforms = waveforms[len(ended) :]
            self.take(readings[start:end], said, self.engine.waves.features(ended))
            self._now = last
        return waveforms

    def until(self, time: int) -> None:
        """Let time pass to ``time`` without a reading; before the first there is no time."""
        while self._now < time and self._now != NEVER:
            due = max(self._now + 1, self.engine.due())
            tick = min(-(-due // self._grain) * self._grain, time)
            self.take(Readings.empty(), [Tick(0, tick)])
            self._now = tick

    def levels(self) -> list[Level]:
        """What the cases come to, where nobody acknowledges anything."""
        steps = followed(self.risk_changes)
        return [(each.case.asset_id, each.case.hazard, time_of(each), each.event.level) for each in steps]

    def _between(self, after: int, until: int) -> Times:
        """The ticks after one moment and until another."""
        return np.arange((after // self._grain + 1) * self._grain, until + 1, self._grain)


def _placed(waveform: Waveform, times: Times, ticks: Times) -> Waveform:
    """After the readings and ticks that there were before it ended."""
    position, told = (int(np.searchsorted(each, waveform.end, side="right")) for each in (times, ticks))
    return msgspec.structs.replace(waveform, position=position, ticks=told)
