"""The background task: what it finds is stored once, marked, and what fails holds nobody up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from ingest.late import note_late
from ingest.metrics import Metrics
from ingest.partition import Partition
from ingest.sequence import Sequences
from ingest.write import moment, prepare, write_readings
from lifeline.hindsight import Hindsight
from lifeline.restore import State
from lifeline.versions import configure, wanted
from rules.hindsight import held_since, write_findings
from rules.model import RiskChange, Transition
from rules.retrospect import Findings, Rerun
from rules.write import Source, write_transitions
from sensors.readings import DAY, MINUTE, Readings
from tests.support.town import settle
from tests.unit.rules.town import rules, town

START = 1_763_683_200_000_000
CASE = {("chamber", "gas-leak")}
LIVE = Source("v1", "1-of-1", 1)
LATE = Source("v1", "1-of-1", 2, retrospective=True)


@pytest.fixture
async def db(database: str) -> AsyncIterator[asyncpg.Connection]:
    settle(database, town(), rules())
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


def transition(minute: int, state: int, subject: str = "d0/ch4", hazard: str = "gas-leak") -> Transition:
    return Transition(
        rule="methane", subject=subject, asset="chamber", hazard=hazard, time=START + minute * MINUTE,
        state=state, previous=0, sensor=1, value=21.0, reason="21 is at or above 20",
    )  # fmt: skip


def risk(minute: int, hazard: str = "gas-leak") -> RiskChange:
    return RiskChange(
        asset="chamber", hazard=hazard, time=START + minute * MINUTE, level=2, previous=None, likelihood=4,
        consequence=3, probability=0.5, evidence=(), weights=(), cause=None,
    )  # fmt: skip


async def held(db: asyncpg.Connection, *transitions: Transition, minute: int = 10) -> int | None:
    """Since which minute evidence stood at that one."""
    await write_transitions(db, transitions, LIVE)
    since = await held_since(db, CASE, moment(START + minute * MINUTE))
    return None if since is None else (since - moment(START)).total_seconds() // 60


async def test_evidence_that_stood_is_known_since_it_began_and_the_oldest_counts(
    db: asyncpg.Connection,
) -> None:
    assert await held(db) is None
    assert await held(db, transition(3, 1), transition(4, 1, "d1/ch4")) == 3
    assert await held(db, transition(5, 0), transition(11, 1)) == 4


async def test_evidence_of_other_hazards_or_of_long_ago_is_not_looked_for(db: asyncpg.Connection) -> None:
    long_ago = -31 * DAY // MINUTE
    assert await held(db, transition(3, 1, hazard="data-loss"), transition(long_ago, 1, "d1/ch4")) is None
    assert await held_since(db, set(), moment(START)) is None


async def test_what_is_found_twice_is_stored_once(db: asyncpg.Connection) -> None:
    findings = Findings((transition(3, 1), transition(5, 0)), (risk(3),))
    assert await write_findings(db, findings, LATE) == 1
    assert await write_findings(db, findings, LATE) == 0
    assert await db.fetchval("select count(*) from transitions where retrospective") == 2
    assert await db.fetchval("select count(*) from risk_changes where retrospective") == 1


async def test_what_was_said_live_stays_as_it_was_and_its_risk_is_no_finding(db: asyncpg.Connection) -> None:
    await write_transitions(db, [transition(3, 1)], LIVE)
    found = transition(4, 1, hazard="data-loss")
    again = msgspec.structs.replace(transition(3, 1), reason="another")
    await write_findings(db, Findings((again, found), (risk(3), risk(4, "data-loss"))), LATE)
    rows = await db.fetch("select hazard, retrospective, reason from transitions order by time")
    assert [tuple(row) for row in rows] == [
        ("gas-leak", False, "21 is at or above 20"),
        ("data-loss", True, "21 is at or above 20"),
    ]
    assert [row["hazard"] for row in await db.fetch("select hazard from risk_changes")] == ["data-loss"]


async def test_of_nothing_found_nothing_is_stored(db: asyncpg.Connection) -> None:
    assert await write_findings(db, Findings(), LATE) == 0


@asynccontextmanager
async def running(dsn: str, partition: Partition, now: int = START + 3 * DAY) -> AsyncIterator[None]:
    """The task of a worker with this part of the city, at a time."""
    async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
        configured = await configure(pool, await wanted(pool))
        state = State(configured, Sequences(), 7)
        metrics = Metrics(CollectorRegistry())
        task = asyncio.create_task(Hindsight(pool, partition, state, lambda: now, 0.0, metrics).run())
        yield
        task.cancel()
        await asyncio.wait({task})


async def leak_of_late(db: asyncpg.Connection, day: int) -> None:
    """A reading of each minute of an hour, of which the middle ones came late and measure a leak."""
    minutes = np.arange(60)
    late = (minutes >= 20) & (minutes < 40)
    readings = Readings(
        np.ones(60, np.int32), START + day * DAY + minutes * MINUTE, np.where(late, 60.0, minutes / 10),
        np.ones(60, np.int8),
    )  # fmt: skip
    async with db.transaction():
        written = await write_readings(db, readings, late)
        await note_late(db, written.late, START + day * DAY + 60 * MINUTE)


FOUND = """
select (time at time zone 'UTC')::date - '2025-11-21'::date as day, state from transitions
where rule = 'methane' and retrospective and seq = 7 order by time
"""


async def found(db: asyncpg.Connection, *days: int) -> None:
    """Wait until the leaks of these days are found, and no others."""
    expected = [(day, state) for day in days for state in (3, 0)]
    for _ in range(200):
        rows = [tuple(row) for row in await db.fetch(FOUND)]
        if rows == expected:
            return
        await asyncio.sleep(0.05)
    assert rows == expected


async def left(db: asyncpg.Connection) -> list[int]:
    rows = await db.fetch("select day - '2025-11-21'::date as day from late_stretches order by 1")
    return [row["day"] for row in rows]


async def test_one_stretch_after_the_other_is_run_again_and_forgotten(
    db: asyncpg.Connection, database: str
) -> None:
    await prepare(db)
    await leak_of_late(db, 0)
    await leak_of_late(db, 2)
    async with running(database, Partition()):
        await found(db, 0, 2)
        assert await left(db) == []


async def test_a_stretch_at_which_a_rerun_fails_holds_nobody_up(
    db: asyncpg.Connection, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Rerun):
        def take(self, history: Readings, late: NDArray[np.bool_], after: int, until: int) -> None:
            if until < START + DAY:
                raise ArithmeticError("a day that cannot be")
            super().take(history, late, after, until)

    monkeypatch.setattr("lifeline.hindsight.Rerun", Failing)
    await prepare(db)
    await leak_of_late(db, 0)
    await leak_of_late(db, 2)
    async with running(database, Partition()):
        await found(db, 2)
        assert await left(db) == [0]


async def test_a_worker_leaves_other_parts_of_the_city_to_others(
    db: asyncpg.Connection, database: str
) -> None:
    await prepare(db)
    await leak_of_late(db, 0)
    mine, other = sorted((Partition(1, 2), Partition(2, 2)), key=lambda part: not part.holds("east"))
    async with running(database, other):
        await asyncio.sleep(2.5)
        assert await left(db) == [0]
    async with running(database, mine):
        await found(db, 0)


async def test_what_stood_for_days_is_known_before_the_first_late_reading(
    db: asyncpg.Connection, database: str
) -> None:
    """Two days over the limit, of which the second is between entering and leaving: nothing begins anew."""
    await prepare(db)
    minutes = np.concatenate([np.arange(0, 2 * 1440, 60), np.arange(2 * 1440, 2 * 1440 + 120)])
    late = (minutes >= 2 * 1440 + 30) & (minutes < 2 * 1440 + 60)
    value = np.where((minutes < 1440) | late, 20.5, 19.5)
    readings = Readings(
        np.ones(len(minutes), np.int32), START + minutes * MINUTE, value, np.ones(len(minutes), np.int8)
    )
    await write_transitions(db, [transition(60, 2)], LIVE)
    async with db.transaction():
        written = await write_readings(db, readings, late)
        await note_late(db, written.late, START + 2 * DAY + 120 * MINUTE)
    async with running(database, Partition()):
        for _ in range(200):
            if not await left(db):
                break
            await asyncio.sleep(0.05)
        assert await left(db) == []
        assert await db.fetchval("select count(*) from transitions where rule = 'methane'") == 1
