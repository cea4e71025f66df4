"""balance: what goes into a zone and what comes out do not match.

Formula: d = sum of the ``inflow`` - sum of the ``outflow`` (none: the zone's own use), the inflow taken
``shift`` earlier, which is the water's way through. Its mean over each stretch is judged by bands: over
every ``over``, or with ``night = [from, to]`` over those hours of each night in the city's time, when
people use least (02 to 04: minimum night flow). With ``usual`` the bands are held against how much the mean
is above the median of the last ``usual`` stretches without evidence. Bands, deadband, delays,
``relative_to`` as in ``limit``; a stretch is judged with the first sample after it, and only if half of it
is known.

Will not fire on: a loss as large as the meters' error, a leak that is older than what is usual, a stretch
in which a meter is missing.
False alarms: meters' errors add up: of n meters of 2 % each some 2 % of the flow / sqrt(n). Night use
varies by the number of people; allow three spreads of quiet nights. Filling of tanks at night is use.
Siblings: ``expression`` for any other formula, ``relation`` where there is no physical balance.

>>> import numpy as np
>>> parameters = BalanceParameters(bands=(Band(above=10.0),), night=(2.0, 4.0), every=Duration.parse("1h"))
>>> kind = Balance([parameters], [("inflow",)])
>>> for hour in range(24 * 3):
...     flow = (8.0 if hour < 48 else 15.0) if hour % 24 < 6 else 60.0
...     time = np.array([(hour + 1) * 3600_000000])
...     for change in kind.update(np.array([0]), time, np.array([[flow]])):
...         print(hour, kind.explain(0, int(change.state[0]), float(change.figure[0])))
52 the mean of what is in excess, 15 is at or above 10

Reference: minimum night flow 02-04 h as in the IWA water loss task force's bottom-up assessment (Lambert
1999); water balance CJJ 92-2016.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.banded import BandedKind, BandedParameters
from rules.kinds.base import Subjects, Times, Values, of_each
from rules.kinds.limit import Band
from sensors.local import local
from sensors.readings import DAY, HOUR

__all__ = ["Balance", "BalanceParameters", "Band"]

_MOST_SHIFT = 500
"""Samples that the inflow may be remembered for."""

_NONE = np.iinfo(np.int64).min // 2


class BalanceParameters(BandedParameters, frozen=True, kw_only=True):
    """Which stretches are judged, and by what."""

    shift: Duration = lasting("0s")
    over: Duration = lasting("1h")
    night: tuple[float, float] | None = None
    """Local hours, from and to."""
    usual: int = 0
    """Stretches whose median is what is usual; 0 = the mean itself is judged."""

    def mistake(self) -> tuple[str, str] | None:
        if self.over <= 0:
            return "over", "expected more than 0"
        if self.night is not None and not 0 <= self.night[0] < self.night[1] <= DAY / HOUR:
            return "night", f"expected two hours of one day, not {list(self.night)}"
        if not 0 <= self.usual <= _MOST_SHIFT:
            return "usual", f"expected 0 to {_MOST_SHIFT}, not {self.usual}"
        if self.every and self.shift > _MOST_SHIFT * self.every:
            return "shift", f"expected at most {_MOST_SHIFT} times every"
        return super().mistake()


class Balance(BandedKind[BalanceParameters]):
    """Sums since the stretch began, the inflow on its way, and the stretches before."""

    name: ClassVar = "balance"
    parameters: ClassVar = BalanceParameters
    centre: ClassVar = "asset"
    needs: ClassVar = ("inflow",)
    takes: ClassVar = ("outflow",)
    kept: ClassVar = ("_stretch", "_total", "_count", "_way", "_way_cell", "_past", "_passed")
    said: ClassVar = "the mean of what is in excess,"

    def __init__(self, parameters: Sequence[BalanceParameters], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters, roles)
        size = len(parameters)
        self._inflow, self._outflow = self.seats("inflow"), self.seats("outflow")
        self._every = of_each(parameters, "every", np.int64)
        self._over = np.array([DAY if each.night else each.over for each in parameters], np.int64)
        night = [each.night or (0.0, DAY / HOUR) for each in parameters]
        self._from, self._to = (
            np.array([round(each[end] * HOUR) for each in night], np.int64) for end in (0, 1)
        )
        self._at_night = np.array([each.night is not None for each in parameters], np.bool_)
        self._zone = np.array([each.zone for each in parameters], np.str_)
        self._shift = of_each(parameters, "shift", np.int64) // np.maximum(self._every, 1)
        self._usual = of_each(parameters, "usual", np.int64)
        self._stretch, self._count = np.full(size, _NONE), np.zeros(size, np.int64)
        self._total = np.zeros(size)
        depth = int(self._shift.max(initial=0)) + 1
        self._way, self._way_cell = np.full((size, depth), np.nan), np.full((size, depth), _NONE)
        self._past = np.full((size, max(1, int(self._usual.max(initial=0)))), np.nan)
        self._passed = np.zeros(size, np.int64)

    def figure(self, subject: Subjects, time: Times, value: Values) -> Values:
        excess = self._delayed(subject, time, _sum(value, self._inflow[subject])) - _sum(
            value, self._outflow[subject]
        )
        stretch = self._of_stretch(subject, time)
        ended = (stretch != self._stretch[subject]) & (self._count[subject] > 0)
        figure = np.full(len(subject), np.nan)
        figure[ended] = self._judged(subject[ended])
        begun = subject[stretch != self._stretch[subject]]
        self._total[begun], self._count[begun] = 0.0, 0
        self._stretch[subject] = stretch
        counts = ~np.isnan(excess) & (stretch != _NONE)
        self._total[subject[counts]] += excess[counts]
        self._count[subject[counts]] += 1
        return figure

    def memory(self) -> int:
        stretches = int((self._over * (self._usual + 1)).max(initial=0))
        return stretches + int((self._shift * self._every).max(initial=0)) + super().memory()

    def _of_stretch(self, subject: Subjects, time: Times) -> NDArray[np.int64]:
        """The stretch that each sample belongs to, or none."""
        middle = time - self._every[subject] // 2
        stretch: NDArray[np.int64] = middle // self._over[subject]
        for zone in np.unique(self._zone[subject]).tolist():
            mine = np.flatnonzero((self._zone[subject] == zone) & self._at_night[subject])
            there = local(middle[mine], zone)
            hour = there % DAY
            inside = (hour >= self._from[subject[mine]]) & (hour < self._to[subject[mine]])
            stretch[mine] = np.where(inside, there // DAY, _NONE)
        return stretch

    def _judged(self, subject: Subjects) -> Values:
        """The mean of the stretch that ended, or how much it is above what is usual."""
        mean = self._total[subject] / self._count[subject]
        length = np.where(self._at_night, self._to - self._from, self._over)[subject]
        mean[self._count[subject] * self._every[subject] * 2 < length] = np.nan
        relative = self._usual[subject] > 0
        figure = mean.copy()
        figure[relative] -= self._baseline(subject[relative])
        calm = relative & (self.state[subject] == 0) & ~np.isnan(mean)
        kept = subject[calm]
        self._past[kept, self._passed[kept] % np.maximum(self._usual[kept], 1)] = mean[calm]
        self._passed[kept] += 1
        return figure

    def _baseline(self, subject: Subjects) -> Values:
        """The median of what is remembered; NaN before half of it is known."""
        baseline = np.full(len(subject), np.nan)
        known = np.flatnonzero(self._passed[subject] * 2 >= self._usual[subject])
        if len(known):
            baseline[known] = np.nanmedian(self._past[subject[known]], axis=1)
        return baseline

    def _delayed(self, subject: Subjects, time: Times, inflow: Values) -> Values:
        cell = time // self._every[subject]
        depth = self._way.shape[1]
        self._way[subject, cell % depth], self._way_cell[subject, cell % depth] = inflow, cell
        then = cell - self._shift[subject]
        there = self._way_cell[subject, then % depth] == then
        return np.where(there, self._way[subject, then % depth], np.nan)


def _sum(value: Values, taken: NDArray[np.bool_]) -> Values:
    total: Values = np.where(taken, value, 0.0).sum(axis=1)
    return total
