"""Rollups against the readings themselves: whatever came, in whatever order, wherever it was interrupted."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from ingest import rollups
from ingest.batch import Batch
from ingest.journal import VersionsEntry, encode_batch, encode_versions
from ingest.rollups import Rolled, note_due, roll_up
from ingest.write import prepare, write_readings
from lifeline.migrate import migrate
from lifeline.runtime.postgres import Postgres
from sensors.readings import HOUR, MINUTE, Readings
from sensors.waveforms import Features

START = 1_763_683_200_000_000
"""A midnight: 2025-11-21."""

TABLES = {"readings_10min": 10 * MINUTE, "readings_1h": HOUR}
COLUMNS = "readings, numbers, worst, low, high, total, last"

_EMPTY = (
    "truncate readings, readings_10min, readings_1h, journal, rolled_up, rollups_due, retained, partitions"
)
_JOURNAL = "insert into journal values ('1-of-1', $1, 1, now(), 1, $2, 0, 0, $3)"


@pytest.fixture(scope="module")
def dsn(postgres: Postgres) -> Iterator[str]:
    dsn = postgres.create_database("rollups")
    migrate(dsn)
    yield dsn
    postgres.drop_database("rollups")


@asynccontextmanager
async def empty(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
    try:
        await connection.execute(_EMPTY)
        await connection.execute("insert into partitions values ('1-of-1', 1)")
        await prepare(connection)
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    async with empty(dsn) as connection:
        yield connection


def readings(*rows: tuple[int, int, float, int]) -> Readings:
    """Of (sensor, minute after the start, value, flag)."""
    sensor, minute, value, flag = zip(*rows, strict=True)
    time = START + np.array(minute, np.int64) * MINUTE
    return Readings(np.array(sensor, np.int32), time, np.array(value, float), np.array(flag, np.int8))


async def store(db: asyncpg.Connection, batch: Readings, seq: int) -> None:
    """As a worker does, in one transaction; whatever is there already stays."""
    async with db.transaction():
        await write_readings(db, batch, np.ones(len(batch), np.bool_), certain=False)
        body = encode_batch(
            Batch(readings=batch, waveforms=(), statuses=(), numbered=(), ticks=(), dead=(), messages=1),
            Features.empty(),
        )
        await db.execute(_JOURNAL, seq, len(batch), body)


async def load(db: asyncpg.Connection, batch: Readings) -> None:
    """As bulk history is."""
    async with db.transaction():
        await write_readings(db, batch, np.zeros(len(batch), np.bool_), certain=False)
        await note_due(db, batch)


Key = tuple[int, int]


async def rolled_up(db: asyncpg.Connection, table: str) -> dict[Key, tuple[Any, ...]]:
    rows = await db.fetch(f"select sensor_id, extract(epoch from time)::bigint, {COLUMNS} from {table}")
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


async def counted(db: asyncpg.Connection, width: int) -> dict[Key, tuple[Any, ...]]:
    """What the readings themselves come to, without a word of SQL."""
    buckets: dict[Key, list[tuple[int, float, int]]] = {}
    rows = await db.fetch(
        "select sensor_id, (extract(epoch from time) * 1000000)::bigint, value, flag from readings"
    )
    for sensor, time, value, flag in sorted(map(tuple, rows)):
        buckets.setdefault((sensor, time // width * width // 1_000_000), []).append((time, value, flag))
    return {key: of(inside) for key, inside in buckets.items()}


def of(inside: list[tuple[int, float, int]]) -> tuple[Any, ...]:
    numbers = [value for _, value, _ in inside if math.isfinite(value)]
    worst = max(flag for _, _, flag in inside)
    if not numbers:
        return len(inside), 0, worst, None, None, None, None
    total = pytest.approx(math.fsum(numbers), rel=1e-12, abs=1e-9)
    return len(inside), len(numbers), worst, min(numbers), max(numbers), total, numbers[-1]


async def check(db: asyncpg.Connection) -> None:
    for table, width in TABLES.items():
        assert await rolled_up(db, table) == await counted(db, width)


rows = st.tuples(
    st.integers(1, 3),
    st.integers(-90, 200),
    st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf]),
    st.sampled_from([1, 2, 3, 4, 9]),
)
batches = st.lists(rows, min_size=1, max_size=12).map(lambda each: readings(*each))
actions = st.lists(
    st.tuples(st.sampled_from(["store", "load"]), batches) | st.just(("roll", None)), max_size=8
)


@given(actions)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_came_a_bucket_is_what_its_readings_come_to(dsn: str, said: list[tuple[str, Any]]) -> None:
    async def play() -> None:
        async with empty(dsn) as db:
            for seq, (what, batch) in enumerate(said, 1):
                if what == "store":
                    await store(db, batch, seq)
                elif what == "load":
                    await load(db, batch)
                else:
                    await roll_up(db)
            await roll_up(db)
            await check(db)
            assert await roll_up(db) == Rolled()

    asyncio.run(play())


async def test_an_end_between_two_transactions_loses_nothing(
    db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_ENTRIES", 1)
    for seq in range(1, 5):
        await store(db, readings((1, 40 * seq, seq, 1)), seq)
    await db.execute(
        "create function stop() returns trigger language plpgsql as"
        " $$ begin if new.seq = 3 then raise 'killed'; end if; return new; end $$;"
        "create trigger stop before insert or update on rolled_up for each row execute function stop()"
    )
    with pytest.raises(asyncpg.RaiseError):
        await roll_up(db)
    assert len(await rolled_up(db, "readings_10min")) == 2
    await db.execute("drop function stop cascade")
    assert await roll_up(db) == Rolled(2, 2, 2)
    await check(db)


async def test_a_change_of_versions_has_no_readings(db: asyncpg.Connection) -> None:
    await db.execute(_JOURNAL, 1, 0, encode_versions(VersionsEntry("r", "r", {})))
    assert await roll_up(db) == Rolled(1, 0, 0)


async def test_only_what_changed_is_written(db: asyncpg.Connection) -> None:
    await store(db, readings((1, 0, 1, 1), (1, 61, 1, 1)), 1)
    assert await roll_up(db) == Rolled(1, 2, 2)
    await store(db, readings((1, 0, 1, 1), (1, 62, 5, 1)), 2)
    assert await roll_up(db) == Rolled(1, 1, 1)


async def test_days_of_bulk_history_are_taken_one_at_a_time(db: asyncpg.Connection) -> None:
    await load(
        db, readings(*((sensor, minute, 1, 1) for sensor in (1, 2) for minute in range(-60, 4400, 60)))
    )
    await store(db, readings((3, 5, 1, 1)), 1)
    await roll_up(db)
    assert await db.fetchval("select count(*) from rollups_due") == 0
    await check(db)


async def test_where_readings_were_dropped_the_bucket_stays_as_it_was(db: asyncpg.Connection) -> None:
    await store(db, readings((1, 0, 1, 1), (1, 1, 3, 1), (1, 1500, 2, 1)), 1)
    await roll_up(db)
    before = await rolled_up(db, "readings_10min")
    await db.execute("delete from readings where time < $1", datetime(2025, 11, 22, tzinfo=UTC))
    await db.execute("insert into retained values ('readings', $1)", datetime(2025, 11, 22, tzinfo=UTC))
    await store(db, readings((1, 2, 9, 4), (1, 30, 7, 1), (1, 1501, 4, 1)), 2)
    await roll_up(db)
    after = await rolled_up(db, "readings_10min")
    first, kept = START // 1_000_000, (1, START // 1_000_000)
    assert after[kept] == before[kept] == (2, 2, 1, 1.0, 3.0, 4.0, 3.0)
    assert after[1, first + 1800] == (1, 1, 1, 7.0, 7.0, 7.0, 7.0)
    assert after[1, first + 90000] == (2, 2, 1, 2.0, 4.0, 6.0, 4.0)


ZOOMED = "select * from grafana.readings_zoomed($1, $2, $3, $4)"
BEGIN = datetime(2025, 11, 21, tzinfo=UTC)


async def zoomed(
    db: asyncpg.Connection, hours: float, step: timedelta, sensor: int = 1
) -> list[tuple[Any, ...]]:
    found = await db.fetch(ZOOMED, sensor, BEGIN, BEGIN + timedelta(hours=hours), step)
    return [tuple(row) for row in found]


@pytest.mark.parametrize("minutes", [1, 5, 10, 20, 60, 180, 1440])
@pytest.mark.parametrize("rolled", [0, 150, 300])
async def test_a_zoom_is_the_same_from_readings_and_rollups(
    db: asyncpg.Connection, minutes: int, rolled: int
) -> None:
    """The first so many minutes are rolled up, the rest is not yet."""
    of_all = [
        (s, m, math.nan if m % 7 == 3 else m * s, 9 if m % 7 == 3 else 1) for m in range(300) for s in (1, 2)
    ]
    for seq, part in enumerate((of_all[: 2 * rolled], of_all[2 * rolled :]), 1):
        if part:
            await store(db, readings(*part), seq)
        if seq == 1:
            await roll_up(db)
    step = timedelta(minutes=minutes)
    expected = []
    for first in range(0, 300, minutes):
        inside = [(m, value, flag) for s, m, value, flag in of_all if s == 1 and first <= m < first + minutes]
        count, numbers, worst, low, high, total, last = of(inside)
        mean = pytest.approx(total.expected / numbers) if numbers else None
        expected.append((BEGIN + timedelta(minutes=first), count, low, high, mean, last, worst))
    assert await zoomed(db, 24, step) == expected


async def test_where_readings_are_gone_the_zoom_shows_what_is_left(db: asyncpg.Connection) -> None:
    await store(db, readings(*((1, minute, minute, 1) for minute in range(120))), 1)
    await roll_up(db)
    await db.execute("delete from readings")
    await db.execute("insert into retained values ('readings', $1)", BEGIN + timedelta(days=1))
    assert [row[1] for row in await zoomed(db, 1, timedelta(seconds=1))] == [10] * 7
    await db.execute("delete from readings_10min")
    await db.execute("insert into retained values ('readings_10min', $1)", BEGIN + timedelta(days=1))
    assert [row[1:4] for row in await zoomed(db, 1, timedelta(seconds=1))] == [(60, 0, 59), (60, 60, 119)]


async def test_readings_alone_are_shown_while_nothing_is_rolled_up(db: asyncpg.Connection) -> None:
    await store(db, readings((1, 0, 1, 1), (1, 1, 2, 1)), 1)
    assert [row[1] for row in await zoomed(db, 1, timedelta(minutes=10))] == [2]
    assert await zoomed(db, 1, timedelta(minutes=10), sensor=7) == []


async def test_the_reader_may_zoom(db: asyncpg.Connection) -> None:
    await store(db, readings((1, 0, 1, 1)), 1)
    await db.execute("set role lifeline_reader")
    assert len(await zoomed(db, 1, timedelta(minutes=1))) == 1
