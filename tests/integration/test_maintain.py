"""A round of housekeeping: what goes for its age, and what stays because something rests on it."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import psycopg
import pytest
from typer.testing import CliRunner

from lifeline.cli import app
from lifeline.maintain.compress import compress
from lifeline.maintain.keep import Keep
from lifeline.maintain.run import one_round
from lifeline.migrate import migrate
from lifeline.runtime.ports import free_port
from lifeline.settings import Settings
from sensors.errors import ConfigurationError
from tests.conftest import REDUCED
from tests.integration.test_watching import ask, figures
from tests.support.processes import Lifeline, until
from tests.support.roles import acting

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
COMMUNITY = os.environ.get("LIFELINE_COMMUNITY_DSN")
"""An empty database of TimescaleDB's Community edition, where one is reachable."""


@pytest.fixture
async def db(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database, server_settings={"timezone": "UTC"})
    yield connection
    await connection.close()


async def maintained(dsn: str, **settings: object) -> list[str]:
    """A round with the rights that housekeeping has."""
    kept = Keep.of(Settings(**settings))
    return [line async for line in one_round(acting(dsn, "lifeline_keeper"), kept, NOW)]


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


async def read(db: asyncpg.Connection, *days: float) -> None:
    for each in days:
        await db.execute("insert into readings values (1, $1, 1, 1)", ago(each))


async def ages(db: asyncpg.Connection, table: str = "readings", column: str = "time") -> list[int]:
    rows = await db.fetch(f"select $1::timestamptz - {column} as age from {table} order by 1", NOW)
    return [row["age"].days for row in rows]


ALERT = """
insert into alerts (alert_id, asset_id, hazard, state, level, worst_level, likelihood, consequence,
    opened_at, changed_at, events)
values (gen_random_uuid(), 'A', 'gas-leak', $1, case $1 when 'acknowledged' then 2 end, 2, 3, 3, $2, $2, 1)
returning alert_id
"""
TRANSITION = """
insert into transitions (transition_id, rule, subject, asset_id, hazard, time, state, previous, reason,
    rules_version, partition, seq)
values (gen_random_uuid(), 'r', 's', $1, 'gas-leak', $2, 1, 0, '', 'v', '1-of-1', 1)
"""
CHANGE = """
insert into risk_changes (asset_id, hazard, time, level, likelihood, consequence, inputs, rules_version,
    partition, seq, detected_at, claimed_at)
values ('A', 'gas-leak', $1, 2, 3, 3, $2, 'v', '1-of-1', 1, $1, $1) returning risk_change_id
"""
EVENT = """
insert into alert_events (event_id, alert_id, number, kind, who, event_time, why, level, state,
    risk_change_id, data)
values (gen_random_uuid(), $1, 1, 'raised', 'rules', $2, '', 2, 'unacknowledged', $3, '{}')
"""
JOURNAL = "insert into journal values ('1-of-1', $1, 1, $2, 1, 0, 0, 0, '')"
SNAPSHOT = "insert into snapshots values ('1-of-1', $1, 1, 'v', 'v', '', $2)"


async def test_readings_go_by_the_day_once_they_are_old(db: asyncpg.Connection, database: str) -> None:
    await read(db, 0, 9, 10, 11.7, 20)
    lines = await maintained(database, keep_readings_days=10)
    assert "readings: 2 chunks from before 2026-02-22 dropped" in lines
    assert await ages(db) == [0, 9, 10]
    assert await db.fetchval("select since from retained where table_name = 'readings'") == datetime(
        2026, 2, 21, tzinfo=UTC
    )
    assert not [line for line in await maintained(database, keep_readings_days=10) if "dropped" in line]


async def test_nothing_goes_that_is_kept_for_ever(db: asyncpg.Connection, database: str) -> None:
    await read(db, 0, 5000)
    await maintained(database, keep_readings_days=0)
    assert await ages(db) == [0, 5000]


async def test_old_readings_are_rolled_up_before_they_go(db: asyncpg.Connection, database: str) -> None:
    await read(db, 500)
    await db.execute("insert into rollups_due (first_time, last_time) values ($1, $1)", ago(500))
    await maintained(database)
    assert await ages(db) == []
    assert len(await ages(db, "readings_10min")) == 1


AUDIT = "insert into api_audit (at, method, path, status) values ($1, 'POST', '/', 200)"


async def test_the_audit_goes_when_it_is_old_and_by_no_other_way(
    db: asyncpg.Connection, database: str
) -> None:
    for each in (0, 399, 401, 900):
        await db.execute(AUDIT, ago(each))
    assert await ages(db, "api_audit", "at") == [0, 399, 401, 900]
    lines = await maintained(database, keep_audit_days=400)
    assert "api_audit: 2 rows from before 2025-01-28 deleted" in lines
    assert await ages(db, "api_audit", "at") == [0, 399]
    for forbidden in ("delete from api_audit", "update api_audit set status = 0", "truncate api_audit"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="api_audit is append-only"):
            await db.execute(forbidden)
    with pytest.raises(ConfigurationError, match="expected 180 or more, or 0 for ever"):
        Settings.load(keep_audit_days=30)


async def test_what_an_open_alert_rests_on_stays(db: asyncpg.Connection, database: str) -> None:
    """Opened 100 days ago, of evidence that stood since 120 and was fed once more 50 days ago."""
    await read(db, 0, 30, 50, 70, 100, 110, 120, 200)
    alert = await db.fetchval(ALERT, "acknowledged", ago(100))
    inputs = f'{{"evidence": [{{"time": "{ago(120).isoformat()}"}}]}}'
    change = await db.fetchval(CHANGE, ago(100), inputs)
    await db.execute(EVENT, alert, ago(100), change)
    await db.execute(TRANSITION, "A", ago(50))
    await db.execute(TRANSITION, "B", ago(50))
    lines = await maintained(database, keep_readings_days=20, keep_transitions_days=20)
    assert await ages(db) == [0, 50, 100, 120]
    assert "readings: 3 older chunks stay, open alerts rest on them" in lines
    assert await db.fetch("select asset_id from transitions") == [("A",)]
    assert await db.fetchval("select count(*) from risk_changes") == 1
    await db.execute("update alerts set state = 'closed', level = null")
    await maintained(database, keep_readings_days=20, keep_transitions_days=20)
    assert await ages(db) == [0]
    assert await db.fetchval("select count(*) from transitions") == 0
    assert await db.fetchval("select count(*) from risk_changes") == 0


async def test_a_change_that_no_alert_has_claimed_stays(db: asyncpg.Connection, database: str) -> None:
    await db.execute(CHANGE, ago(5000), "{}")
    await db.execute("update risk_changes set claimed_at = null")
    await maintained(database)
    assert await db.fetchval("select count(*) from risk_changes") == 1


@pytest.mark.parametrize(
    ("snapshot", "rolled", "left"), [(4, 4, 1), (2, 4, 2), (4, 2, 2), (0, 4, 4), (4, 0, 4)]
)
async def test_the_journal_goes_only_behind_snapshot_and_rollups(
    db: asyncpg.Connection, database: str, snapshot: int, rolled: int, left: int
) -> None:
    for seq, age in enumerate((30, 20, 10, 1), 1):
        await db.execute(JOURNAL, seq, ago(age))
    await db.execute("insert into rolled_up values ('1-of-1', $1)", rolled)
    if snapshot:
        await db.execute(SNAPSHOT, snapshot, ago(1))
    await maintained(database)
    assert len(await ages(db, "journal", "written_at")) == left


async def test_a_snapshot_goes_with_the_journal_it_began(db: asyncpg.Connection, database: str) -> None:
    for seq, age in enumerate((30, 20, 6, 1), 1):
        await db.execute(JOURNAL, seq, ago(age))
        await db.execute(SNAPSHOT, seq, ago(age))
    await db.execute("insert into rolled_up values ('1-of-1', 4)")
    await maintained(database)
    assert [row["seq"] for row in await db.fetch("select seq from snapshots order by seq")] == [2, 3, 4]


async def test_other_tables_lose_old_rows(db: asyncpg.Connection, database: str) -> None:
    for age in (1, 89, 91):
        await db.execute(
            "insert into dead_letter (received_at, topic, reason, detail, payload, payload_size)"
            " values ($1, 't', 'r', '', '', 0)",
            ago(age),
        )
    for age in (1199, 1201):
        await db.execute(
            "insert into rule_figures values ('r', 's', 'spectrum', 'a', null, $1, 2.9)", ago(age)
        )
    told = await maintained(database)
    assert "dead_letter: 1 rows from before 2025-12-04 deleted" in told
    assert "rule_figures: 1 rows from before 2022-11-20 deleted" in told
    assert await ages(db, "dead_letter", "received_at") == [1, 89]
    assert await ages(db, "rule_figures", "time") == [1199]


async def test_a_replays_database_loses_nothing(db: asyncpg.Connection, database: str) -> None:
    await db.execute("update deployment set purpose = 'replay', run_id = 'test'")
    await read(db, 5000)
    assert "retention: this database is a replay's or a drill's, nothing is dropped" in await maintained(
        database
    )
    assert await ages(db) == [5000]


async def test_two_rounds_at_once_are_one(db: asyncpg.Connection, database: str) -> None:
    await db.execute("select pg_advisory_lock(hashtextextended('lifeline maintain', 0))")
    assert await maintained(database) == ["another process is at it, nothing done"]


def test_the_command_tells_what_it_did(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIFELINE_DSN", acting(database, "lifeline_keeper"))
    done = CliRunner().invoke(app, ["maintain"], catch_exceptions=False)
    assert done.output.splitlines() == [
        "rollups: 0 buckets of 10 minutes and 0 of 1 hour brought up to date, from 0 entries of the journal",
        "compression: none, this TimescaleDB is the Apache edition",
    ]


def test_it_goes_on_round_after_round_also_after_one_that_failed(database: str, tmp_path: Path) -> None:
    port = free_port()
    dsn = acting(database, "lifeline_keeper")
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("insert into readings values (1, now() - interval '500 days', 1, 1)")
        db.execute("insert into rollups_due (first_time, last_time) select time, time from readings")
        db.execute("revoke execute on function drop_aged from lifeline_keeper")
        with Lifeline(tmp_path, "maintain", "--every", "0.01", dsn=dsn, metrics_port=port) as process:
            process.until("maintenance_failed")
            until(lambda: "permission denied for function drop_aged" in ask(port, "/readyz")[1], "the reason")
            assert figures(port)["lifeline_maintained_timestamp_seconds"] == 0
            db.execute("grant execute on function drop_aged to lifeline_keeper")
            until(lambda: ask(port, "/readyz")[0] == 200, "a round that did not fail")
            assert db.execute("select count(*) from readings").fetchone() == (0,)
            assert db.execute("select readings from readings_1h").fetchone() == (1,)
            assert figures(port)["lifeline_maintained_timestamp_seconds"] > 1_700_000_000
            assert process.stop() == 0


async def test_the_community_edition_compresses_what_is_old(request: pytest.FixtureRequest) -> None:
    if COMMUNITY is None:
        line = "compression: NOT RUN, no Community edition here; name an empty one in LIFELINE_COMMUNITY_DSN"
        request.config.stash[REDUCED][line] = None
        pytest.skip(line)
    migrate(COMMUNITY)
    db = await asyncpg.connect(COMMUNITY)
    await read(db, 0, 29, 40, 50)
    before = await db.fetch("select * from readings order by time")
    assert "readings: 2 chunks older than 30 days compressed" in [
        line async for line in compress(db, 30, NOW)
    ]
    assert await db.fetch("select * from readings order by time") == before
    await db.close()
