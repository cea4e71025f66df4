"""deviation: the value stands away from what is usual for this sensor.

Formula: baseline = the ``percentile`` of the readings of the last ``window``, thinned to ``points`` of them
and computed anew with each that is kept; r = value - baseline, or with ``least_spread`` r = (value -
baseline) / max(1.4826 MAD, ``least_spread``), MAD = the median distance from the median in the window; with
``spread_over`` the spread is 1.2533 times the mean distance from the baseline over so long instead, each no
further out than 5 of the mean, so that a calm hour of a restless sensor makes it no calm one. The bands are
those of ``limit``, on r: deadband, delays. While in evidence the baseline stands still, and so does its
clock, for ``freeze`` at most. Nothing is judged before half a window and five points are known.
With ``baseline = "week"`` or ``"day"`` it is learned from history instead, in the city's time zone: that
percentile, and 1.4826 MAD around it with the hours beside, of each hour of the week or day, read off
linearly between the middles of the hours. It is part of the rule set and moves by no evidence.

Will not fire on: a rise slower than the window; a level that was there from the start; what lasts longer
than ``freeze`` once it fills the window; a sensor that reports fewer than five times a window.
False alarms: what is usual changes with the hour and the weather. A low percentile follows the quiet level
and leaves gusts above it; the median doubles the false alarms of a daily cycle. In spreads, of white noise
one reading in 370 is beyond 3 and one in 16,000 beyond 4; ``on_delay`` of three readings makes both rare.
A weekly baseline of demand alone is weak: how much a day differs from its like stays in r, so explain by
other sensors first (``relation``).
Siblings: ``limit`` for a level that is bad at any time, ``ewma`` for less than one reading's noise, ``spike``
for what is back at once.

>>> import numpy as np
>>> from rules.kinds.limit import Band
>>> kind = Deviation([DeviationParameters(bands=(Band(above=2.0),), percentile=10.0)])
>>> for minute in range(0, 400, 5):
...     value = 7.0 if minute > 390 else 2.0 + 0.1 * (minute % 15)
...     changes = list(kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([value])))
...     for change in changes:
...         print(minute, kind.explain(0, int(change.state[0]), value))
395 7 is 5 above its usual 2

Reference: fence-line methane: 2 ppm above the 10th percentile of 6 h finds 17 of 17 releases of METEC's ADED
2022 (our own run); median and MAD: F. R. Hampel, The influence curve, JASA 69 (1974).
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Literal, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Kind, Subjects, Times, Values, attribute, of_each
from rules.kinds.limit import Limit, LimitParameters
from rules.kinds.reference import NEVER
from rules.kinds.window import MAD, Window, median, quantile
from sensors.local import local
from sensors.model import Asset
from sensors.readings import HOUR

_LEAST, _MOST = 5, 1000

_MEAN_DISTANCE = 1.2533
"""How many mean distances the standard deviation of a normal distribution is."""

_OUTLYING = 5.0

_RIPE = 20
"""Distances that a mean of them must have."""


class DeviationParameters(LimitParameters, frozen=True, kw_only=True):
    """Bands around what is usual, in the quantity's own unit or, with ``least_spread``, in spreads."""

    baseline: Literal["rolling", "day", "week"] = "rolling"
    """What is usual: the last ``window``, or what was learned of this hour of the day or of the week."""
    window: Duration = lasting("6h")
    percentile: float = 50.0
    """Which level of the window is the usual one; 10 where only what comes on top is of interest."""
    points: int = 60
    """How many readings stand for the window."""
    least_spread: float | None = None
    """The spread that a quiet sensor is at least taken to have, in the quantity's own unit."""
    spread_over: Duration | None = None
    """How long the distances from the baseline are averaged for the spread; None = those of the window."""
    freeze: Duration = lasting("1d")
    """How long evidence may hold the baseline; what lasts longer becomes the new normal."""

    def mistake(self) -> tuple[str, str] | None:
        if self.window <= 0:
            return "window", "expected more than 0"
        if not 0 <= self.percentile <= 100:  # noqa: PLR2004
            return "percentile", f"expected 0 to 100, not {self.percentile}"
        if not _LEAST <= self.points <= _MOST:
            return "points", f"expected {_LEAST} to {_MOST}, not {self.points}"
        if self.least_spread is not None and self.least_spread <= 0:
            return "least_spread", f"expected more than 0, not {self.least_spread}"
        rolls = self.least_spread is not None and self.baseline == "rolling"
        if self.spread_over is not None and not (rolls and self.spread_over >= self.window):
            return "spread_over", "expected at least the window, beside least_spread and a rolling baseline"
        return super().mistake()

    def at(self, asset: Asset, upload_s: float) -> Self:
        if self.least_spread is None or self.relative_to is None:
            return super().at(asset, upload_s)
        spread = self.least_spread * abs(attribute(asset, self.relative_to))
        return msgspec.structs.replace(self, least_spread=spread, relative_to=None)


_SLOTS = {"rolling": 0, "day": 24, "week": 168}
_AGAIN = 2
"""How many readings each hour needs to be learned."""


class Deviation(Kind[DeviationParameters]):
    """Limits on what is left of the values without their baselines."""

    name: ClassVar = "deviation"
    parameters: ClassVar = DeviationParameters
    kept: ClassVar = ("_baseline", "_spread", "_heard", "_begun", "_held", "_distance", "_counted")

    def __init__(self, parameters: Sequence[DeviationParameters]) -> None:
        super().__init__(parameters)
        size = len(parameters)
        self._limit = Limit(parameters)
        self.state = self._limit.state
        self._length = of_each(parameters, "window", np.int64)
        self._share = of_each(parameters, "percentile", np.float64) / 100.0
        self._least = np.array([each.least_spread or np.nan for each in parameters], np.float64)
        self._freeze = of_each(parameters, "freeze", np.int64)
        self._over = np.array([each.spread_over or 0 for each in parameters], np.int64)
        self._distance, self._counted = np.zeros(size), np.zeros(size, np.int64)
        """The mean distance from the baseline, and of how many."""
        self._window = Window([each.points for each in parameters], [each.window for each in parameters])
        self._baseline = np.full(size, np.nan)
        self._spread = np.where(self._over > 0, np.inf, 1.0)
        self._heard, self._begun = np.full(size, NEVER), np.full(size, NEVER)
        """The last reading; the beginning of the present evidence."""
        self._held = np.zeros(size, np.int64)
        """How long the baseline's clock has stood still."""
        self._slots = np.array([_SLOTS[each.baseline] for each in parameters], np.int64)
        self._zone = parameters[0].zone if parameters else "UTC"
        self._learner = np.cumsum(self._slots > 0) - 1
        self._usual = np.full((np.count_nonzero(self._slots), 2, self._slots.max(initial=0)), np.nan)
        """Of the subjects that learn: baselines and spreads by slot."""
        for row, each in enumerate(parameters):
            if each.learned:
                self._usual[self._learner[row], :, : self._slots[row]] = np.reshape(each.learned, (2, -1))

    @classmethod
    def must_learn(cls, parameters: DeviationParameters) -> bool:
        return parameters.baseline != "rolling"

    @classmethod
    def learn(
        cls, parameters: DeviationParameters, zone: str, time: Times, value: Values
    ) -> tuple[float, ...]:
        slots = _SLOTS[parameters.baseline]
        slot = local(time, zone) // HOUR % slots
        few = np.flatnonzero(np.bincount(slot, minlength=slots) < _AGAIN)
        if len(few):
            raise ValueError(
                f"expected {_AGAIN} readings or more in each hour of the {parameters.baseline}, "
                f"which {len(few)} of {slots} do not have"
            )
        usual = np.array([np.percentile(value[slot == each], parameters.percentile) for each in range(slots)])
        away = np.abs(value - usual[slot])
        beside = [np.isin(slot, np.arange(each - 1, each + 2) % slots) for each in range(slots)]
        spread = [MAD * float(np.median(away[each])) for each in beside]
        return (*usual.tolist(), *spread)

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        before = self.state[subject]
        frozen = (before > 0) & (time - self._begun[subject] < self._freeze[subject])
        still = subject[frozen]
        self._held[still] += time[frozen] - self._heard[still]
        elapsed = time - self._heard[subject]
        self._heard[subject] = time
        clock = time - self._held[subject]
        rolling = self._slots[subject] == 0
        self._look_up(subject[~rolling], time[~rolling])
        opening = np.flatnonzero(rolling & ~frozen & self._window.opens(subject, clock))
        self._learn(subject[opening], clock[opening])
        yield from self._limit.update(subject, time, self._residual(subject, value))
        begins = (self.state[subject] > 0) & (before == 0)
        self._begun[subject[begins]] = time[begins]
        if self._over.any():
            calm = np.flatnonzero((self._over[subject] > 0) & ~frozen & ~begins)
            self._widen(subject[calm], elapsed[calm], value[calm])
        keeping = opening[~begins[opening]]
        self._window.keep(subject[keeping], clock[keeping], value[keeping])

    def memory(self) -> int:
        rolling = np.maximum(self._length, 3 * self._over)[self._slots == 0]
        return self._limit.memory() + int(rolling.max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        baseline, residual = (
            self._baseline[subject],
            self._residual(np.array([subject]), np.array([value]))[0],
        )
        if np.isnan(baseline):
            return f"has no usual value yet, now {value:g}"
        unit = "" if np.isnan(self._least[subject]) else " spreads"
        where = "above" if residual >= 0 else "below"
        away = f"{value:g} is {abs(residual):.3g}{unit} {where} its usual {baseline:.4g}"
        return away if state else f"is back to usual: {away}"

    def remember(self) -> dict[str, NDArray[Any]]:
        limit = {f"limit_{name}": array for name, array in self._limit.remember().items()}
        return super().remember() | limit | self._window.remember()

    def recall(self, memory: dict[str, NDArray[Any]], old: Subjects, new: Subjects) -> None:
        super().recall(memory, old, new)
        start = len("limit_")
        limit = {name[start:]: array for name, array in memory.items() if name.startswith("limit_")}
        self._limit.recall(limit, old, new)

    def _residual(self, subject: Subjects, value: Values) -> Values:
        """What the bands are held against; 0 where nothing is known."""
        residual: Values = (value - self._baseline[subject]) / self._spread[subject]
        residual[np.isnan(residual)] = 0.0
        return residual

    def _look_up(self, subject: Subjects, time: Times) -> None:
        """Read what is usual at these times off what was learned."""
        if not len(subject):
            return
        slots = self._slots[subject]
        place = (local(time, self._zone) / HOUR - 0.5) % slots
        before = np.floor(place).astype(np.intp)
        share = place - before
        learner = self._learner[subject]
        first, then = (self._usual[learner, :, slot % slots] for slot in (before, before + 1))
        baseline, spread = (first + (then - first) * share[:, None]).T
        self._baseline[subject] = baseline
        least = self._least[subject]
        self._spread[subject] = np.where(np.isnan(least), 1.0, np.fmax(spread, least))

    def _learn(self, subject: Subjects, clock: Times) -> None:
        if not len(subject):
            return
        view = self._window.view(subject, clock)
        known = (view.count >= _LEAST) & (view.span >= self._length[subject] / 2)
        rows = np.sort(view.value, axis=1)
        baseline = quantile(rows, view.count, self._share[subject])
        self._baseline[subject] = np.where(known, baseline, np.nan)
        least = self._least[subject]
        if not np.isnan(least).all():
            distance = np.abs(view.value - quantile(rows, view.count, 0.5)[:, None])
            spread = np.maximum(MAD * median(distance, view.count), least)
            spread = np.where(known & ~np.isnan(least), spread, 1.0)
            self._spread[subject] = np.where(self._over[subject] > 0, self._spread[subject], spread)

    def _widen(self, subject: Subjects, elapsed: Times, value: Values) -> None:
        """Take distances from the baseline into their mean, and the spread from that."""
        distance = np.abs(value - self._baseline[subject])
        known = ~np.isnan(distance)
        subject, elapsed, distance = subject[known], elapsed[known], distance[known]
        mean, count = self._distance[subject], self._counted[subject]
        distance = np.where(count < _RIPE, distance, np.minimum(distance, _OUTLYING * mean))
        share = np.maximum(1.0 / (count + 1), -np.expm1(-elapsed / self._over[subject]))
        mean += share * (distance - mean)
        self._distance[subject], self._counted[subject] = mean, count + 1
        spread = np.maximum(_MEAN_DISTANCE * mean, self._least[subject])
        self._spread[subject] = np.where(count + 1 < _RIPE, np.inf, spread)
