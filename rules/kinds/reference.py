"""What charts compare a value with: a mean and a spread that are given, or that follow slowly.

z = (value - mean) / spread. With ``follow`` T the mean and the variance are exponentially weighted over T,
each reading with the weight 1 and exp(-age / T) later, so that irregular intervals weigh as they should:
w = w exp(-dt / T) + 1, a = 1 / w, mean += a d, variance = (1 - a) (variance + a d^2), d = value - mean, which
counts no further out than 3 spreads. It is learned for T before anything is judged, again after a gap longer
than T, and it stands still while the subject is in evidence, for ``freeze`` at most: a baseline that follows
a leak is blind to it.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import (
    FOREVER,
    Changes,
    Kind,
    Parameters,
    States,
    Subjects,
    Times,
    Values,
    at,
    attribute,
    of_each,
    shared,
)
from sensors.model import Asset

NEVER = np.iinfo(np.int64).min // 2
"""Before any reading, and still far from the end of int64 when something is subtracted."""

Spreads = NDArray[np.float32]
"""Distances from the mean in spreads: seven digits are plenty, and half the memory to walk through."""

_NO_TIME = np.zeros(1, np.int64)

SIDES = {"both": 0, "high": 1, "low": -1}
_OUTLYING = 3.0
"""In spreads: what lies further out moves the reference no more than this."""


class ReferenceParameters(Parameters, frozen=True, kw_only=True):
    """A mean that is given or that follows, and the spread around it, in the quantity's own unit."""

    mean: float | None = None
    spread: float
    """Standard deviation of a healthy value; with ``follow`` the least that counts, as the resolution."""
    follow: Duration | None = None
    """Time constant with which mean and spread follow the value, instead of a given mean."""
    freeze: Duration = lasting("1d")
    """How long evidence may hold the reference; what lasts longer becomes the new normal."""
    side: Literal["both", "high", "low"] = "both"
    """On which side of the mean a value is evidence."""
    relative_to: str | None = None
    """An attribute of the asset that mean and spread are multiples of, such as outlet_kpa."""

    def mistake(self) -> tuple[str, str] | None:
        if (self.mean is None) == (self.follow is None):
            return "mean", "expected either mean or follow"
        if self.spread <= 0:
            return "spread", f"expected more than 0, not {self.spread}"
        if self.follow is not None and self.follow <= 0:
            return "follow", "expected more than 0"
        return None

    def at(self, asset: Asset, upload_s: float) -> Self:
        del upload_s
        if self.relative_to is None:
            return self
        factor = attribute(asset, self.relative_to)
        mean = None if self.mean is None else self.mean * factor
        return msgspec.structs.replace(self, mean=mean, spread=self.spread * abs(factor), relative_to=None)


R = TypeVar("R", bound=ReferenceParameters)


class Chart(Kind[R]):
    """A kind that judges z; subclasses say what it adds up to."""

    kept: ClassVar[tuple[str, ...]] = (
        "_heard",
        "_mean",
        "_precision",
        "_variance",
        "_weight",
        "_ripe",
        "_since",
    )

    def __init__(self, parameters: Sequence[R]) -> None:
        super().__init__(parameters)
        size = len(parameters)
        self._side = shared(np.array([SIDES[each.side] for each in parameters], np.int8))
        self._mean = np.array([each.mean or 0.0 for each in parameters], np.float64)
        self._least = of_each(parameters, "spread", np.float64)
        self._precision = 1.0 / self._least
        self._follow = np.array([each.follow or 0 for each in parameters], np.int64)
        self._following = bool(self._follow.any())
        self._timed = self._following
        """Whether it matters how long ago the reading before was."""
        self._given = shared(self._mean.copy()), shared(self._precision.copy())
        self._freeze = of_each(parameters, "freeze", np.int64)
        self._heard = np.full(size, NEVER)
        self._variance, self._weight = np.zeros(size), np.zeros(size)
        self._ripe = np.where(self._follow > 0, FOREVER, NEVER)
        """From when on the reference is good enough to judge by."""
        self._since = np.full(size, NEVER)
        """When the present evidence began."""

    @abstractmethod
    def judge(self, subject: Subjects, elapsed: Times, z: Spreads, before: States) -> NDArray[np.bool_]:
        """Whether z is evidence on top of what is in memory.

        elapsed: us since the reading before, if that matters. before: the states as they are.
        """

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        elapsed = _NO_TIME
        if self._timed:
            elapsed = time - self._heard.take(subject)
            self._heard[subject] = time
        mean, precision = (
            (self._mean.take(subject), self._precision.take(subject))
            if self._following
            else (at(each, subject) for each in self._given)
        )
        z = ((value - mean) * precision).astype(np.float32)
        if self._following:
            z[time < self._ripe.take(subject)] = 0.0
        before = self.state.take(subject)
        state = self.judge(subject, elapsed, z, before).view(np.int8)
        if self._following:
            begins = subject[state > before]
            self._since[begins] = time[state > before]
            held = (state > 0) & (time - self._since[subject] < self._freeze[subject])
            free = np.flatnonzero((self._follow[subject] > 0) & ~held)
            self._learn(subject[free], time[free], value[free], elapsed[free])
        if (state != before).any():
            yield from self._change(np.arange(len(subject)), subject, time, state)

    def memory(self) -> int:
        return 3 * int(self._follow.max(initial=0))

    def spread(self, subject: int) -> float:
        """The spread that the subject is judged by now."""
        return 1.0 / float(self._precision[subject])

    def _learn(self, subject: Subjects, time: Times, value: Values, elapsed: Times) -> None:
        follow = self._follow[subject]
        anew = elapsed > follow
        self._ripe[subject[anew]] = time[anew] + follow[anew]
        weight = self._weight[subject] * np.exp(-elapsed / follow)
        weight[anew] = 0.0
        share = 1.0 / (weight + 1.0)
        distance = value - self._mean[subject]
        ripe = time >= self._ripe[subject]
        outer = _OUTLYING / self._precision[subject]
        distance = np.where(ripe, np.clip(distance, -outer, outer), distance)
        variance = (1.0 - share) * (self._variance[subject] + share * distance**2)
        self._weight[subject] = weight + 1.0
        self._mean[subject] += share * distance
        self._variance[subject] = variance
        self._precision[subject] = 1.0 / np.maximum(np.sqrt(variance), self._least[subject])
