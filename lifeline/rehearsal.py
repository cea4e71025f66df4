"""Readings through engine and case-making in this process: what worker and alerts would say.

Ticks fall in as the worker's would, one each ``grain``; those that can change nothing are left out, as there.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np

from alerts import lifecycle
from rules.engine import Engine, Step, Tick
from rules.levels import RiskLevel
from rules.model import RiskChange, Transition
from rules.order import NEVER
from sensors.readings import HOUR, SECOND, Readings

MOST = 10_000
"""Readings that the engine is shown at a time; it changes no verdict."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rehearsal:
    """One engine and all that it said so far, in order."""

    def __init__(self, engine: Engine, grain: int = SECOND) -> None:
        self.engine, self._grain = engine, grain
        self._now = NEVER
        self.transitions: list[Transition] = []
        self.risk_changes: list[RiskChange] = []

    def hear(self, readings: Readings) -> None:
        """Take readings in their order of arrival; time is as late as the newest of them."""
        if not len(readings):
            return
        if self._now == NEVER:
            self._now = int(readings.time[0]) - 1
        newest = np.maximum.accumulate(np.maximum(readings.time, self._now))
        hours = np.flatnonzero(np.diff(newest // HOUR)) + 1
        cuts = np.unique(np.concatenate([[0, len(readings)], hours, np.arange(0, len(readings), MOST)]))
        for start, end in zip(cuts.tolist(), cuts[1:].tolist(), strict=False):
            self.until(int(newest[start]) - 1)
            ticks = self._between(self._now, int(newest[end - 1]))
            places = np.searchsorted(newest[start:end], ticks, side="left")
            said = [Tick(*each) for each in zip(places.tolist(), ticks.tolist(), strict=True)]
            self._keep(self.engine.step(readings[start:end], said))
            self._now = int(newest[end - 1])

    def until(self, time: int) -> None:
        """Let time pass to ``time`` without a reading; before the first there is no time."""
        while self._now < time and self._now != NEVER:
            due = self._between(max(self._now, min(self.engine.due(), time) - 1), time)[:1]
            tick = int(due[0]) if len(due) else time
            self._keep(self.engine.step(Readings.empty(), [Tick(0, tick)]))
            self._now = tick

    def cases(self) -> list[lifecycle.Step]:
        """What becomes of cases, where nobody acknowledges anything."""
        return case_steps(self.risk_changes)

    def _between(self, after: int, until: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The ticks after one moment and until another."""
        return np.arange((after // self._grain + 1) * self._grain, until + 1, self._grain)

    def _keep(self, step: Step) -> None:
        self.transitions += step.transitions
        self.risk_changes += step.risk_changes


def case_steps(changes: Iterable[RiskChange]) -> list[lifecycle.Step]:
    """What changes of risk do to cases, numbered from 1 as they come."""
    taken = lifecycle.follow([], (_change(number, change) for number, change in enumerate(changes, 1)))
    return [step for step in taken if isinstance(step, lifecycle.Step)]


def _change(number: int, change: RiskChange) -> lifecycle.Change:
    return lifecycle.Change(
        risk_change_id=number,
        asset_id=change.asset,
        hazard=change.hazard,
        time=_EPOCH + timedelta(microseconds=change.time),
        level=None if change.level is None else RiskLevel(change.level),
        likelihood=change.likelihood,
        consequence=change.consequence,
        data={},
    )
