"""A batch into the database, inside the worker's transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from ingest.batch import Batch
from ingest.copy import binary, timestamps
from ingest.sequence import GapChange, Range
from sensors.readings import Readings

_COLUMNS = ("sensor_id", "time", "value", "flag")

_STAGING = """
create temporary table staging (
    sensor_id integer, time timestamptz, value double precision, flag smallint, late boolean, place integer
) on commit delete rows
"""

_UNSTAGE = """
insert into readings (sensor_id, time, value, flag, late)
select distinct on (sensor_id, time) sensor_id, time, value, flag, late
from staging order by sensor_id, time, place
on conflict (sensor_id, time) do nothing
"""

# lateral: one look into the identity index a row, whatever the planner thinks of an unanalysed table.
_CONFLICTS = """
insert into dead_letter (received_at, topic, device_id, reason, detail, payload, payload_size)
select clock_timestamp(), format('lifeline/%s/%s/%s/telemetry', domain, district, device_id), device_id,
    'conflict', format('%s at %s is %s, now %s was given', key, staging.time, stored.value, staging.value),
    convert_to(json_build_object('sensor', key, 'time', staging.time,
        'stored', stored.value::text, 'given', staging.value::text)::text, 'UTF8'),
    0
from staging
cross join lateral (
    select value from readings r where r.sensor_id = staging.sensor_id and r.time = staging.time
) stored
join sensors using (sensor_id) join devices using (device_id)
where stored.value is distinct from staging.value
"""

_HISTORY = """
select sensor_id, (extract(epoch from time) * 1000000)::bigint, value, flag from readings
where sensor_id = any($1) and time > $2 and time <= $3 and not late order by time, sensor_id
"""

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
class Written:
    """What became of the readings of a batch."""

    stored: int
    duplicates: int
    conflicts: int


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
        return Written(stored, 0, 0)
    inserted, conflicts = await _stage(connection, readings[~new], late[~new])
    return Written(stored + inserted, len(readings) - stored - inserted - conflicts, conflicts)


async def write_rest(connection: asyncpg.Connection, batch: Batch, gaps: list[GapChange]) -> None:
    """Store everything of the batch that is not a reading."""
    if batch.waveforms:
        rows = [
            (w.sensor, moment(w.start), w.rate, w.samples.astype("<f4").tobytes(), w.flag)
            for w in batch.waveforms
        ]
        await connection.executemany(_WAVEFORM, rows)
    if batch.statuses:
        await connection.executemany(_STATUS, [(s.device, s.online, s.boot) for s in batch.statuses])
    if batch.dead:
        await connection.executemany(
            _DEAD,
            [(d.topic, d.device, d.reason, d.detail, d.content_type, d.payload, d.size) for d in batch.dead],
        )
    if gaps:
        await connection.executemany(
            _GAPS, [(g.device, g.boot, _multirange(g.noticed), _multirange(g.filled)) for g in gaps]
        )


async def read_history(
    connection: asyncpg.Connection, sensors: NDArray[np.int32], after: int, until: int
) -> Readings:
    """The timely readings of the sensors with after < time <= until (us), by time."""
    if not len(sensors) or until <= after:
        return Readings.empty()
    rows = await connection.fetch(_HISTORY, sensors.tolist(), moment(after), moment(until))
    if not rows:
        return Readings.empty()
    sensor, time, value, flag = zip(*rows, strict=True)
    return Readings(
        np.array(sensor, np.int32), np.array(time, np.int64), np.array(value), np.array(flag, np.int8)
    )


def _columns(readings: Readings) -> list[NDArray[Any]]:
    return [readings.sensor, timestamps(readings.time), readings.value, readings.flag.astype(np.int16)]


async def _stage(
    connection: asyncpg.Connection, readings: Readings, late: NDArray[np.bool_]
) -> tuple[int, int]:
    """How many were inserted, and how many had another value stored already."""
    columns = [*_columns(readings), late, np.arange(len(readings), dtype=np.int32)]
    await _copy(connection, "staging", (*_COLUMNS, "late", "place"), columns)
    inserted = _count(await connection.execute(_UNSTAGE))
    if inserted == len(readings):
        return inserted, 0
    return inserted, _count(await connection.execute(_CONFLICTS))


async def _copy(
    connection: asyncpg.Connection, table: str, names: tuple[str, ...], columns: list[NDArray[Any]]
) -> None:
    async def once() -> Any:  # noqa: ANN401, an asynchronous generator of bytes
        yield binary(columns)

    await connection.copy_to_table(table, source=once(), columns=names, format="binary")


def _count(tag: str) -> int:
    """The row count at the end of a command tag such as ``INSERT 0 12``."""
    return int(tag.rpartition(" ")[2])


def _multirange(ranges: list[Range]) -> str:
    return "{" + ",".join(f"[{first},{end})" for first, end in ranges) + "}"
