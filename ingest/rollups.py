"""Readings by ten minutes and by hour, brought up to date with what was stored since.

The journal tells which buckets that is, so storing a reading costs nothing more; only bulk history, which
has no journal, is noted (``note_due``). A bucket is always counted anew from all its readings, and how far
the journal was followed is stored with the buckets: doing it twice, or ending anywhere, changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import numpy as np
from numpy.typing import NDArray

from ingest.journal import BatchEntry, decode
from ingest.write import moment
from sensors.readings import MINUTE, Readings

_BUCKET = 10 * MINUTE
_ENTRIES = 50
"""Entries of the journal in a transaction: the readings in them are in memory at once."""

_DAY = timedelta(days=1)

_NEXT = """
select seq, body from journal
where partition = $1 and seq > coalesce((select seq from rolled_up where partition = $1), 0)
order by seq limit $2
"""

_REACHED = """
insert into rolled_up (partition, seq) values ($1, $2)
on conflict (partition) do update set seq = excluded.seq
"""

_FINITE = "filter (where value > '-infinity' and value < 'infinity')"

_OF_READINGS = f"""
count(*) as readings, count(*) {_FINITE} as numbers, max(flag) as worst, min(value) {_FINITE} as low,
max(value) {_FINITE} as high, sum(value) {_FINITE} as total, last(value, time) {_FINITE} as last
"""

_OF_BUCKETS = """
sum(readings) as readings, sum(numbers) as numbers, max(worst) as worst, min(low) as low,
max(high) as high, sum(total) as total, last(last, time) filter (where numbers > 0) as last
"""

# What is older than what was kept is not counted anew: not all of its readings are there any more.
_STORE = """
insert into {table} as old (sensor_id, time, readings, numbers, worst, low, high, total, last)
{buckets}
on conflict (sensor_id, time) do update set readings = excluded.readings, numbers = excluded.numbers,
    worst = excluded.worst, low = excluded.low, high = excluded.high, total = excluded.total,
    last = excluded.last
where old.time >= coalesce((select since from retained where table_name = '{source}'), '-infinity')
    and (old.readings, old.numbers, old.worst, old.low, old.high, old.total, old.last)
    is distinct from (excluded.readings, excluded.numbers, excluded.worst, excluded.low, excluded.high,
        excluded.total, excluded.last)
"""

# lateral: one look into the identity index a bucket, whatever the planner thinks of an unanalysed table.
_SINGLY = """
select sensor_id, bucket, r.* from (
    select distinct sensor_id, to_timestamp(number / {tens} * {tens} * 600.0) as bucket
    from unnest($1::integer[], $2::bigint[]) as changed (sensor_id, number)
) changed
cross join lateral (
    select {columns} from {source}
    where sensor_id = changed.sensor_id and time >= bucket and time < bucket + {tens} * interval '10 minutes'
) r
where r.readings > 0
"""

_TOGETHER = """
select sensor_id, time_bucket({tens} * interval '10 minutes', time) as bucket, {columns} from {source}
where time >= $1 and time < $2 and ($3::integer[] is null or sensor_id = any($3))
group by sensor_id, bucket
"""


def _statements(buckets: str) -> tuple[str, str]:
    """Those that store ten minutes and hours, in this order: the one is made of the other."""
    levels = (
        ("readings_10min", "readings", 1, _OF_READINGS),
        ("readings_1h", "readings_10min", 6, _OF_BUCKETS),
    )
    ten_minutes, hours = (
        _STORE.format(
            table=table, source=source, buckets=buckets.format(source=source, tens=tens, columns=columns)
        )
        for table, source, tens, columns in levels
    )
    return ten_minutes, hours


_OF_CHANGED = _statements(_SINGLY)
_OF_DAY = _statements(_TOGETHER)


@dataclass(frozen=True, slots=True)
class Rolled:
    """How many of the journal's entries were followed, and how many buckets changed for it."""

    entries: int = 0
    ten_minutes: int = 0
    hours: int = 0

    def __add__(self, other: "Rolled") -> "Rolled":
        return Rolled(
            self.entries + other.entries, self.ten_minutes + other.ten_minutes, self.hours + other.hours
        )


async def note_due(connection: asyncpg.Connection, readings: Readings) -> None:
    """Remember readings that are stored past the journal, in the transaction that stores them."""
    if len(readings):
        await connection.execute(
            "insert into rollups_due (sensors, first_time, last_time) values ($1, $2, $3)",
            np.unique(readings.sensor).tolist(),
            moment(int(readings.time.min())),
            moment(int(readings.time.max())),
        )


async def roll_up(connection: asyncpg.Connection) -> Rolled:
    """Count anew what has changed, in many short transactions; one caller at a time."""
    done = Rolled()
    for row in await connection.fetch("select partition from partitions order by partition"):
        while (part := await _next_entries(connection, row["partition"])) is not None:
            done += part
    while (part := await _next_due(connection)) is not None:
        done += part
    return done


async def _next_entries(connection: asyncpg.Connection, partition: str) -> Rolled | None:
    """The next entries of a partition's journal; None at its end."""
    async with connection.transaction():
        rows = await connection.fetch(_NEXT, partition, _ENTRIES)
        if not rows:
            return None
        sensors, buckets = _changed(decode(row["body"]) for row in rows)
        rolled = await _store(connection, _OF_CHANGED, sensors.tolist(), buckets.tolist())
        await connection.execute(_REACHED, partition, rows[-1]["seq"])
    return Rolled(len(rows)) + rolled


def _changed(entries: Iterable[object]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Sensor and number since 1970 of each bucket of ten minutes that the entries touch, once each."""
    readings = Readings.concatenate(entry.readings for entry in entries if isinstance(entry, BatchEntry))
    pairs = np.stack((readings.sensor.astype(np.int64), readings.time // _BUCKET), axis=1)
    found = np.unique(pairs, axis=0)
    return found[:, 0].astype(np.int32), found[:, 1]


async def _store(connection: asyncpg.Connection, statements: tuple[str, str], *given: object) -> Rolled:
    ten_minutes, hours = [_rows(await connection.execute(each, *given)) for each in statements]
    return Rolled(0, ten_minutes, hours)


def _rows(status: str) -> int:
    """How many rows an insert says that it stored."""
    return int(status.rpartition(" ")[2])


async def _next_due(connection: asyncpg.Connection) -> Rolled | None:
    """A day of the oldest stretch that was noted; None if there is none."""
    async with connection.transaction():
        due = await connection.fetchrow("select * from rollups_due order by due_id limit 1 for update")
        if due is None:
            return None
        start = due["first_time"].replace(hour=0, minute=0, second=0, microsecond=0)
        rolled = await _store(connection, _OF_DAY, start, start + _DAY, due["sensors"])
        if start + _DAY > due["last_time"]:
            await connection.execute("delete from rollups_due where due_id = $1", due["due_id"])
        else:
            later = "update rollups_due set first_time = $2 where due_id = $1"
            await connection.execute(later, due["due_id"], start + _DAY)
    return rolled
