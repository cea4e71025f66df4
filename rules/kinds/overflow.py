"""overflow: the level will reach the rim within the time that a crew needs, given the rain.

Formula: h[t+1] = a h[t] + sum over k of b_k R[t-k] + c, with h the level, R the mean of the ``rain`` gauges
and k the last ``lags`` samples; a, b, c follow by recursive least squares with forgetting ``forget``. The
forecast holds the rain that falls now, steps on while a stays within 0 and 1, and widens by the spread of
one-step errors. The figure is the time in minutes until even the lower 80 % bound reaches ``rim`` (the late
one: 90 % of paths are there by then), at most ``horizon``; 0 where the level is there already. Bands are in
minutes: the default warns below 60, and again below 30.

Will not fire on: a level that stays below the rim in the forecast, the first samples (five a coefficient).
False alarms: rain that stops earlier than it is held; a pump that starts. The late bound keeps a forecast
of poor quality silent: its warning comes later, not wrongly.
Siblings: ``trend`` without rain, ``limit`` for the freeboard itself.

>>> import numpy as np
>>> kind = Overflow([OverflowParameters(rim=3.0, every=Duration(300_000000))], [("", "rain")])
>>> h, first = 0.2, None
>>> for step in range(200):
...     rain = 20.0 if step % 60 > 40 else 0.0
...     rain = 60.0 if step > 170 else rain
...     h = 0.95 * h + 0.004 * rain + 0.01
...     for change in kind.update(np.array([0]), np.array([step * 300_000000]), np.array([[h, rain]])):
...         print(step, kind.explain(0, int(change.state[0]), float(change.figure[0])))
173 will overflow, at the latest in 55 min
180 will overflow, at the latest in 30 min

Reference: rainfall-level models for sewers as in Rosin et al., J. Hydroinformatics 24(2) (2022) 259;
recursive least squares after Ljung, System Identification (1999) §11.2.
"""

from collections.abc import Sequence
from typing import ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.banded import BandedKind, BandedParameters
from rules.kinds.base import Subjects, Times, Values, attribute, of_each
from rules.kinds.limit import Band
from sensors.model import Asset
from sensors.readings import MINUTE

__all__ = ["Duration", "Overflow", "OverflowParameters"]

_LATE = 1.28
"""Standard deviations: 90 % of a normal distribution are on one side."""

_ENOUGH = 5
"""Samples a coefficient before a forecast is made."""

_START = 1e3
"""Of the covariance: nothing is known yet."""

_NEVER = np.iinfo(np.int64).min // 2


class OverflowParameters(BandedParameters, frozen=True, kw_only=True):
    """Where the rim is, and what is too soon."""

    rim: float
    """In the level's own unit, or in multiples of ``relative_to``."""
    bands: tuple[Band, ...] = (Band(below=60.0), Band(below=30.0))
    deadband: float = 15.0
    off_delay: Duration = lasting("15min")
    lags: int = 6
    horizon: Duration = lasting("2h")
    forget: float = 0.999

    def mistake(self) -> tuple[str, str] | None:
        if self.rim <= 0:
            return "rim", "expected more than 0"
        if not 1 <= self.lags <= 48:  # noqa: PLR2004
            return "lags", f"expected 1 to 48, not {self.lags}"
        if not 0.9 <= self.forget <= 1:  # noqa: PLR2004
            return "forget", f"expected 0.9 to 1, not {self.forget}"
        if self.every and self.horizon > 500 * self.every:
            return "horizon", "expected at most 500 times every"
        return super().mistake()

    def at(self, asset: Asset, upload_s: float) -> Self:
        rim = self.rim if self.relative_to is None else self.rim * attribute(asset, self.relative_to)
        plain = msgspec.structs.replace(self, rim=rim, relative_to=None)
        return super(OverflowParameters, plain).at(asset, upload_s)


class Overflow(BandedKind[OverflowParameters]):
    """A model of each level, learned as it goes, and what it says of the next hours."""

    name: ClassVar = "overflow"
    parameters: ClassVar = OverflowParameters
    needs: ClassVar = ("rain",)
    kept: ClassVar = ("_weight", "_covariance", "_rained", "_level", "_time", "_variance", "_seen")
    said: ClassVar = ""

    def __init__(self, parameters: Sequence[OverflowParameters], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters, roles)
        size, lags = len(parameters), max((each.lags for each in parameters), default=1)
        self._rain = self.seats("rain")
        self._rim, self._forget = (of_each(parameters, name, np.float64) for name in ("rim", "forget"))
        self._every = of_each(parameters, "every", np.int64)
        self._steps = of_each(parameters, "horizon", np.int64) // np.maximum(self._every, 1)
        self._used = np.arange(lags) < of_each(parameters, "lags", np.int64)[:, None]
        self._many = 2 + of_each(parameters, "lags", np.int64)
        self._weight = np.zeros((size, 2 + lags))
        self._weight[:, 0] = 1.0
        self._covariance = np.tile(np.eye(2 + lags) * _START, (size, 1, 1))
        self._rained = np.zeros((size, lags))
        self._level, self._variance = np.full(size, np.nan), np.zeros(size)
        self._time, self._seen = np.full(size, _NEVER), np.zeros(size, np.int64)

    def figure(self, subject: Subjects, time: Times, value: Values) -> Values:
        level, rain = value[:, 0], _mean(value, self._rain[subject])
        follows = time - self._time[subject] == self._every[subject]
        before = self._regressors(subject)
        self._learn(*(each[follows & ~np.isnan(level) & ~np.isnan(before).any(axis=1)] for each in (
            subject, before, level)))  # fmt: skip
        rained = np.where(follows[:, None], np.roll(self._rained[subject], 1, axis=1), 0.0)
        rained[:, 0] = np.where(np.isnan(rain), 0.0, rain)
        self._rained[subject], self._level[subject], self._time[subject] = rained, level, time
        return self._minutes(subject, level)

    def memory(self) -> int:
        return int((_ENOUGH * 10 * self._many * self._every).max(initial=0)) + super().memory()

    def explain(self, subject: int, state: int, value: float) -> str:
        if value == 0:
            return "is over the rim"
        if state:
            return f"will overflow, at the latest in {value:.0f} min"
        horizon = int(self._steps[subject] * self._every[subject]) // MINUTE
        return f"will not overflow within {min(value, horizon):.0f} min"

    def _regressors(self, subject: Subjects) -> Values:
        """What the next level follows from: the level, a one, and rain by age."""
        rained = np.where(self._used[subject], self._rained[subject], 0.0)
        return np.column_stack([self._level[subject], np.ones(len(subject)), rained])

    def _learn(self, subject: Subjects, x: Values, level: Values) -> None:
        if not len(subject):
            return
        covariance, forget = self._covariance[subject], self._forget[subject, None]
        error = level - (x * self._weight[subject]).sum(axis=1)
        gain = np.einsum("nij,nj->ni", covariance, x)
        gain /= forget + (x * gain).sum(axis=1, keepdims=True)
        self._weight[subject] += gain * error[:, None]
        shrunk = covariance - np.einsum("ni,nj,njk->nik", gain, x, covariance)
        # Forgetting without news would let the covariance grow for ever.
        self._covariance[subject] = np.minimum(shrunk / forget[:, :, None], _START)
        seen = self._seen[subject]
        ready = seen >= self._many[subject]
        share = np.where(ready, 1 / np.minimum(seen - self._many[subject] + 1, 200).clip(1), 0.0)
        self._variance[subject] += share * (error**2 - self._variance[subject])
        self._seen[subject] = seen + 1

    def _minutes(self, subject: Subjects, level: Values) -> Values:
        """Until the late bound of the forecast reaches the rim, float64 [m]."""
        steps, rim = self._steps[subject], self._rim[subject]
        reached = np.where(level >= rim, 0.0, np.inf)
        weight, x = self._weight[subject], self._regressors(subject)
        a = np.clip(weight[:, 0], 0.0, 1.0)
        able = self._seen[subject] >= _ENOUGH * self._many[subject]
        variance = np.zeros(len(subject))
        for step in range(1, int(steps.max(initial=0)) + 1):
            ahead = a * x[:, 0] + (weight[:, 1:] * x[:, 1:]).sum(axis=1)
            variance = a**2 * variance + self._variance[subject]
            there = able & (step <= steps) & (ahead - _LATE * np.sqrt(variance) >= rim)
            reached = np.where(there & np.isinf(reached), step, reached)
            x[:, 0] = ahead
            x[:, 3:] = x[:, 2:-1]
        minutes = np.minimum(reached, steps + 1) * self._every[subject] / MINUTE
        judged = ~np.isnan(level) & (able | (reached == 0))
        return np.where(judged, minutes, np.nan)


def _mean(value: Values, taken: NDArray[np.bool_]) -> Values:
    """Of the sensors that said something; NaN where none did."""
    known = taken & ~np.isnan(value)
    total = np.where(known, value, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)
