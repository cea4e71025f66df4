"""Where history has to be run again: noted with the late readings, forgotten once it was done."""

from collections.abc import Iterable
from datetime import timedelta

import asyncpg
import numpy as np
from numpy.typing import NDArray

from ingest.copy import POSTGRES_EPOCH, columns
from ingest.write import Stretch, moment
from sensors.readings import SECOND, Readings

_NOTE = """
insert into late_stretches (sensor_id, day, first_time, last_time, readings, since, arrived_at)
select *, $6, $6 from unnest($1::integer[], $2::date[], $3::timestamptz[], $4::timestamptz[], $5::bigint[])
on conflict (sensor_id, day) do update set
    first_time = least(late_stretches.first_time, excluded.first_time),
    last_time = greatest(late_stretches.last_time, excluded.last_time),
    readings = late_stretches.readings + excluded.readings,
    arrived_at = greatest(late_stretches.arrived_at, excluded.arrived_at)
"""

_SETTLED = """
select sensor_id, day, first_time, last_time, readings from late_stretches
where arrived_at <= $1 or since <= $2 order by since, sensor_id, day
"""

# Late readings that came while the others were run again wait anew.
_FORGET = "delete from late_stretches where (sensor_id, day, readings) = ($1, $2, $3)"
_WAIT_ANEW = "update late_stretches set since = arrived_at where (sensor_id, day) = ($1, $2)"

# Sorted here: numpy does in a tenth of the time what the server would.
_HISTORY = """
select sensor_id, time, value, flag, late from readings
where sensor_id = any($1::integer[]) and time > $2 and time <= $3
"""

_TYPES = ("i4", "i8", "f8", "i2", "?")

PATIENCE = 6
"""A sensor whose readings never stop being late is looked at after so many times the settling time."""


async def note_late(connection: asyncpg.Connection, stretches: Iterable[Stretch], now: int) -> None:
    """Remember where late readings were stored, at ``now`` (us) by the worker's clock."""
    if rows := [(s.sensor, s.day, s.first, s.last, s.readings) for s in stretches]:
        await connection.execute(_NOTE, *zip(*rows, strict=True), moment(now))


async def settled(connection: asyncpg.Connection, now: int, settle_s: float) -> list[Stretch]:
    """Where no late readings have come for ``settle_s``, or some have for very long; the oldest first."""
    quiet, patience = timedelta(seconds=settle_s), timedelta(seconds=PATIENCE * settle_s)
    rows = await connection.fetch(_SETTLED, moment(now) - quiet, moment(now) - patience)
    return [Stretch(*row) for row in rows]


async def forget(connection: asyncpg.Connection, stretches: Iterable[Stretch]) -> None:
    """The stretches were run again as they were when they were read."""
    for stretch in stretches:
        await connection.execute(_FORGET, stretch.sensor, stretch.day, stretch.readings)
        await connection.execute(_WAIT_ANEW, stretch.sensor, stretch.day)


async def read_complete(
    connection: asyncpg.Connection, sensors: Iterable[int], after: int, until: int
) -> tuple[Readings, NDArray[np.bool_]]:
    """All readings with after < time <= until (us) in event time, and which of them came late."""
    stream = bytearray()

    async def take(part: bytes) -> None:
        stream.extend(part)

    await connection.copy_from_query(
        _HISTORY, sorted(sensors), moment(after), moment(until), output=take, format="binary"
    )
    sensor, time, value, flag, late = columns(stream, _TYPES)
    rows = np.lexsort((sensor, time))
    readings = Readings(sensor, time + POSTGRES_EPOCH, value, flag.astype(np.int8))
    return readings[rows], late[rows]


def micros(stretch: Stretch) -> tuple[int, int]:
    """When its first and its last reading were measured, in us since 1970 UTC."""
    return round(stretch.first.timestamp() * SECOND), round(stretch.last.timestamp() * SECOND)
