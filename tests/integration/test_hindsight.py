"""What a rerun found is stored once, marked, and what stood before it began is looked up."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest

from ingest.write import moment
from rules.hindsight import held_since, write_findings
from rules.model import RiskChange, Transition
from rules.retrospect import Findings
from rules.write import Source, write_transitions
from sensors.readings import DAY, MINUTE
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
