"""The engine: readings and ticks in, transitions and changes of risk out. Pure, and the same at any speed.

What comes out is a function of what came in and its order of arrival, and of nothing else: not of how the
feed was cut into batches, not of the clock on the wall.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rules.banks import banks
from rules.bind import Binding, bind
from rules.board import Board
from rules.event import Event, in_order, noticed, read
from rules.groups import Groups
from rules.hazards import Hazard, hazards
from rules.kinds.base import FOREVER, Values
from rules.model import Figure, RiskChange, RuleSet, Transition
from rules.order import NEVER, Index, Order, order
from rules.waves import Shown, Waves, weave
from sensors.consequence import scored
from sensors.model import Flag, Registry
from sensors.quantities import QUANTITIES
from sensors.readings import SECOND, Readings
from sensors.waveforms import NO_FEATURES, Features

_FAIL = int(Flag.FAIL)


@dataclass(frozen=True, slots=True)
class Tick:
    """Time is ``time`` now, said after ``position`` readings of the batch."""

    position: int
    time: int


@dataclass(frozen=True, slots=True)
class Step:
    """What a batch of n readings did.

    late: bool [n]. flag: int8 [n], as given or SUSPECT where the value moved faster than it can.
    figures: what rules measured, for people to watch; where one raised, those of before may come again.
    """

    late: NDArray[np.bool_]
    flag: NDArray[np.int8]
    transitions: tuple[Transition, ...]
    risk_changes: tuple[RiskChange, ...]
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What has been said so far, in order."""

    transitions: list[Transition] = field(default_factory=list)
    risk_changes: list[RiskChange] = field(default_factory=list)

    def tell(self, events: Iterable[Event], board: Board) -> None:
        """Put the events into words and let the board judge them one by one."""
        for event in events:
            transition = event.transition()
            self.transitions.append(transition)
            self.risk_changes.extend(board.apply(transition, event.evidence()))


class Engine:
    """All state of the rules over one registry and one rule set; over a part of them, if one is given."""

    def __init__(self, registry: Registry, rules: RuleSet, part: Binding | None = None) -> None:
        self.registry, self.rules = registry, rules
        self.binding = binding = bind(rules, registry) if part is None else part
        size = max((sensor.id for sensor in registry.sensors), default=0) + 1
        self.banks = banks(binding.by_kind.items(), size)
        self.waves = Waves(self.banks)
        self.groups = Groups(binding.groups)
        self.board = Board(hazards(), rules.groups, rules.matrix, _consequences(registry, hazards()))
        self.now = NEVER
        """The newest tick."""
        self.last = np.full(size, NEVER)
        self.last_value = np.full(size, np.nan)
        self._max_rates, self._quantity = _max_rates(registry, size)
        quiet = (hazard.quiet for hazard in hazards().values() if hazard.quiet)
        self._patience = min(*(bank.patience() for bank in self.banks), self.groups.patience(), *quiet)

    def step(self, readings: Readings, ticks: Sequence[Tick] = (), features: Features = NO_FEATURES) -> Step:
        """Take a batch: its readings in their order of arrival, the ticks and the waveforms between them."""
        told = Told()
        if not len(features):
            late, flag = self._pass(readings, ticks, None, told)
            return self._step(late, flag, told)
        woven = weave(readings, [(tick.position, tick.time) for tick in ticks], features)
        late, flag = np.zeros(len(woven.readings), np.bool_), woven.readings.flag.copy()
        for start, end in pairwise(woven.cuts):
            rows = slice(start, end)
            between = [Tick(position - start, time) for position, time in woven.between(start, end)]
            shown = woven.shown.part(start, end)
            late[rows], flag[rows] = self._pass(woven.readings[rows], between, shown, told)
        own = ~woven.heard
        return self._step(late[own], flag[own], told)

    def _step(self, late: NDArray[np.bool_], flag: NDArray[np.int8], told: Told) -> Step:
        figures = tuple(sorted({figure for bank in self.banks for figure in bank.measured()}))
        return Step(late, flag, tuple(told.transitions), tuple(told.risk_changes), figures)

    def _pass(
        self, readings: Readings, ticks: Sequence[Tick], shown: Shown | None, told: Told
    ) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
        """Take readings, what is shown at them, and the ticks between them; which are late, and all flags."""
        late, flag = np.zeros(len(readings), np.bool_), readings.flag.copy()
        start = 0
        for end, tick in self._cuts(readings, ticks):
            part = slice(start, end)
            if end > start:
                features = shown and shown.part(start, end)
                events, late[part], flag[part] = self._take(readings[part], features)
                told.tell(events, self.board)
            if self.now <= tick != NEVER:
                self.now = tick
                told.tell(self._tick(), self.board)
                told.risk_changes.extend(self.board.tick(tick))
            start = end
        return late, flag

    def due(self) -> int:
        """The earliest tick that could change something; all before it may be left out."""
        soonest = min((bank.due(self.now) for bank in self.banks), default=FOREVER)
        return min(soonest, self.groups.due(self.last, self.now), self.board.due())

    def _cuts(self, readings: Readings, ticks: Sequence[Tick]) -> Iterator[tuple[int, int]]:
        """Where the batch must be cut: after so many readings, at a tick that could change something.

        The last cut is the batch's end, with the newest of the ticks that changed nothing.
        """
        start, waiting = 0, list(ticks)
        while waiting:
            oldest = int(readings.time[start:].min(initial=FOREVER - self._patience))
            floor = min(self.due(), oldest + self._patience)
            number = next((n for n, tick in enumerate(waiting) if tick.time >= floor), None)
            if number is None:
                break
            yield waiting[number].position, waiting[number].time
            start, waiting = waiting[number].position, waiting[number + 1 :]
        yield len(readings), max((tick.time for tick in waiting), default=NEVER)

    def _take(
        self, readings: Readings, features: Shown | None
    ) -> tuple[list[Event], NDArray[np.bool_], NDArray[np.int8]]:
        ordered = order(readings.sensor, readings.time, self.last)
        # Sensor by sensor, so that the memory of so many sensors is walked through and not jumped about in.
        timely = readings if ordered.plain else readings[ordered.by_sensor]
        trusted = _trusted(timely)
        jumped = self._jumped(timely, trusted, ordered)
        if len(jumped):
            flag = readings.flag.copy()
            flag[ordered.by_sensor[jumped]] = np.maximum(timely.flag[jumped], Flag.SUSPECT)
            readings = replace(readings, flag=flag)
            timely = replace(timely, flag=flag[ordered.by_sensor])
        shown = timely if len(ordered.ends) <= 1 else readings[ordered.in_rounds]
        found = [
            f for bank in self.banks for f in bank.update(shown, ordered.in_rounds, ordered.ends, self.now)
        ]
        events = in_order(e for f in found for e in read(f, readings))
        if features:
            seen = self.waves.take(features, readings, ordered.late, self.last_value)
            events = in_order([*events, *seen])
        if self.groups.concerned(events):
            heard = np.flatnonzero(~ordered.late)
            events = in_order(
                [*events, *self.groups.take(events, readings[heard], heard, self.last, self.now)]
            )
        newest = np.delete(np.arange(len(trusted)), ordered.again - 1) if len(ordered.again) else slice(None)
        self.last[timely.sensor[newest]] = timely.time[newest]
        self.last_value[timely.sensor[newest]] = trusted[newest]
        return events, ordered.late, readings.flag

    def _tick(self) -> list[Event]:
        found = [f for bank in self.banks for f in bank.tick(self.now)]
        events = sorted(
            (e for f in found for e in noticed(f)), key=lambda event: (event.time, event.pair.place)
        )
        return [*events, *self.groups.tick(events, self.last, self.now)]

    def _jumped(self, timely: Readings, value: Values, ordered: Order) -> Index:
        """Where a value moved faster since the one before than its quantity can."""
        before = self.last_value.take(timely.sensor)
        before[ordered.again] = value[ordered.again - 1]
        max_rate = self._max_rates.take(self._quantity.take(timely.sensor))
        return np.flatnonzero(np.abs(value - before) > max_rate * (timely.time - ordered.since))


def _trusted(readings: Readings) -> Values:
    if readings.flag.max(initial=0) < _FAIL:
        return readings.value
    return np.where(readings.flag < _FAIL, readings.value, np.nan)


def _max_rates(registry: Registry, size: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """How fast each quantity can change in a us, and by sensor id which it is; the last can jump at will."""
    number = {name: place for place, name in enumerate(QUANTITIES)}
    quantity = np.full(size, len(number), np.uint8)
    for sensor in registry.sensors:
        quantity[sensor.id] = number[sensor.quantity]
    return np.array([*(each.max_rate for each in QUANTITIES.values()), np.inf]) / SECOND, quantity


def _consequences(registry: Registry, catalogue: Mapping[str, Hazard]) -> Callable[[str, str], int]:
    worst = {asset: scores.worst for asset, scores in scored(registry).items()}
    return lambda asset, hazard: catalogue[hazard].consequence or worst.get(asset, 1)
