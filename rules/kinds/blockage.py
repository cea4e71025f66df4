"""blockage: water backs up here while less arrives further down, and no rain explains it.

Formula: against what is usual, a mean that follows with time constant ``follow`` and stands still while in
evidence: u = (level - usual) / ``rise``, d = (usual downstream - downstream) / (``fall`` x usual
downstream). The figure is the lesser of the two, so that both must be; of several sensors downstream the
one that fell most. It is judged by bands (default from 1 on) with delays as in ``limit``; ``on_delay`` of
hours is what practice uses. With the input ``rain`` nothing is judged from its beginning until ``dry``
after it.

Will not fire on: a blockage that builds up slower than ``follow``, one that both sensors are upstream of,
wet weather.
False alarms: pumping and flushing upstream: make ``on_delay`` longer than they last. Live on 50 overflows
for six months a level predictor with SPC had 3.4 % false positives (Rosin et al. 2022).
Siblings: ``overflow`` for the time that is left, ``relation`` with learned levels.

>>> import numpy as np
>>> kind = Blockage([BlockageParameters(rise=0.3, on_delay=Duration.parse("2h"))], [("", "downstream")])
>>> for hour in range(12):
...     levels = (0.2, 0.2) if hour < 8 else (0.9, 0.05)
...     time = np.array([hour * 3600_000000])
...     for change in kind.update(np.array([0]), time, np.array([levels])):
...         print(hour, kind.explain(0, int(change.state[0]), float(change.figure[0])))
10 backs up while less arrives below: 2.147 is at or above 1 for 2h

Reference: working rule of level up, flow down, dry for 6 h, lasting 4 h; Rosin et al., J. Hydroinformatics
24(2) (2022) 259.
"""

from collections.abc import Sequence
from typing import ClassVar, Self

import msgspec
import numpy as np

from rules.duration import Duration, lasting
from rules.kinds.banded import BandedKind, BandedParameters
from rules.kinds.base import Subjects, Times, Values, attribute, of_each
from rules.kinds.limit import Band
from sensors.model import Asset

__all__ = ["Blockage", "BlockageParameters", "Duration"]

_NEVER = np.iinfo(np.int64).min // 2

_KNOWN = 5
"""After this part of ``follow`` what is usual is known well enough to judge by."""


class BlockageParameters(BandedParameters, frozen=True, kw_only=True):
    """How much is a rise and a fall."""

    rise: float
    """In the level's own unit, or in multiples of ``relative_to``."""
    fall: float = 0.3
    """As a share of what usually arrives downstream."""
    bands: tuple[Band, ...] = (Band(above=1.0),)
    on_delay: Duration = lasting("4h")
    follow: Duration = lasting("1d")
    rain_from: float = 0.2
    """What counts as rain, in the rain gauge's own unit."""
    dry: Duration = lasting("6h")

    def mistake(self) -> tuple[str, str] | None:
        for name in ("rise", "follow"):
            if getattr(self, name) <= 0:
                return name, "expected more than 0"
        if not 0 < self.fall <= 1:
            return "fall", f"expected a share, more than 0 and at most 1, not {self.fall}"
        return super().mistake()

    def at(self, asset: Asset, upload_s: float) -> Self:
        rise = self.rise if self.relative_to is None else self.rise * attribute(asset, self.relative_to)
        plain = msgspec.structs.replace(self, rise=rise, relative_to=None)
        return super(BlockageParameters, plain).at(asset, upload_s)


class Blockage(BandedKind[BlockageParameters]):
    """What is usual here and downstream, and since when it is dry."""

    name: ClassVar = "blockage"
    parameters: ClassVar = BlockageParameters
    needs: ClassVar = ("downstream",)
    takes: ClassVar = ("rain",)
    kept: ClassVar = ("_usual", "_time", "_begun", "_dry_from")
    said: ClassVar = "backs up while less arrives below:"

    def __init__(self, parameters: Sequence[BlockageParameters], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters, roles)
        size = len(parameters)
        self._below, self._rain = self.seats("downstream"), self.seats("rain")
        self._watched = self._below.copy()
        self._watched[:, :1] = True
        self._rise, self._fall, self._follow, self._rain_from, self._dry = (
            of_each(parameters, name, np.float64) for name in ("rise", "fall", "follow", "rain_from", "dry")
        )
        self._usual = np.full(self._below.shape, np.nan)
        self._time = np.full(size, _NEVER)
        self._begun = np.full(size, _NEVER)
        """When the subject was first seen: what is usual is known a fifth of ``follow`` later."""
        self._dry_from = np.full(size, _NEVER)

    def figure(self, subject: Subjects, time: Times, value: Values) -> Values:
        fresh = self._begun[subject] == _NEVER
        self._begun[subject[fresh]] = time[fresh]
        usual = self._usual[subject]
        with np.errstate(divide="ignore", invalid="ignore"):
            below = np.where(self._below[subject], 1 - value / usual, np.nan)
        backed_up = (value[:, 0] - usual[:, 0]) / self._rise[subject]
        starved = np.fmax.reduce(below, axis=1) / self._fall[subject]
        self._follow_on(subject, time, value)
        raining = (np.where(self._rain[subject], value, -np.inf) >= self._rain_from[subject, None]).any(
            axis=1
        )
        self._dry_from[subject[raining]] = time[raining] + self._dry[subject[raining]].astype(np.int64)
        known = time - self._begun[subject] >= self._follow[subject] / _KNOWN
        judged = known & (time >= self._dry_from[subject])
        return np.where(judged, np.minimum(backed_up, starved), np.where(known, 0.0, np.nan))

    def memory(self) -> int:
        return int(2 * self._follow.max(initial=0) + self._dry.max(initial=0)) + super().memory()

    def _follow_on(self, subject: Subjects, time: Times, value: Values) -> None:
        """Let what is usual follow, but where it is in evidence."""
        usual, elapsed = self._usual[subject], time - self._time[subject]
        share = 1 - np.exp(-np.maximum(elapsed, 0) / self._follow[subject])
        share[self.state[subject] > 0] = 0.0
        moved = np.where(np.isnan(usual), value, usual + share[:, None] * (value - usual))
        watched = self._watched[subject] & ~np.isnan(value)
        self._usual[subject] = np.where(watched, moved, usual)
        self._time[subject] = time
