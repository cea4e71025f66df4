"""The order of readings within a sensor: what is late, and what may be looked at together.

Within a sensor the order of arrival decides, in a batch and across batches, so nothing is sorted by
time and where a batch was cut changes no verdict.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).min
"""The last time of a sensor that was never heard."""

Index = NDArray[np.intp]
Times = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Order:
    """How the n readings of a batch stand to one another and to what came before.

    late: bool [n], not newer than the newest of its sensor before it. by_sensor: rows of the others,
    sensor by sensor, in order of arrival within each. first: bool beside by_sensor, where a sensor
    begins. in_rounds: the same rows in groups in which no sensor stands twice, to be taken one after the
    other. ends: where in ``in_rounds`` each group ends. plain: both are simply all rows as they arrived.
    """

    late: Mask
    by_sensor: Index
    first: Mask
    in_rounds: Index
    ends: Index
    plain: bool = False


def order(sensor: NDArray[np.int32], time: Times, last: Times) -> Order:
    """Find what is late against ``last`` (by sensor id) and cut the rest into rounds."""
    ascending = bool((sensor[1:] > sensor[:-1]).all())
    rows = np.arange(len(sensor)) if ascending else _sorted(sensor)
    first = _starts(sensor[rows])
    late = _late(sensor, time, last, rows, first)
    if late.any():
        rows = rows[~late[rows]]
        first = _starts(sensor[rows])
    return Order(late, rows, first, *_rounds(rows, first), plain=ascending and len(rows) == len(sensor))


def _sorted(number: NDArray[np.integer[Any]]) -> Index:
    """The rows in ascending order of numbers from 0 to 2^31, equal ones as they stand.

    With its row in the lower half each number is another, and sorting is many times faster than argsort.
    """
    key = (number.astype(np.int64) << 32) | np.arange(len(number))
    key.sort()
    return key & 0xFFFF_FFFF


def _starts(sorted_sensor: NDArray[np.int32]) -> Mask:
    first = np.ones(len(sorted_sensor), np.bool_)
    np.not_equal(sorted_sensor[1:], sorted_sensor[:-1], out=first[1:])
    return first


def _late(sensor: NDArray[np.int32], time: Times, last: Times, rows: Index, first: Mask) -> Mask:
    late = np.zeros(len(sensor), np.bool_)
    in_order = time[rows]
    before = np.empty_like(in_order)
    before[1:] = in_order[:-1]
    before[first] = last[sensor[rows[first]]]
    if (in_order > before).all():
        return late
    # Only a sensor that has a late reading is walked: its newest so far is what the next is held against.
    starts = np.append(np.flatnonzero(first), len(rows))
    for number in np.unique((np.cumsum(first) - 1)[in_order <= before]):
        mine = rows[starts[number] : starts[number + 1]]
        newest = last[sensor[mine[0]]]
        for row in mine:
            late[row] = time[row] <= newest
            newest = max(newest, time[row])
    return late


def _rounds(rows: Index, first: Mask) -> tuple[Index, Index]:
    if first.all():
        return rows, np.array([len(rows)] if len(rows) else [], np.intp)
    starts = first.nonzero()[0]
    lengths = np.diff(starts, append=len(rows))
    rank = np.arange(len(rows)) - np.repeat(starts, lengths)
    return rows[_sorted(rank)], np.cumsum(np.bincount(rank))
