"""The rows of a feed as arrays, checked on the way: what is handed out is in order and means what it says."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensors.errors import Mistake
from sensors.readings import HOUR
from simulator.feed import Channel, Feed
from simulator.feed_csv import Bad, Table, open_table, refuse
from simulator.feed_time import UnclearError, microseconds, moment, number, written

CHUNK = 4096
"""Rows that are held at a time."""

HOLE = HOUR
"""A feed that says nothing for so long has a hole there."""


@dataclass(frozen=True, slots=True)
class Rows:
    """n rows of a feed with m channels, each later than the one before.

    time: int64 [n], us since 1970 UTC, whole milliseconds. value: float64 [n, m], as the sensors send it,
    NaN where the cell held none.
    """

    time: NDArray[np.int64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, rows: slice) -> "Rows":
        return Rows(self.time[rows], self.value[rows])

    @property
    def readings(self) -> int:
        """How many values there are."""
        return int(np.count_nonzero(~np.isnan(self.value)))


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a feed holds.

    stretches: from when until when it goes on without a hole, in us since 1970 UTC; a row stands for the
    interval after it.
    """

    rows: int
    readings: int
    stretches: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        """The time of the first row."""
        return self.stretches[0][0]

    @property
    def end(self) -> int:
        """An interval after the last row."""
        return self.stretches[-1][1]


def read_rows(
    feed: Feed, channels: tuple[Channel, ...], data: Path, until: int | None = None, bad: Bad = refuse
) -> Iterator[Rows]:
    """The feed's rows from ``since`` on and before ``until``, a chunk at a time; ``bad`` is told of others.

    Raises:
        Mistake: the first thing that is wrong with the tables, by file and line.
    """
    since = None if feed.since is None else microseconds(feed.since)
    for rows in (
        _merged(feed, channels, data, bad)
        if feed.beside or not feed.in_order
        else _read(feed, channels, data, bad)
    ):
        kept = rows[_place(rows, since, 0) : _place(rows, until, len(rows))]
        if len(kept):
            yield kept
        if until is not None and rows.time[-1] >= until:
            return


def _read(feed: Feed, channels: tuple[Channel, ...], data: Path, bad: Bad, part: int = 0) -> Iterator[Rows]:
    """The rows of one part, file after file, with values of its own channels only."""
    channels = tuple(channel for channel in channels if channel.part == part)
    last: int | None = None
    for file in feed.parts[part].files:
        with open_table(data / file, feed.delimiter, bad) as table:
            for rows in _chunks(table, feed, channels, last):
                last = int(rows.time[-1])
                yield rows


def _merged(feed: Feed, channels: tuple[Channel, ...], data: Path, bad: Bad) -> Iterator[Rows]:
    """The rows of all parts by time, held in memory as a whole; a part that has no row then has no values."""
    parts = [list(_read(feed, channels, data, bad, part)) for part in range(len(feed.parts))]
    times = np.unique(np.concatenate([np.empty(0, np.int64), *(rows.time for rows in chain(*parts))]))
    value = np.full((len(times), len(channels)), np.nan)
    for part, chunks in enumerate(parts):
        mine = np.flatnonzero([channel.part == part for channel in channels])
        for rows in reversed(chunks):
            time, first = np.unique(rows.time, return_index=True)
            value[np.searchsorted(times, time)[:, None], mine] = rows.value[first]
    for start in range(0, len(times), CHUNK):
        yield Rows(times[start : start + CHUNK], value[start : start + CHUNK])


def survey(
    feed: Feed,
    channels: tuple[Channel, ...],
    data: Path,
    until: int | None = None,
    bad: Bad = refuse,
) -> Extent:
    """Read all that will be read, so that it is known to be right before any of it is used.

    Raises:
        Mistake: the first thing that is wrong with the tables, by file and line; or there is no row.
    """
    rows = readings = 0
    stretches: list[tuple[int, int]] = []
    for chunk in read_rows(feed, channels, data, until, bad):
        rows, readings = rows + len(chunk), readings + chunk.readings
        for start, end in _stretches(chunk.time, feed.interval):
            if stretches and start - stretches[-1][1] < HOLE:
                start = stretches.pop()[0]  # noqa: PLW2901, it began before this chunk
            stretches.append((start, end))
    if not stretches:
        raise feed.mistake(("files",), "expected a row in the time asked for, there is none")
    return Extent(rows, readings, tuple(stretches))


def _chunks(table: Table, feed: Feed, channels: tuple[Channel, ...], last: int | None) -> Iterator[Rows]:
    factor, offset = (np.array([getattr(each, name) for each in channels]) for name in ("factor", "offset"))
    records = _records(table, feed, [channel.column for channel in channels], last)
    while chunk := list(islice(records, CHUNK)):
        times, values = zip(*chunk, strict=True)
        yield Rows(np.array(times, np.int64), np.array(values) * factor + offset)


def _records(
    table: Table, feed: Feed, columns: list[str], last: int | None
) -> Iterator[tuple[int, list[float]]]:
    """The time and the values of each record; ``last`` is the time of the one before the first."""
    place, *places = table.places([feed.time.column, *columns])
    read, missing = moment(feed.time.format, feed.time.zone, in_order=feed.in_order), frozenset(feed.missing)

    def time_of(line: int, cell: str) -> int:
        try:
            time = read(cell.strip())
        except UnclearError as unclear:
            raise table.mistake(line, feed.time.column, str(unclear)) from None
        except (ValueError, OverflowError):
            expected = f"expected a time ({feed.time.format}), not {cell!r}"
            raise table.mistake(line, feed.time.column, expected) from None
        if feed.in_order and last is not None and time <= last:
            expected = f"expected a time after {written(last)} of the row before, not {written(time)}"
            raise table.mistake(line, feed.time.column, expected)
        return time

    def value_of(line: int, column: str, cell: str) -> float:
        try:
            return math.nan if cell in missing else number(cell, feed.decimal)
        except ValueError:
            raise table.mistake(line, column, f"expected a number, not {cell!r}") from None

    for line, cells in table.records():
        try:
            time = time_of(line, cells[place])
            values = [
                value_of(line, column, cells[each].strip())
                for column, each in zip(columns, places, strict=True)
            ]
        except Mistake as mistake:
            table.bad(mistake)
            continue
        last = time
        yield time, values


def _place(rows: Rows, time: int | None, default: int) -> int:
    return default if time is None else int(np.searchsorted(rows.time, time))


def _stretches(time: NDArray[np.int64], interval: int) -> Iterator[tuple[int, int]]:
    """Where the times go on without a hole, the end of each an interval after its last."""
    after = np.flatnonzero(np.diff(time) - interval >= HOLE)
    starts, ends = np.append(0, after + 1), np.append(after, len(time) - 1)
    yield from zip(time[starts].tolist(), (time[ends] + interval).tolist(), strict=True)
