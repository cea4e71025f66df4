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
    sensor by sensor, in order of arrival within each. since: beside by_sensor, the time of the one before
    of its sensor. again: the places in by_sensor where a sensor stands once more. in_rounds: the same rows
    in groups in which no sensor stands twice, to be taken one after the other. ends: where in
    ``in_rounds`` each group ends. plain: both orders are simply all rows as they arrived.
    """

    late: Mask
    by_sensor: Index
    since: Times
    again: Index
    in_rounds: Index
    ends: Index
    plain: bool = False


def order(sensor: NDArray[np.int32], time: Times, last: Times) -> Order:
    """Find what is late against ``last`` (by sensor id) and cut the rest into rounds."""
    ascending = bool((sensor[1:] > sensor[:-1]).all())
    rows = np.arange(len(sensor)) if ascending else _sorted(sensor)
    late = np.zeros(len(rows), np.bool_)
    owner, when = sensor.take(rows), time.take(rows)
    since, again = _before(owner, when, last)
    overdue = when <= since
    if overdue.any():
        late[rows] = _late(owner, when, last, overdue)
        rows = rows[~late[rows]]
        owner, when = sensor[rows], time[rows]
        since, again = _before(owner, when, last)
    rounds = (rows, _one(rows)) if not len(again) else _rounds(rows, again)
    return Order(late, rows, since, again, *rounds, plain=ascending and len(rows) == len(sensor))


def _before(owner: NDArray[np.int32], time: Times, last: Times) -> tuple[Times, Index]:
    """When the owner of each spoke before, and where it has spoken in the batch already; sorted by owner."""
    since, again = last.take(owner), np.flatnonzero(owner[1:] == owner[:-1]) + 1
    since[again] = time[again - 1]
    return since, again


def _sorted(number: NDArray[np.integer[Any]]) -> Index:
    """The rows in ascending order of numbers from 0 to 2^31, equal ones as they stand.

    With its row in the lower half each number is another, and sorting is many times faster than argsort.
    """
    key = (number.astype(np.int64) << 32) | np.arange(len(number))
    key.sort()
    return key & 0xFFFF_FFFF


def _late(owner: NDArray[np.int32], time: Times, last: Times, overdue: Mask) -> Mask:
    """Walk through the sensors that have a late reading: their newest so far is what each is held against."""
    late = np.zeros(len(owner), np.bool_)
    for sensor in np.unique(owner[overdue]):
        newest = last[sensor]
        for place in range(*np.searchsorted(owner, [sensor, sensor + 1]).tolist()):
            late[place] = time[place] <= newest
            newest = max(newest, time[place])
    return late


def _one(rows: Index) -> Index:
    return np.array([len(rows)] if len(rows) else [], np.intp)


def _rounds(rows: Index, again: Index) -> tuple[Index, Index]:
    first = np.ones(len(rows), np.bool_)
    first[again] = False
    starts = np.flatnonzero(first)
    lengths = np.diff(starts, append=len(rows))
    rank = np.arange(len(rows)) - np.repeat(starts, lengths)
    return rows[_sorted(rank)], np.cumsum(np.bincount(rank))
