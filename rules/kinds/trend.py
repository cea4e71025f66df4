"""trend: the value is on its way to a threshold and will be there before anybody can be.

Formula: over the last ``window``, thinned to ``points`` readings, the slope is the median of (vj - vi) /
(tj - ti) over all pairs (Theil-Sen), the level now the median of v + slope x age, and time = (threshold -
level) / slope. The 90 % band of the slope is that between the pairs of rank (N - C) / 2 and (N + C) / 2 of
N, C = 1.645 sqrt(n (n - 1) (2 n + 5) / 18); the band of the time follows from it. Evidence when the whole
band points to the threshold and its later end is no further off than ``response``, for ``on_delay`` without a
break; left when that was not so for ``off_delay`` without a break. It is computed with each reading that is
kept, so every ``window`` / ``points``, from five of them over half a window on.

Will not fire on: a rise that gives less warning than half a window; one slower than noise over the window;
a value that stands beyond the threshold and no longer moves (``limit``).
False alarms: of white noise alone one evaluation in 20 has a slope that looks significant, but it must also
point far enough. With a ``response`` of two windows of 15 points and a threshold 3 spreads off, one in 380
begins an alarm; 5 off, one in 5,700; 8 off, none in 200,000 (simulated). Slow waves count as
trends while they rise: a daily cycle needs a ``response`` well under six hours. Correlated noise makes the
band too narrow; ``on_delay`` of a window or more is the remedy.
Siblings: ``rate`` for how fast, ``accumulation`` for gas in a closed space, ``limit`` for being there.

>>> import numpy as np
>>> kind = Trend([TrendParameters(above=5.0, window=Duration.parse("10min"), points=10)])
>>> for minute in range(20):
...     value = 2.0 + 0.1 * max(0, minute - 6) + 0.01 * (minute % 2)
...     for change in kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([value])):
...         print(minute, kind.explain(0, int(change.state[0]), value))
13 reaches 5 in 23 min (90 %: 23 to 29 min), rising by 5.88 an hour, now 2.71

Reference: P. K. Sen, Estimates of the regression coefficient based on Kendall's tau, JASA 63 (1968).
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Kind, Parameters, Subjects, Times, Values, attribute, of_each
from rules.kinds.slope import theil_sen
from rules.kinds.window import View, Window
from sensors.model import Asset
from sensors.readings import HOUR, MINUTE

_LEAST, _MOST = 5, 60
_CALM = np.iinfo(np.int64).max


class TrendParameters(Parameters, frozen=True, kw_only=True):
    """A threshold in the quantity's own unit, above or below, and how much warning is too little."""

    above: float | None = None
    below: float | None = None
    response: Duration = lasting("30min")
    """How long it takes until somebody is there and can do something."""
    window: Duration = lasting("15min")
    points: int = 15
    on_delay: Duration = lasting("0s")
    off_delay: Duration = lasting("0s")
    relative_to: str | None = None
    """An attribute of the asset that the threshold is a multiple of, such as a manhole's depth_m."""

    def mistake(self) -> tuple[str, str] | None:
        if (self.above is None) == (self.below is None):
            return "above", "expected either above or below"
        for name in ("response", "window"):
            if getattr(self, name) <= 0:
                return name, "expected more than 0"
        if not _LEAST <= self.points <= _MOST:
            return "points", f"expected {_LEAST} to {_MOST}, not {self.points}"
        return None

    def at(self, asset: Asset, upload_s: float) -> Self:
        del upload_s
        if self.relative_to is None:
            return self
        factor = attribute(asset, self.relative_to)
        above, below = (each if each is None else each * factor for each in (self.above, self.below))
        return msgspec.structs.replace(self, above=above, below=below, relative_to=None)


class Trend(Kind[TrendParameters]):
    """Slopes of windows. What points down is turned over, so that every threshold lies above."""

    name: ClassVar = "trend"
    parameters: ClassVar = TrendParameters
    kept: ClassVar = ("_since", "_slope", "_times")

    def __init__(self, parameters: Sequence[TrendParameters]) -> None:
        super().__init__(parameters)
        size = len(parameters)
        self._sign = np.array([1.0 if each.below is None else -1.0 for each in parameters])
        given = [each.above if each.below is None else each.below for each in parameters]
        self._threshold = np.array(given, np.float64) * self._sign
        self._response, self._length, self._on, self._off = (
            of_each(parameters, name, np.int64) for name in ("response", "window", "on_delay", "off_delay")
        )
        self._window = Window([each.points for each in parameters], [each.window for each in parameters])
        self._since = np.full(size, _CALM)
        """Since when the verdict has been other than the state."""
        self._slope = np.zeros(size)
        self._times = np.full((size, 3), np.inf)
        """Time to the threshold in us: the estimate, and the ends of its band."""

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        opening = np.flatnonzero(self._window.opens(subject, time))
        if not len(opening):
            return
        subject, time = subject[opening], time[opening]
        self._window.keep(subject, time, value[opening] * self._sign[subject])
        near = self._near(subject, time)
        before = self.state[subject] > 0
        moving = near != before
        since = np.where(moving, np.minimum(self._since[subject], time), _CALM)
        delay = np.where(before, self._off[subject], self._on[subject])
        turned = moving & (time - np.where(moving, since, time) >= delay)
        self._since[subject] = np.where(turned, _CALM, since)
        yield from self._change(opening, subject, time, (before ^ turned).astype(np.int8))

    def memory(self) -> int:
        return int((self._length + self._on + self._off).max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        threshold = self._threshold[subject] * self._sign[subject]
        if state == 0:
            return f"is no longer on its way to {threshold:g}, now {value:g}"
        way = "rising" if self._sign[subject] > 0 else "falling"
        minutes, soonest, latest = (f"{each / MINUTE:.0f}" for each in self._times[subject])
        speed = f"{way} by {self._slope[subject] * HOUR:.3g} an hour"
        band = f"90 %: {soonest} to {latest} min"
        return f"reaches {threshold:g} in {minutes} min ({band}), {speed}, now {value:g}"

    def remember(self) -> dict[str, NDArray[Any]]:
        return super().remember() | self._window.remember()

    def _near(self, subject: Subjects, time: Times) -> NDArray[np.bool_]:
        """Whether the threshold is surely reached within the response time."""
        near = np.zeros(len(subject), np.bool_)
        view = self._window.view(subject, time)
        enough = (view.count >= _LEAST) & (view.span >= self._length[subject] / 2)
        rows = np.flatnonzero(enough & self._within_reach(subject, view))
        if len(rows):
            known, found = subject[rows], theil_sen(view.age[rows], view.value[rows], view.count[rows])
            left = np.maximum(self._threshold[known] - found.level, 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                times = np.stack([left / each for each in (found.slope, found.high, found.low)], axis=1)
            near[rows] = (found.low > 0) & (times[:, 2] <= self._response[known])
            self._slope[known], self._times[known] = found.slope, times
        return near

    def _within_reach(self, subject: Subjects, view: View) -> NDArray[np.bool_]:
        """Whether four times the speed of the whole window would do: what is far off needs no slopes."""
        highest = np.max(view.value, axis=1, initial=-np.inf, where=~np.isnan(view.value))
        lowest = np.min(view.value, axis=1, initial=np.inf, where=~np.isnan(view.value))
        rise = (highest - lowest) * 4.0 / np.maximum(view.span, 1.0)
        within: NDArray[np.bool_] = self._threshold[subject] - highest <= rise * (
            self._response[subject] + self._length[subject]
        )
        return within
