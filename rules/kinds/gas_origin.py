"""gas_origin: whether methane comes from the sewer or from a pipe, by what is measured beside it.

Formula: a sum of log-likelihood ratios, for a pipe where positive, over what is known; nothing is judged
while methane (its mean over ``every``, %VOL or %LEL, 5 %VOL being 100 %LEL) is below ``from_lel``.
- ``h2s``: pipeline gas may hold at most ``pipe_h2s`` mg/m3, thinned like its methane. What is measured
  beyond ten times that is of the sewer: -``weight``; next to none (less than 1 mg/m3 a %VOL of methane):
  +``weight`` / 2.
- ``oxygen``: the air that is missing, (20.9 - O2) / 20.9, is what gas displaced. Of pipeline gas it equals
  methane's share, of biogas, four tenths of which is carbon dioxide, it is 1.6 times as much, and more
  where oxygen is used up: a ratio beyond 1.5 gives -``weight``, within 0.7 to 1.3 +``weight``.
- methane itself: a rise of more than ``fast_lel`` in an hour is a leak's, +``weight`` / 2; the slow breath
  of a sewer gives -``weight`` / 2. Bands on the sum; by default state 1 = of the sewer (at or below -1.5),
  state 2 = from a pipe (at or above 1.5).

Will not fire on: methane too little to tell, a single sensor (methane's pace alone does not reach 1.5).
False alarms: it is no alarm of its own: weigh state 1 with a negative llr, state 2 with a positive one.
Ethane would decide it (a few percent in pipeline gas, none in biogas), but few chambers measure it. The
weights are rules of thumb in the order of physics, to be calibrated.
Siblings: ``limit`` on methane for danger, which does not ask where it comes from.

>>> import numpy as np
>>> kind = GasOrigin([GasOriginParameters(unit="%VOL")], [("", "h2s", "oxygen")])
>>> for minute, values in enumerate([(0.2, 1.0, 20.8), (3.0, 0.5, 20.3), (3.0, 60.0, 18.9)]):
...     for change in kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([values])):
...         print(minute, kind.explain(0, int(change.state[0]), float(change.figure[0])))
1 comes from a pipe rather than the sewer, log odds +4
2 comes from the sewer rather than a pipe, log odds -3

Reference: C2:C1 and CH4:CO2 as in Maazallahi et al., Atmos. Chem. Phys. 20 (2020) 14717, and Jackson et al.
2014, in what chambers do measure; H2S of natural gas at most 20 mg/m3: GB 17820-2018 class 2.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rules.kinds.banded import BandedKind, BandedParameters
from rules.kinds.base import Subjects, Times, Values, of_each
from rules.kinds.limit import Band
from sensors.readings import HOUR

_AIR = 20.9
"""%VOL of oxygen."""

_LEL = 5.0
"""%VOL of methane."""

_NEVER = np.iinfo(np.int64).min // 2


class GasOriginParameters(BandedParameters, frozen=True, kw_only=True):
    """What counts how much."""

    bands: tuple[Band, ...] = (Band(below=-1.5), Band(above=1.5))
    deadband: float = 0.5
    from_lel: float = 5.0
    pipe_h2s: float = 20.0
    fast_lel: float = 10.0
    """%LEL an hour."""
    weight: float = 2.0
    unit: str = "%LEL"
    """Of the methane sensor: %LEL or %VOL."""

    def mistake(self) -> tuple[str, str] | None:
        if self.unit not in {"%LEL", "%VOL"}:
            return "unit", f"expected %LEL or %VOL, not {self.unit!r}"
        for name in ("from_lel", "pipe_h2s", "fast_lel", "weight"):
            if getattr(self, name) <= 0:
                return name, "expected more than 0"
        return super().mistake()


class GasOrigin(BandedKind[GasOriginParameters]):
    """What is beside methane, and how fast it rose."""

    name: ClassVar = "gas_origin"
    parameters: ClassVar = GasOriginParameters
    said: ClassVar = ""
    takes: ClassVar = ("h2s", "oxygen")
    kept: ClassVar = ("_anchor", "_anchor_time", "_rise")

    def __init__(self, parameters: Sequence[GasOriginParameters], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters, roles)
        size = len(parameters)
        self._h2s, self._oxygen = self.seats("h2s"), self.seats("oxygen")
        self._from, self._pipe, self._fast, self._weight = (
            of_each(parameters, name, np.float64) for name in ("from_lel", "pipe_h2s", "fast_lel", "weight")
        )
        self._to_vol = np.array([1.0 if each.unit == "%VOL" else _LEL / 100 for each in parameters])
        self._anchor, self._anchor_time = np.full(size, np.nan), np.full(size, _NEVER)
        self._rise = np.full(size, np.nan)
        """%LEL an hour."""

    def figure(self, subject: Subjects, time: Times, value: Values) -> Values:
        methane = value[:, 0] * self._to_vol[subject]
        lel = methane * 100 / _LEL
        self._pace(subject, time, lel)
        evidence = self._by_h2s(subject, _most(value, self._h2s[subject]), methane)
        evidence += self._by_oxygen(subject, _least(value, self._oxygen[subject]), methane)
        rise, weight = self._rise[subject], self._weight[subject]
        evidence += (
            np.select([rise > self._fast[subject], rise <= self._fast[subject]], [weight, -weight]) / 2
        )
        return np.where(lel >= self._from[subject], evidence, np.where(np.isnan(lel), np.nan, 0.0))

    def memory(self) -> int:
        return 2 * HOUR * bool(len(self.state)) + super().memory()

    def explain(self, subject: int, state: int, value: float) -> str:
        del subject
        if state == 0:
            return f"methane's origin cannot be told, log odds {value:+.2g}"
        origin = "a pipe rather than the sewer" if value > 0 else "the sewer rather than a pipe"
        return f"comes from {origin}, log odds {value:+.2g}"

    def _pace(self, subject: Subjects, time: Times, lel: Values) -> None:
        """The rise over the last hour or so, from a reading that is taken anew each hour."""
        heard = ~np.isnan(lel)
        subject, time, lel = subject[heard], time[heard], lel[heard]
        hours = (time - self._anchor_time[subject]) / HOUR
        due = hours >= 1
        near = due & (hours <= 2)  # noqa: PLR2004, a rise over longer says little
        rise = np.where(near, (lel - self._anchor[subject]) / hours, np.nan)
        fast = lel - self._anchor[subject]
        self._rise[subject[due]] = rise[due]
        early = ~due & (fast > self._fast[subject])
        self._rise[subject[early]] = fast[early]
        self._anchor[subject[due]], self._anchor_time[subject[due]] = lel[due], time[due]

    def _by_h2s(self, subject: Subjects, h2s: Values, methane: Values) -> Values:
        weight = self._weight[subject]
        of_pipe = self._pipe[subject] * methane / 100
        return np.select([h2s > 10 * np.maximum(of_pipe, 1.0), h2s < methane], [-weight, weight / 2])

    def _by_oxygen(self, subject: Subjects, oxygen: Values, methane: Values) -> Values:
        weight = self._weight[subject]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (_AIR - oxygen) / _AIR * 100 / methane
        return np.select([ratio > 1.5, (ratio >= 0.7) & (ratio <= 1.3)], [-weight, weight])  # noqa: PLR2004


def _most(value: Values, taken: NDArray[np.bool_]) -> Values:
    most: Values = np.fmax.reduce(np.where(taken, value, np.nan), axis=1)
    return most


def _least(value: Values, taken: NDArray[np.bool_]) -> Values:
    least: Values = np.fmin.reduce(np.where(taken, value, np.nan), axis=1)
    return least
