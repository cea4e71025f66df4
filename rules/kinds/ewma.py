"""ewma: the smoothed value stands away from its reference by more than smoothed noise would.

Formula: z = (value - mean) / spread, no further out than ``clip``; a = 1 - exp(-dt / ``tau``);
e += a (z - e); v = (1 - a)^2 v + a^2, the variance that e has if z is white noise (a / (2 - a) at equal
intervals, less at the start). Evidence while e^2 > ``width``^2 v; left when it is at most
``release``^2 of that.
Mean and spread are given, or follow slowly: see ``rules.kinds.reference``.

Will not fire on: one reading alone, as long as ``clip`` <= ``width``, and so on nothing at all if dt is far
beyond ``tau``; a change slower than ``follow``; anything in the first ``follow``.
False alarms: with white noise, a = 0.1 and clip = width, one in 930 readings at width 3 and 34,000 at 4
(simulated). Noise that is correlated over longer than dt makes v too small: take ``spread`` and ``width``
from a quiet stretch, or a ``tau`` that is long beside the correlation, and count there.
Siblings: ``cusum`` for small lasting shifts, ``limit`` for how far, ``deviation`` for what is usual at this
hour.

>>> import numpy as np
>>> kind = Ewma([EwmaParameters(mean=20.0, spread=0.2, tau=Duration.parse("5min"))])
>>> for minute, value in enumerate([20.1, 19.9, 20.0, 20.1] + [19.3] * 4 + [20.05] * 9):
...     changes = list(kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([value])))
...     for change in changes:
...         print(minute, kind.explain(0, int(change.state[0]), value))
7 smoothed 19.7 is 3.9 of its spreads below 20, now 19.3
12 is back near 20, now 20.05

Reference: S. W. Roberts, Control chart tests based on geometric moving averages, Technometrics 1 (1959);
irregular intervals: A. Eckner, Algorithms for unevenly spaced time series (2012).
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import States, Subjects, Times, at, of_each, shared
from rules.kinds.reference import Chart, ReferenceParameters, Spreads


class EwmaParameters(ReferenceParameters, frozen=True, kw_only=True):
    """How much is smoothed, and how far out the smoothed value may stand."""

    tau: Duration = lasting("10min")
    """Time constant of the smoothing; 5 to 20 times the interval between readings."""
    width: float = 3.0
    """In standard deviations of the smoothed value."""
    release: float = 0.5
    """The share of ``width`` within which the evidence ends."""
    clip: float = 3.0
    """In spreads: a value further out counts as this."""

    def mistake(self) -> tuple[str, str] | None:
        for name in ("tau", "width", "clip"):
            if getattr(self, name) <= 0:
                return name, "expected more than 0"
        if not 0 < self.release <= 1:
            return "release", f"expected more than 0 and at most 1, not {self.release}"
        return super().mistake()


class Ewma(Chart[EwmaParameters]):
    """The smoothed z, and the variance it would have of noise alone."""

    name: ClassVar = "ewma"
    parameters: ClassVar = EwmaParameters
    kept: ClassVar = (*Chart.kept, "_smooth", "_noise")

    def __init__(self, parameters: Sequence[EwmaParameters]) -> None:
        super().__init__(parameters)
        self._timed = True
        self._tau = shared(of_each(parameters, "tau", np.float32))
        self._clip = shared(of_each(parameters, "clip", np.float32))
        width = of_each(parameters, "width", np.float32)
        self._enter = shared(width**2)
        self._leave = shared((width * of_each(parameters, "release", np.float32)) ** 2)
        self._smooth = np.zeros(len(parameters), np.float32)
        self._noise = np.zeros(len(parameters), np.float32)

    def judge(self, subject: Subjects, elapsed: Times, z: Spreads, before: States) -> NDArray[np.bool_]:
        keep = np.exp(elapsed.astype(np.float32) / -at(self._tau, subject))
        share = 1.0 - keep
        clip = at(self._clip, subject)
        smooth = keep * self._smooth.take(subject)
        smooth += share * np.minimum(np.maximum(z, -clip), clip)
        noise = keep * keep * self._noise.take(subject)
        noise += share * share
        self._smooth[subject], self._noise[subject] = smooth, noise
        bound = np.where(before > 0, at(self._leave, subject), at(self._enter, subject))
        out: NDArray[np.bool_] = smooth * smooth > bound * noise
        out &= smooth * at(self._side, subject) >= 0
        return out

    def memory(self) -> int:
        return super().memory() + 10 * int(self._tau.max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        mean, smooth = self._mean[subject], float(self._smooth[subject])
        if state == 0:
            return f"is back near {mean:.4g}, now {value:g}"
        out = abs(smooth) / max(float(self._noise[subject]), 1e-9) ** 0.5
        where = "above" if smooth > 0 else "below"
        level = mean + smooth * self.spread(subject)
        return f"smoothed {level:.4g} is {out:.1f} of its spreads {where} {mean:.4g}, now {value:g}"
