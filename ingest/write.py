"""A batch into the database, inside the worker's transaction."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from ingest.batch import Batch, DeadLetter
from ingest.copy import binary, timestamps
from ingest.reason import Reason
from ingest.sequence import GapChange, Range
from sensors.readings import Readings

_COLUMNS = ("sensor_id", "time", "value", "flag")

_STAGING = """
create temporary table staging (
    sensor_id integer, time timestamptz, value double precision, flag smallint, late boolean, place integer
) on commit delete rows
"""

_UNSTAGE = """
with stored as (
    insert into readings (sensor_id, time, value, flag, late)
    select distinct on (sensor_id, time) sensor_id, time, value, flag, late
    from staging order by sensor_id, time, place
    on conflict (sensor_id, time) do nothing
    returning sensor_id, time, late
)
select sensor_id, (time at time zone 'UTC')::date as day, min(time) as first, max(time) as last,
    count(*) as readings, late
from stored group by sensor_id, day, late
"""

# lateral: one look into the identity index a row, whatever the planner thinks of an unanalysed table.
_CONFLICTS = """
select format('lifeline/%s/%s/%s/telemetry', domain, district, device_id) as topic, device_id as device,
    format('%s at %s is %s, now %s was given', key, staging.time, stored.value, staging.value) as detail,
    convert_to(json_build_object('sensor', key, 'time', staging.time,
        'stored', stored.value::text, 'given', staging.value::text)::text, 'UTF8') as payload
from staging
cross join lateral (
    select value from readings r where r.sensor_id = staging.sensor_id and r.time = staging.time
) stored
join sensors using (sensor_id) join devices using (device_id)
where stored.value is distinct from staging.value
order by place
"""

_HISTORY = """
select sensor_id, (extract(epoch from time) * 1000000)::bigint, value, flag from readings
where sensor_id = any($1) and time > $2 and time <= $3 and not late order by sensor_id, time
"""

_HISTORY_PART = 50_000
"""Rows that are in memory at a time: a new rule over a whole city may need hours of all its sensors."""

_WAVEFORM = """
insert into waveforms (sensor_id, start, rate_hz, samples, flag) values ($1, $2, $3, $4, $5)
on conflict (sensor_id, start) do nothing
"""

_DEAD = """
insert into dead_letter (received_at, topic, device_id, reason, detail, content_type, payload, payload_size)
values (clock_timestamp(), $1, $2, $3, $4, $5, $6, $7)
"""

_STATUS = """
insert into device_status (device_id, online, since, boot) values ($1, $2, clock_timestamp(), $3)
on conflict (device_id) do update set
    since = case when device_status.online = excluded.online then device_status.since else excluded.since end,
    online = excluded.online, boot = coalesce(excluded.boot, device_status.boot)
"""

_GAPS = """
insert into message_gaps (device_id, boot, missing)
values ($1, $2, $3::text::int8multirange - $4::text::int8multirange)
on conflict (device_id, boot) do update set
    missing = message_gaps.missing + $3::text::int8multirange - $4::text::int8multirange,
    updated_at = clock_timestamp()
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The late readings of one sensor in one day: how many, the first of them and the last."""

    sensor: int
    day: date
    first: datetime
    last: datetime
    readings: int


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the readings of a batch.

    How many were stored, how many were there already, those that have another value there, and where those
    belong that were stored late.
    """

    stored: int
    duplicates: int
    conflicts: tuple[DeadLetter, ...]
    late: tuple[Stretch, ...] = ()


def moment(time: int) -> datetime:
    """A time in us as asyncpg takes it."""
    return _EPOCH + timedelta(microseconds=time)


async def prepare(connection: asyncpg.Connection) -> None:
    """Make a new connection ready to write."""
    await connection.execute(_STAGING)


async def write_readings(
    connection: asyncpg.Connection, readings: Readings, late: NDArray[np.bool_], *, certain: bool = True
) -> Written:
    """Store the readings once each.

    certain: those that are not late are certainly new; else all go by the staging table, which is slower
    and asks the database.
    """
    new = ~late if certain else np.zeros(len(readings), np.bool_)
    stored = int(np.count_nonzero(new))
    if stored:
        fresh = readings if stored == len(readings) else readings[new]
        await _copy(connection, "readings", _COLUMNS, _columns(fresh))
    if stored == len(readings):
        return Written(stored, 0, ())
    inserted, conflicts, stretches = await _stage(connection, readings[~new], late[~new])
    duplicates = len(readings) - stored - inserted - len(conflicts)
    return Written(stored + inserted, duplicates, tuple(conflicts), tuple(stretches))


async def write_rest(connection: asyncpg.Connection, batch: Batch, gaps: list[GapChange]) -> None:
    """Store everything of the batch that is neither a reading nor a dead letter."""
    if batch.waveforms:
        rows = [
            (w.sensor, moment(w.start), w.rate, w.samples.astype("<f4").tobytes(), w.flag)
            for w in batch.waveforms
        ]
        await connection.executemany(_WAVEFORM, rows)
    if batch.statuses:
        await connection.executemany(_STATUS, [(s.device, s.online, s.boot) for s in batch.statuses])
    if gaps:
        await connection.executemany(
            _GAPS, [(g.device, g.boot, _multirange(g.noticed), _multirange(g.filled)) for g in gaps]
        )


async def write_dead(connection: asyncpg.Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep the messages aside."""
    if letters:
        await connection.executemany(
            _DEAD,
            [(d.topic, d.device, d.reason, d.detail, d.content_type, d.payload, d.size) for d in letters],
        )


async def read_history(
    pool: asyncpg.Pool, sensors: NDArray[np.int32], after: int, until: int
) -> AsyncIterator[Readings]:
    """The timely readings of the sensors with after < time <= until (us), sensor by sensor, part by part."""
    if not len(sensors) or until <= after:
        return
    async with pool.acquire() as connection, connection.transaction():
        cursor = await connection.cursor(_HISTORY, sensors.tolist(), moment(after), moment(until))
        while rows := await cursor.fetch(_HISTORY_PART):
            sensor, time, value, flag = zip(*rows, strict=True)
            yield Readings(
                np.array(sensor, np.int32), np.array(time, np.int64), np.array(value), np.array(flag, np.int8)
            )


def _columns(readings: Readings) -> list[NDArray[Any]]:
    return [readings.sensor, timestamps(readings.time), readings.value, readings.flag.astype(np.int16)]


async def _stage(
    connection: asyncpg.Connection, readings: Readings, late: NDArray[np.bool_]
) -> tuple[int, list[DeadLetter], list[Stretch]]:
    """How many were inserted, those that have another value stored already, and where late ones belong."""
    columns = [*_columns(readings), late, np.arange(len(readings), dtype=np.int32)]
    await _copy(connection, "staging", (*_COLUMNS, "late", "place"), columns)
    stored = await connection.fetch(_UNSTAGE)
    inserted = sum(row["readings"] for row in stored)
    stretches = [Stretch(*row[:5]) for row in map(tuple, stored) if row[5]]
    if inserted == len(readings):
        return inserted, [], stretches
    conflicts = [
        DeadLetter(**row, reason=Reason.CONFLICT, content_type="application/json", size=len(row["payload"]))
        for row in await connection.fetch(_CONFLICTS)
    ]
    return inserted, conflicts, stretches


async def _copy(
    connection: asyncpg.Connection, table: str, names: tuple[str, ...], columns: list[NDArray[Any]]
) -> None:
    async def once() -> Any:  # noqa: ANN401, an asynchronous generator of bytes
        yield binary(columns)

    await connection.copy_to_table(table, source=once(), columns=names, format="binary")


def _multirange(ranges: list[Range]) -> str:
    return "{" + ",".join(f"[{first},{end})" for first, end in ranges) + "}"
