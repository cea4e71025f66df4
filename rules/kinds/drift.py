"""drift: an instrument leaves its neighbours over days, slowly and one way.

Formula: r = value - median of the ``neighbours``; of each day (UTC) the mean of r is kept, for ``days``
days. The shift is the Theil-Sen slope of these means times the days between the first and the last; it
counts if Kendall's S is beyond 1.96 of its spread, so that it goes one way and not up and down. The figure
is the shift without its sign, in the quantity's own unit, judged by bands as in ``limit``, once a day.

Will not fire on: a step (see ``relation``), a drift that all share, fewer than five days with readings.
False alarms: a difference that has a season of its own; with a true spread s of daily means, n days of
white noise shift by more than about 4 s / sqrt(n) in one of forty windows. Let the band be what maintenance
acts on.
Siblings: ``relation`` for hours, ``stuck``.

>>> import numpy as np
>>> from rules.kinds.limit import Band
>>> kind = Drift([DriftParameters(bands=(Band(above=1.0),))], [("", "neighbours", "neighbours")])
>>> for hour in range(0, 24 * 12, 6):
...     values = np.array([[20 + 0.15 * hour / 24, 20.0, 20.1]])
...     for change in kind.update(np.array([0]), np.array([hour * 3600_000000]), values):
...         print(hour // 24, kind.explain(0, int(change.state[0]), float(change.figure[0])))
7 has drifted away from its neighbours: 1.05 is at or above 1

Reference: P. K. Sen, J. Am. Stat. Assoc. 63 (1968) 1379; M. G. Kendall, Rank Correlation Methods (1975).
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from rules.kinds.banded import BandedKind, BandedParameters
from rules.kinds.base import Subjects, Times, Values, of_each
from sensors.readings import DAY

_LEAST, _MOST = 5, 60
_ONE_WAY = 1.96
_NONE = np.iinfo(np.int64).min // 2


class DriftParameters(BandedParameters, frozen=True, kw_only=True):
    """Over how many days."""

    days: int = 14

    def mistake(self) -> tuple[str, str] | None:
        if not _LEAST <= self.days <= _MOST:
            return "days", f"expected {_LEAST} to {_MOST}, not {self.days}"
        return super().mistake()


class Drift(BandedKind[DriftParameters]):
    """The day's sum so far, and the means of the days before."""

    name: ClassVar = "drift"
    parameters: ClassVar = DriftParameters
    needs: ClassVar = ("neighbours",)
    kept: ClassVar = ("_day", "_total", "_count", "_means", "_days")
    said: ClassVar = "has drifted away from its neighbours:"

    def __init__(self, parameters: Sequence[DriftParameters], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters, roles)
        size = len(parameters)
        self._neighbours, self._length = self.seats("neighbours"), of_each(parameters, "days", np.int64)
        self._day, self._total, self._count = np.full(size, _NONE), np.zeros(size), np.zeros(size, np.int64)
        depth = int(self._length.max(initial=1))
        self._means, self._days = np.full((size, depth), np.nan), np.full((size, depth), _NONE)

    def figure(self, subject: Subjects, time: Times, value: Values) -> Values:
        residual = value[:, 0] - _median(np.where(self._neighbours[subject], value, np.nan))
        known = np.flatnonzero(~np.isnan(residual))
        figure = np.full(len(subject), np.nan)
        day = (time[known] - 1) // DAY
        over = (day != self._day[subject[known]]) & (self._count[subject[known]] > 0)
        ended = known[over]
        if len(ended):
            figure[ended] = self._shift(subject[ended])
        mine = subject[known]
        self._day[mine] = day
        self._total[mine] += residual[known]
        self._count[mine] += 1
        return figure

    def memory(self) -> int:
        return int(self._length.max(initial=0)) * DAY + super().memory()

    def _shift(self, subject: Subjects) -> Values:
        """Keep the day's mean, and say how far the days kept have shifted one way; 0 where they have not."""
        place, depth = self._day[subject] % self._length[subject], self._means.shape[1]
        self._means[subject, place] = self._total[subject] / self._count[subject]
        self._days[subject, place] = self._day[subject]
        self._total[subject], self._count[subject] = 0.0, 0
        recent = self._days[subject] > (self._day[subject] - self._length[subject])[:, None]
        days = np.where(recent, self._days[subject], np.nan).astype(np.float64)
        means = np.where(recent, self._means[subject], np.nan)
        left, right = np.triu_indices(depth, 1)
        apart = days[:, right] - days[:, left]
        slope = (means[:, right] - means[:, left]) / np.where(apart == 0, np.nan, apart)
        many = recent.sum(axis=1)
        one_way = np.abs(np.nansum(np.sign(slope), axis=1)) > _ONE_WAY * np.sqrt(
            many * (many - 1) * (2 * many + 5) / 18
        )
        span = np.nanmax(days, axis=1) - np.nanmin(days, axis=1)
        shift = np.abs(_median(slope)) * span
        return np.where(many >= _LEAST, np.where(one_way, shift, 0.0), np.nan)


def _median(value: Values) -> Values:
    """Along the last axis, of what is known; NaN where nothing is."""
    known = ~np.isnan(value).all(axis=1)
    median = np.full(len(value), np.nan)
    median[known] = np.nanmedian(value[known], axis=1)
    return median
