"""cusum: small departures from the reference add up to more than noise ever does.

Formula: z = (value - mean) / spread. Where readings are correlated it is whitened first: r = exp(-dt /
``correlation``), 0.99 at most, e = (z - r z') / sqrt(1 - r^2) with z' the one before; else e = z; e no
further out than ``clip``. Up: C = max(0, C + e - ``slack``), down: D = max(0, D - e - ``slack``). Evidence
from C or D >= ``height`` on. Both are bounded by ``height``, which is the reset: a long shift winds nothing
up, and the evidence ends once the sum that made it is back at 0, some ``height`` / ``slack`` readings after.
Mean and spread are given, or follow slowly: see ``rules.kinds.reference``.

Will not fire on: a shift smaller than ``slack``; one spike, as long as ``clip`` - ``slack`` < ``height``; a
change slower than ``follow``; whitened, a shift d counts only as d sqrt((1 - r) / (1 + r)).
False alarms: of one side with white noise and slack 0.5, one in 335 readings at height 4, 931 at 5, 19,000
at 8, 140,000 at 10; two sides twice as many. One a sensor-year needs 9.7 at 5 min, 7.2 hourly. Beware of
correlation: two sides at height 8 bring one in 10,000 readings of white noise, but one in 174 of AR(1) noise
of 0.5 and one in 78 of 0.9; with ``correlation`` one in 9,000 of either again (simulated). A shift of one
spread is found after 8, 10, 16, 20 readings at 4, 5, 8, 10.
Siblings: ``ewma`` for larger shifts, ``trend`` for when a limit is reached.

>>> import numpy as np
>>> kind = Cusum([CusumParameters(mean=30.0, spread=0.1, height=5.0)])
>>> for minute, value in enumerate([30.05, 29.9, 29.85, 29.8, 29.8, 29.85, 29.8, 29.9] + [30.05] * 6):
...     changes = list(kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([value])))
...     for change in changes:
...         print(minute, kind.explain(0, int(change.state[0]), value))
5 has shifted down from 30, by more than 0.05, now 29.85
12 is back at 30, now 30.05

Reference: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954); run lengths after D. Brook
and D. A. Evans, Biometrika 59 (1972).
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import States, Subjects, Times, at, of_each, shared
from rules.kinds.reference import Chart, ReferenceParameters, Spreads
from sensors.readings import DAY

_MOST_ALIKE = 0.99
"""Beyond it whitening would be made of rounding errors."""

_SETTLED = DAY
"""A healthy sum has been back at 0 many times within it."""


class CusumParameters(ReferenceParameters, frozen=True, kw_only=True):
    """What is small, and what is enough, in spreads."""

    slack: float = 0.5
    """Half the shift that is to be found."""
    height: float = 8.0
    """The sum that is evidence."""
    clip: float = 4.0
    """A value further out counts as this."""
    correlation: Duration = lasting("0s")
    """Time in which the correlation of healthy readings falls to 1/e: -interval / ln(lag-1 correlation)."""

    def mistake(self) -> tuple[str, str] | None:
        for name in ("slack", "height"):
            if getattr(self, name) <= 0:
                return name, "expected more than 0"
        if self.clip <= self.slack:
            return "clip", f"expected more than slack, not {self.clip}"
        return super().mistake()


class Cusum(Chart[CusumParameters]):
    """Two bounded sums, and the side that is in evidence."""

    name: ClassVar = "cusum"
    parameters: ClassVar = CusumParameters
    kept: ClassVar = (*Chart.kept, "_up", "_down", "_z", "_shifted")

    def __init__(self, parameters: Sequence[CusumParameters]) -> None:
        super().__init__(parameters)
        size = len(parameters)
        self._slack, self._height, self._clip, self._correlation = (
            shared(of_each(parameters, name, np.float32))
            for name in ("slack", "height", "clip", "correlation")
        )
        self._correlated = bool(self._correlation.any())
        self._timed |= self._correlated
        self._up, self._down, self._z = (np.zeros(size, np.float32) for _ in range(3))
        self._shifted = np.zeros(size, np.int8)
        """The side that is in evidence: 1 up, -1 down."""

    def judge(self, subject: Subjects, elapsed: Times, z: Spreads, before: States) -> NDArray[np.bool_]:
        if self._correlated:
            z = self._whitened(subject, elapsed, z)
        clip, slack, height = (at(each, subject) for each in (self._clip, self._slack, self._height))
        step = np.minimum(np.maximum(z, -clip), clip)
        up = _bounded(self._up.take(subject) + step - slack, height)
        down = _bounded(self._down.take(subject) - step - slack, height)
        self._up[subject], self._down[subject] = up, down
        side = at(self._side, subject)
        rises, falls = (up >= height) & (side >= 0), (down >= height) & (side <= 0)
        # Few subjects are in evidence, or come to be: only these are looked at more closely.
        few = np.flatnonzero(rises | falls | (before > 0))
        shifted = self._shifted[subject[few]]
        ends = np.where(shifted > 0, up[few], down[few]) <= 0.0
        now = np.where(rises[few], 1, np.where(falls[few], -1, np.where(ends, 0, shifted)))
        self._shifted[subject[few]] = now
        out = np.zeros(len(subject), np.bool_)
        out[few] = now != 0
        return out

    def memory(self) -> int:
        return super().memory() + _SETTLED * bool(len(self.state))

    def explain(self, subject: int, state: int, value: float) -> str:
        mean = self._mean[subject]
        if state == 0:
            return f"is back at {mean:.4g}, now {value:g}"
        where = "up" if self._shifted[subject] > 0 else "down"
        by = float(at(self._slack, np.array([subject]))[0]) * self.spread(subject)
        return f"has shifted {where} from {mean:.4g}, by more than {by:.2g}, now {value:g}"

    def _whitened(self, subject: Subjects, elapsed: Times, z: Spreads) -> Spreads:
        with np.errstate(divide="ignore"):
            alike = np.exp(elapsed.astype(np.float32) / -at(self._correlation, subject))
        np.minimum(alike, _MOST_ALIKE, out=alike)
        white: Spreads = (z - alike * self._z.take(subject)) / np.sqrt(1.0 - alike * alike)
        self._z[subject] = z
        return white


def _bounded(total: Spreads, height: Spreads) -> Spreads:
    return np.minimum(np.maximum(total, 0.0), height)
