"""A bounded window of readings a subject, thinned: of each slot of its length / ``points`` the first counts.

So what is kept does not depend on how often a sensor reports, and an evaluation costs one slot. Arrays are
[subjects, points]; each subject goes round in as many places as it has points, however wide the arrays are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.kinds.base import Subjects, Times, Values
from rules.kinds.reference import NEVER

Counts = NDArray[np.intp]
Mask = NDArray[np.bool_]

MAD = 1.4826
"""How many median distances from the median the standard deviation of a normal distribution is."""


@dataclass(frozen=True, slots=True)
class View:
    """What is in the windows of m subjects.

    age: [m, points] us before now. value: [m, points]. Both in no order, NaN where there is nothing.
    count: [m]. span: [m] us from the oldest to the newest.
    """

    age: Values
    value: Values
    count: Counts
    span: Values


class Window:
    """The windows of n subjects."""

    def __init__(self, points: Sequence[int], length: Sequence[int]) -> None:
        self._points, self._length = np.array(points, np.int64), np.array(length, np.int64)
        self._step = np.maximum(self._length // np.maximum(self._points, 1), 1)
        shape = (len(points), max(points, default=1))
        self._times, self._values = np.full(shape, NEVER), np.full(shape, np.nan)
        self._next = np.zeros(len(points), np.int64)
        self._slot = np.full(len(points), NEVER)

    def remember(self) -> dict[str, NDArray[Any]]:
        """The arrays themselves, for a kind's memory."""
        arrays = {"times": self._times, "values": self._values, "next": self._next, "slot": self._slot}
        return {f"window_{name}": array for name, array in arrays.items()}

    def opens(self, subject: Subjects, time: Times) -> Mask:
        """Whether a reading is the first of its slot."""
        slot = time // self._step[subject]
        opens: Mask = slot != self._slot[subject]
        self._slot[subject] = slot
        return opens

    def keep(self, subject: Subjects, time: Times, value: Values) -> None:
        """Put a reading into each window, in the place of the oldest."""
        place = self._next[subject]
        self._times[subject, place], self._values[subject, place] = time, value
        self._next[subject] = (place + 1) % self._points[subject]

    def view(self, subject: Subjects, now: Times) -> View:
        """What the windows hold that is no older than their length."""
        age = (now[:, None] - self._times[subject]).astype(np.float64)
        held = age <= self._length[subject, None]
        oldest = age.max(axis=1, initial=0.0, where=held)
        newest = np.minimum(age.min(axis=1, initial=np.inf, where=held), oldest)
        age[~held] = np.nan
        value = np.where(held, self._values[subject], np.nan)
        return View(age, value, held.sum(axis=1), oldest - newest)


def quantile(rows: Values, count: Counts, share: float | Values) -> Values:
    """The ``share`` quantile of each row's ``count`` numbers, linear between two; NaN for a row of none.

    rows: [m, w], sorted along the rows, NaN last, as ``np.sort`` leaves them. count: [m].
    """
    last = np.maximum(count - 1, 0)
    place = last * share
    low = np.floor(place).astype(np.intp)
    each = np.arange(len(rows))
    below, above = rows[each, low], rows[each, np.minimum(low + 1, last)]
    quantiles: Values = below + (above - below) * (place - low)
    return quantiles


def median(rows: Values, count: Counts) -> Values:
    """The median of each row's ``count`` numbers among NaN."""
    return quantile(np.sort(rows, axis=1), count, 0.5)
