"""limit: the value stands in a band beyond a threshold.

Formula: band k is entered when value >= above_k (or <= below_k) for ``on_delay`` without a break, and left
when value < above_k - deadband (or > below_k + deadband) for ``off_delay`` without a break. The state is
the highest band entered. Delays are event time and are confirmed by a reading, never by the clock alone.

Will not fire on: a fault that stays inside the band, a slow leak under the threshold, one reading if
``on_delay`` is longer than the sampling interval.
False alarms: with noise of standard deviation s and a normal value d below the threshold, a sample fires
with P(N > d/s); 3 s away, 60 s sampling and no delay: about two a day. ``deadband`` >= 3 s and an
``on_delay`` of three samples bring that to none in a century, if the noise is white.
Siblings: ``rate`` for how fast, ``k_of_n`` for how many.

>>> import numpy as np
>>> kind = Limit([LimitParameters(bands=(Band(above=20.0), Band(above=50.0)), deadband=2.0)])
>>> subject = np.array([0])
>>> for minute, value in enumerate([3.0, 21.0, 19.0, 55.0, 47.0, 1.0]):
...     list(kind.update(subject, np.array([minute * 60_000_000]), np.array([value])))
...     print(value, kind.state[0])  # doctest: +ELLIPSIS
[]
3.0 0
[...]
21.0 1
[]
19.0 1
[...]
55.0 2
[...]
47.0 1
[...]
1.0 0

Reference: deadband, on-delay and off-delay per limit as in ISA-18.2 and OPC UA Part 9 (A&C) §5.8.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Kind, Parameters, Subjects, Times, Values, attribute, of_each
from sensors.model import Asset


class Band(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One threshold, in the quantity's own unit; exactly one of the two."""

    above: float | None = None
    below: float | None = None

    def times(self, factor: float) -> "Band":
        """The band at a multiple."""
        return Band(
            above=None if self.above is None else self.above * factor,
            below=None if self.below is None else self.below * factor,
        )


class LimitParameters(Parameters, frozen=True, kw_only=True):
    """Bands from the mildest to the worst, and what keeps them from chattering."""

    bands: tuple[Band, ...]
    deadband: float = 0.0
    """How far back inside the value must come before a band is left, in the quantity's own unit."""
    on_delay: Duration = lasting("0s")
    off_delay: Duration = lasting("0s")
    relative_to: str | None = None
    """An attribute of the asset that bands and deadband are multiples of, such as a manhole's depth_m."""

    @property
    def states(self) -> int:
        return len(self.bands)

    def mistake(self) -> tuple[str, str] | None:
        if not self.bands:
            return "bands", "expected at least one band"
        for number, band in enumerate(self.bands):
            if (band.above is None) == (band.below is None):
                return f"bands[{number}]", "expected either above or below"
        if self.deadband < 0:
            return "deadband", f"expected 0 or more, not {self.deadband}"
        rising = [band.above for band in self.bands if band.above is not None]
        falling = [band.below for band in self.bands if band.below is not None]
        if rising != sorted(set(rising)) or falling != sorted(set(falling), reverse=True):
            return "bands", "expected the mildest band first, each further out than the one before"
        if rising and falling and rising[0] - self.deadband <= falling[0] + self.deadband:
            return "bands", "the bands leave no room for a normal value"
        return None

    def at(self, asset: Asset, upload_s: float) -> Self:
        del upload_s
        if self.relative_to is None:
            return self
        factor = attribute(asset, self.relative_to)
        bands = tuple(band.times(factor) for band in self.bands)
        return msgspec.structs.replace(
            self, bands=bands, deadband=self.deadband * abs(factor), relative_to=None
        )


Bands = NDArray[np.bool_]
"""[m, bands]."""

_HIGHEST = np.float32(np.inf)

_NO_VALUE = np.array([np.inf, -np.inf], np.float32)

_OFF = np.int64(np.iinfo(np.int64).max)


class Limit(Kind[LimitParameters]):
    """Bands with hysteresis and delays; arrays are [subjects, bands]."""

    name: ClassVar = "limit"
    parameters: ClassVar = LimitParameters
    kept: ClassVar[tuple[str, ...]] = ("_entered", "_since")

    def __init__(self, parameters: Sequence[LimitParameters]) -> None:
        super().__init__(parameters)
        self._parameters = tuple(parameters)
        shape = (len(parameters), max((each.states for each in parameters), default=1))
        self._above, self._below = np.full(shape, np.inf), np.full(shape, -np.inf)
        for row, each in enumerate(parameters):
            for column, band in enumerate(each.bands):
                self._above[row, column] = np.inf if band.above is None else band.above
                self._below[row, column] = -np.inf if band.below is None else band.below
        self._deadband = of_each(parameters, "deadband", np.float64)
        self._on, self._off = (of_each(parameters, name, np.int64) for name in ("on_delay", "off_delay"))
        self._delayed = bool((self._on + self._off).any())
        self._entered = np.zeros(shape, np.bool_)
        self._since = np.full(shape, _OFF)
        """Since when a band not entered has been met, or one entered has not been; _OFF = it is as it was."""
        self._calm = np.empty((len(parameters), 2), np.float32)
        """The lowest and the highest value at which nothing moves."""
        self._settle(np.arange(len(parameters)))

    def stirring(self, subject: Subjects, value: Values) -> NDArray[np.bool_]:
        low, high = self._calm.take(subject, axis=0, mode="wrap").T
        moved: NDArray[np.bool_] = (value < low) | (value > high)
        return moved

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        entered = self._entered[subject]
        above, below = self._bounds(subject, entered)
        moving = ((value[:, None] >= above) | (value[:, None] <= below)) != entered
        entered ^= self._lasting(subject, time, entered, moving) if self._delayed else moving
        self._entered[subject] = entered
        self._settle(subject)
        state = (entered * np.arange(1, entered.shape[1] + 1, dtype=np.int8)).max(axis=1)
        yield from self._change(np.arange(len(subject)), subject, time, state)

    def recall(self, memory: dict[str, NDArray[Any]], old: Subjects, new: Subjects) -> None:
        super().recall(memory, old, new)
        self._settle(new)

    def _bounds(self, subject: Subjects, entered: Bands) -> tuple[Values, Values]:
        """What a value must reach from below, or from above, for a band to be entered or to stay so."""
        slack = np.where(entered, self._deadband[subject, None], 0.0)
        return self._above[subject] - slack, self._below[subject] + slack

    def _lasting(self, subject: Subjects, time: Times, entered: Bands, moving: Bands) -> Bands:
        """Which bands have been moving for as long as it takes."""
        now = time[:, None]
        since = np.where(moving, np.minimum(self._since[subject], now), _OFF)
        delay = np.where(entered, self._off[subject, None], self._on[subject, None])
        turned: Bands = moving & (now - np.where(moving, since, now) >= delay)
        since[turned] = _OFF
        self._since[subject] = since
        return turned

    def _settle(self, subject: Subjects) -> None:
        """Find anew between which values nothing moves: none where a delay is running."""
        entered, rising = self._entered[subject], np.isfinite(self._above[subject])
        above, below = self._bounds(subject, entered)
        bound, from_below = np.where(rising, above, below), entered == rising
        low = np.where(from_below, bound, -np.inf).max(axis=1).astype(np.float32)
        high = np.where(from_below, np.inf, bound).min(axis=1).astype(np.float32)
        # Rounded inwards: the bound itself may stir or not, and is looked at.
        calm = np.stack([np.nextafter(low, _HIGHEST), np.nextafter(high, -_HIGHEST)], axis=1)
        if self._delayed:
            calm[(self._since[subject] != _OFF).any(axis=1)] = _NO_VALUE
        self._calm[subject] = calm

    def memory(self) -> int:
        return int((self._on + self._off).max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        each = self._parameters[subject]
        if state == 0:
            return f"{value:g} is back inside the limits"
        band = each.bands[state - 1]
        lasting = f" for {each.on_delay}" if each.on_delay else ""
        if band.above is not None and value >= band.above:
            return f"{value:g} is at or above {band.above:g}{lasting}"
        if band.below is not None and value <= band.below:
            return f"{value:g} is at or below {band.below:g}{lasting}"
        bound = band.below if band.above is None else band.above
        return f"{value:g} is not yet safely back inside the limit of {bound:g}"
