"""Where history has to be run again: noted once, settled by the worker's clock, forgotten as it was read."""

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import numpy as np
import pytest

from ingest.late import PATIENCE, forget, note_late, read_complete, settled
from ingest.write import Stretch, moment, prepare, write_readings
from sensors.readings import DAY, MINUTE, SECOND, Readings
from tests.support.town import settle
from tests.unit.rules.town import rules, town

START = 1_763_683_200_000_000
SETTLE_S = 600.0
SETTLE = round(SETTLE_S * SECOND)


@pytest.fixture
async def db(database: str) -> AsyncIterator[asyncpg.Connection]:
    settle(database, town(), rules())
    connection = await asyncpg.connect(database)
    await prepare(connection)
    yield connection
    await connection.close()


async def store(db: asyncpg.Connection, *minutes: int, now: int = START) -> None:
    """Late readings of the first sensor, measured so many minutes after the start."""
    time = START + np.array(minutes, np.int64) * MINUTE
    count = len(minutes)
    readings = Readings(np.ones(count, np.int32), time, np.ones(count), np.ones(count, np.int8))
    async with db.transaction():
        written = await write_readings(db, readings, np.ones(count, np.bool_))
        await note_late(db, written.late, now)


def stretch(first: int, last: int, readings: int) -> Stretch:
    begin, end = moment(START + first * MINUTE), moment(START + last * MINUTE)
    return Stretch(1, begin.date(), begin, end, readings)


async def test_a_sensors_late_readings_of_a_day_are_one_stretch(db: asyncpg.Connection) -> None:
    await store(db, 5, 7)
    await store(db, 3, 4)
    assert await settled(db, START + SETTLE, SETTLE_S) == [stretch(3, 7, 4)]


async def test_readings_far_apart_are_not_made_one_long_stretch(db: asyncpg.Connection) -> None:
    await store(db, 0, 30 * DAY // MINUTE)
    assert [each.readings for each in await settled(db, START + SETTLE, SETTLE_S)] == [1, 1]


async def test_what_was_there_already_needs_no_rerun(db: asyncpg.Connection) -> None:
    await store(db, 5)
    await forget(db, await settled(db, START + SETTLE, SETTLE_S))
    await store(db, 5)
    assert await settled(db, START + SETTLE, SETTLE_S) == []


async def test_a_stretch_settles_when_nothing_came_for_a_while(db: asyncpg.Connection) -> None:
    await store(db, 1)
    await store(db, 2, now=START + SETTLE // 2)
    assert await settled(db, START + SETTLE, SETTLE_S) == []
    assert await settled(db, START + SETTLE // 2 + SETTLE, SETTLE_S) == [stretch(1, 2, 2)]


async def test_a_sensor_that_is_always_late_is_not_waited_for_for_ever(db: asyncpg.Connection) -> None:
    for n in range(2 * PATIENCE + 1):
        await store(db, n, now=START + n * SETTLE // 2)
    now = START + PATIENCE * SETTLE
    assert await settled(db, now - 1, SETTLE_S) == []
    (found,) = await settled(db, now, SETTLE_S)
    await forget(db, [replace(found, readings=1)])
    assert await settled(db, now, SETTLE_S) == []


async def test_what_came_while_the_rest_was_run_again_stays_to_be_done(db: asyncpg.Connection) -> None:
    await store(db, 1)
    read = await settled(db, START + SETTLE, SETTLE_S)
    await store(db, 2, now=START + SETTLE)
    await forget(db, read)
    assert await settled(db, START + 2 * SETTLE, SETTLE_S) == [stretch(1, 2, 2)]


async def test_history_is_read_in_event_time_with_what_came_late(db: asyncpg.Connection) -> None:
    both = Readings(
        np.array([2, 1], np.int32), START + np.array([2, 4]) * MINUTE, np.array([1.0, np.nan]),
        np.array([1, 9], np.int8),
    )  # fmt: skip
    await write_readings(db, both, np.zeros(2, np.bool_))
    await store(db, 0, 1, 3)
    readings, late = await read_complete(db, {1, 2}, START, START + 4 * MINUTE)
    assert ((readings.time - START) // MINUTE).tolist() == [1, 2, 3, 4]
    assert readings.sensor.tolist() == [1, 2, 1, 1]
    assert late.tolist() == [True, False, True, False]
    assert (readings.flag.tolist(), np.isnan(readings.value).tolist()[-1]) == ([1, 1, 1, 9], True)
