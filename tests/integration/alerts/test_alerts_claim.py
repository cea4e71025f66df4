"""From changes of risk to cases, events and outbox: all of it or nothing, each change once, in its order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from psycopg.types.json import Jsonb

from alerts import claim, policy
from alerts import database as db
from alerts.claim import Claimer
from alerts.metrics import Metrics
from alerts.outbox import Outbox
from alerts.record import Recorder
from tests.alerting import START, World, plan, webhook

TO = plan(webhook("water-desk"), utility=("water-co",))


@asynccontextmanager
async def claimer(dsn: str) -> AsyncIterator[tuple[Claimer, db.Connection, Metrics]]:
    """A claimer and its connection; what it queues is not delivered."""
    metrics = Metrics(CollectorRegistry())

    async with await db.connect(dsn) as connection:
        recorder = Recorder(Outbox(), TO, policy.default(), metrics)
        yield Claimer(recorder, metrics), connection, metrics


async def take_all(dsn: str) -> int:
    async with claimer(dsn) as (taker, connection, _):
        total = 0
        while taken := await taker.take(connection):
            total += taken
        return total


def history(world: World) -> list[dict[str, Any]]:
    return world.rows(
        "select alert_id, event_id, number, kind, level, state, event_time, why, data from alert_events"
        " order by alert_id, number"
    )


async def test_a_change_becomes_case_event_message_and_job(world: World) -> None:
    world.change("dma-1", 2, 1)
    assert await take_all(world.dsn) == 2
    (case,) = world.rows("select * from alerts")
    assert (case["state"], case["level"], case["worst_level"], case["events"]) == ("unacknowledged", 1, 1, 2)
    assert (case["opened_at"], case["changed_at"]) == (START, START + timedelta(seconds=1))
    assert [event["kind"] for event in history(world)] == ["raised", "risen"]
    assert history(world)[0]["data"]["evidence"][0]["rule"] == "low-pressure"
    assert world.delivered() == {"queued": 2}
    jobs = world.rows("select lock, args from procrastinate_jobs order by id")
    assert {job["lock"] for job in jobs} == {f"{case['alert_id']} water-desk"}
    assert await take_all(world.dsn) == 0


async def test_a_low_case_is_listed_and_makes_no_message(world: World) -> None:
    world.change("dma-1", 4, None)
    world.change("dma-2", 4)
    await take_all(world.dsn)
    rows = world.rows("select asset_id, state, level from alerts order by asset_id")
    assert [tuple(row.values()) for row in rows] == [
        ("dma-1", "closed", None),
        ("dma-2", "unacknowledged", 4),
    ]
    assert world.delivered() == {}


async def test_a_case_may_close_and_the_next_one_open_in_one_transaction(world: World) -> None:
    world.change("dma-1", 4, None, 4, None, 3)
    await take_all(world.dsn)
    rows = world.rows("select state, opened_at from alerts order by opened_at")
    assert [row["state"] for row in rows] == ["closed", "closed", "unacknowledged"]
    assert world.value("select count(distinct claimed_at) from risk_changes") > 0
    assert world.value("select count(distinct xmin::text) from alert_events") == 1


async def test_a_case_that_opens_twice_in_one_moment_is_one_case(world: World) -> None:
    for level in (4, None, 3):
        world.change("dma-1", level)
        await take_all(world.dsn)
    (case,) = world.rows("select state, level, events from alerts")
    assert case == {"state": "unacknowledged", "level": 3, "events": 3}


async def test_how_many_are_claimed_at_a_time_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = [3, 2, None, 4, 1, 1, None, None, 2]
    world.change("dma-1", *levels)
    world.change("dma-2", *reversed(levels))
    await take_all(world.dsn)
    whole = history(world)
    with psycopg.connect(world.dsn) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from alert_events")
        connection.execute("delete from deliveries")
        connection.execute("delete from alerts")
        connection.execute("update risk_changes set claimed_at = null")
    monkeypatch.setattr(claim, "BATCH", 1)
    await take_all(world.dsn)
    assert history(world) == whole


async def test_of_two_that_claim_at_once_each_change_goes_to_one(world: World) -> None:
    world.changes((f"dma-{n}", "burst", START, 2) for n in range(250))
    taken = await asyncio.gather(*(take_all(world.dsn) for _ in range(4)))
    assert sum(taken) == 250
    assert world.value("select count(*) from alert_events") == 250


async def test_what_cannot_be_queued_is_not_claimed_either(database: str) -> None:
    world = World(database)
    world.change("dma-1", 2)
    with psycopg.connect(database) as connection:
        connection.execute("alter function procrastinate_defer_jobs_v1 rename to gone")
    assert await take_all(world.dsn) == 0
    assert world.value("select count(*) from alerts") == 0
    assert world.value("select count(*) from risk_changes where claimed_at is null") == 1


async def test_a_change_that_cannot_be_taken_holds_up_nobody(world: World) -> None:
    world.change("dma-1", 2, 1)
    world.change("dma-2", 2)
    with psycopg.connect(world.dsn) as connection:
        connection.execute(
            "update risk_changes set inputs = %s where asset_id = 'dma-1' and level = 1", [Jsonb([1])]
        )
    async with claimer(world.dsn) as (taker, connection, metrics):
        assert await taker.take(connection) == 2
        assert await taker.take(connection) == 0
        assert metrics.registry.get_sample_value("lifeline_alerts_skipped_changes") == 1
    unclaimed = world.rows("select asset_id, level from risk_changes where claimed_at is null")
    assert unclaimed == [{"asset_id": "dma-1", "level": 1}]
    with psycopg.connect(world.dsn) as connection:
        connection.execute("update risk_changes set inputs = '{}' where claimed_at is null")
    assert await take_all(world.dsn) == 1


async def test_an_asset_that_nobody_owns_makes_an_alert_that_nobody_is_told_of(world: World) -> None:
    world.change("unknown", 1)
    async with claimer(world.dsn) as (taker, connection, metrics):
        assert await taker.take(connection) == 1
        assert metrics.registry.get_sample_value("lifeline_alerts_messages_for_nobody_total") == 1
    assert world.value("select count(*) from alerts") == 1


@pytest.mark.parametrize(
    "tampering",
    ["update alert_events set why = 'x'", "delete from alert_events", "truncate alert_events cascade"],
)
async def test_what_happened_cannot_be_changed(world: World, tampering: str) -> None:
    world.change("dma-1", 2)
    await take_all(world.dsn)
    with psycopg.connect(world.dsn) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute(tampering.encode())


async def test_the_database_refuses_a_second_open_case(world: World) -> None:
    world.change("dma-1", 2)
    await take_all(world.dsn)
    with psycopg.connect(world.dsn) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(
            "insert into alerts select gen_random_uuid(), asset_id, hazard, state, level, worst_level,"
            " likelihood, consequence, opened_at, changed_at, events, sounded from alerts"
        )
