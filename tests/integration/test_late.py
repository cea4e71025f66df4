"""A device's buffer comes hours late: live state stays, and what it shows is found in the background."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from lifeline.explain.read import read
from lifeline.migrate import migrate
from lifeline.replay.outcome import episodes
from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import TemporaryServices, temporary_services
from rules.levels import RiskLevel
from sensors.model import Registry
from sensors.readings import MINUTE
from tests.alerting import alerts, reference_receiver, token
from tests.support.device import Device, device
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

START = 29_394_720 * MINUTE
AWAY = range(10, 130)
"""The minutes that the first device spent without a network."""

LEAK = range(40, 60)
"""In them it measured a leak."""

LIVE = [minute for minute in range(150) if minute not in AWAY]


@pytest.fixture(scope="module")
def ours(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryServices]:
    with temporary_services(prefix, tmp_path_factory.mktemp("services")) as services:
        yield services


@pytest.fixture
def city() -> Registry:
    return town(2)


@pytest.fixture
def dsn(ours: TemporaryServices, slug: str, city: Registry) -> Iterator[str]:
    dsn = ours.postgres.create_database(slug)
    migrate(dsn)
    settle(dsn, city, rules(), purpose="replay")
    yield dsn
    ours.postgres.drop_database(slug)


@pytest.fixture
def sender(ours: TemporaryServices) -> Iterator[Device]:
    with device(ours.mosquitto.port) as sender:
        yield sender


def worker(
    folder: Path, dsn: str, services: TemporaryServices, clock: str = "feed", settle_s: float = 300
) -> Lifeline:
    settings = {"dsn": dsn, "mqtt_url": services.mosquitto.url, "linger_ms": 1, "late_settle_s": settle_s}
    return Lifeline(folder, "worker", "--clock", clock, **settings)


def value(device: str, minute: int) -> float:
    return 60.0 if device == "d0" and minute in LEAK else 1.0 + minute % 7 / 10


def say(sender: Device, device: str, minutes: range | list[int], start: int = START) -> None:
    """A pack of readings, one a minute."""
    times = [(start + minute * MINUTE) // 1000 for minute in minutes]
    values = [value(device, minute) for minute in minutes]
    sender.say(f"lifeline/gas/east/{device}/telemetry", {"t": times, "v": {"ch4": values}})


def tick(sender: Device, minute: int) -> None:
    sender.say("lifeline/clock", {"t": (START + minute * MINUTE) // 1000})


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as db:
        return db.execute(query.encode()).fetchall()


def live_an_evening(dsn: str, sender: Device, start: int = START) -> None:
    """Both devices report; the first is away for two hours, and sends its buffer after newer readings."""
    say(sender, "d1", range(150), start)
    say(sender, "d0", LIVE, start)
    if start == START:
        tick(sender, 149)
    say(sender, "d0", AWAY, start)
    until(lambda: rows(dsn, "select count(*) from readings") == [(300,)], "all readings")


LEAK_STATES = "select * from risk_states where hazard = 'gas-leak'"

TRANSITIONS = """
select rule, subject, ((extract(epoch from time) / 60)::bigint - 29394720)::int, state, retrospective
from transitions order by time, rule, subject, state
"""


def test_what_a_late_buffer_shows_is_found_marked_and_never_delivered(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    with (
        reference_receiver(tmp_path) as desk,
        alerts(dsn, tmp_path, {"*": desk.url}, drill=True) as service,
        worker(tmp_path, dsn, ours) as process,
    ):
        process.until("subscribed")
        live_an_evening(dsn, sender)
        assert not [row for row in rows(dsn, TRANSITIONS) if row[4]]
        live_state = rows(dsn, LEAK_STATES)
        ((sensor, count),) = rows(dsn, "select sensor_id, readings from late_stretches")
        assert (sensor, count) == (1, len(AWAY))
        tick(sender, 160)
        process.until("hindsight")
        found = [row for row in rows(dsn, TRANSITIONS) if row[4] and row[0] == "methane"]
        assert found == [
            ("methane", "d0/ch4", 41, 3, True),
            ("methane", "d0/ch4", 62, 0, True),
        ]
        assert rows(dsn, "select count(*) from late_stretches") == [(0,)]
        assert rows(dsn, LEAK_STATES) == live_state
        cases = "select state, level, worst_level, sounded from alerts where hazard = 'gas-leak'"
        until(lambda: rows(dsn, cases) == [("returned", None, 2, False)], f"a case: {rows(dsn, cases)}")
        closed = seen_and_acknowledged(service.url, token(dsn, "night-desk", "operator"))
        assert [event["kind"] for event in closed["history"]] == ["found", "acknowledged"]
        assert closed["history"][0]["evidence"][0]["value"] == 60.0
        assert "methane" in {piece.rule.name for piece in read(dsn, closed["id"]).evidence}
        assert episodes(dsn, RiskLevel.GENERAL, START + 160 * MINUTE) == []
        assert rows(dsn, "select count(*) from deliveries") == [(0,)]
        assert desk.messages() == []
        assert process.stop() == 0


def seen_and_acknowledged(url: str, who: dict[str, str]) -> Any:
    """The case that late data opened, found in the list and closed by looking at it."""
    (case,) = httpx.get(f"{url}/api/alerts?state=returned", headers=who).json()["alerts"]
    assert (case["sounded"], case["level"], case["worst_level"]["name_en"]) == (False, None, "serious")
    why = {"why": "looked at the trend, crew informed"}
    return httpx.post(f"{url}/api/alerts/{case['id']}/acknowledge", json=why, headers=who).json()


FOUND = "select transition_id from transitions where retrospective order by 1"
RISKS = "select asset_id, hazard, time, level from risk_changes where retrospective order by 1, 2"


def found_in_the_end(dsn: str, sender: Device, folder: Path, services: TemporaryServices) -> None:
    with worker(folder, dsn, services) as process:
        process.until("subscribed")
        tick(sender, 160)
        process.until("hindsight")
        assert process.stop() == 0


def test_a_kill_in_the_middle_changes_nothing_nor_does_running_it_again(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    with worker(tmp_path, dsn, ours) as process, psycopg.connect(dsn) as holding:
        process.until("subscribed")
        live_an_evening(dsn, sender)
        holding.execute("lock table late_stretches in exclusive mode")
        tick(sender, 160)
        until(lambda: rows(dsn, WAITING) == [(1,)], "findings that wait to be committed")
        process.kill()
    until(lambda: rows(dsn, WAITING) == [(0,)], "the end of what the killed one had begun")
    assert rows(dsn, FOUND) == rows(dsn, RISKS) == []
    stretch = rows(dsn, "select * from late_stretches")

    found_in_the_end(dsn, sender, tmp_path, ours)

    found, risks = rows(dsn, FOUND), rows(dsn, RISKS)
    assert len(found) > 2
    assert [row[3] for row in risks if row[1] == "gas-leak"] == [2]
    with psycopg.connect(dsn) as db:
        db.execute("insert into late_stretches values (%s, %s, %s, %s, %s, %s, %s)", stretch[0])

    found_in_the_end(dsn, sender, tmp_path, ours)

    assert (rows(dsn, FOUND), rows(dsn, RISKS)) == (found, risks)


WAITING = """
select count(*) from pg_stat_activity
where wait_event_type = 'Lock' and query like 'delete from late_stretches%'
"""


def test_by_the_clock_on_the_wall_it_is_the_same(
    ours: TemporaryServices, slug: str, city: Registry, sender: Device, tmp_path: Path
) -> None:
    dsn = ours.postgres.create_database(slug)
    migrate(dsn)
    settle(dsn, city, rules())
    start = (round(time.time()) // 60 - 151) * MINUTE
    with worker(tmp_path, dsn, ours, "wall", settle_s=1) as process:
        process.until("subscribed")
        live_an_evening(dsn, sender, start)
        process.until("hindsight")
        found = (
            "select subject, state from transitions where retrospective and rule = 'methane' order by time"
        )
        # On a busy machine the buffers settle apart, and history is run again more than once.
        until(lambda: rows(dsn, "select count(*) from late_stretches") == [(0,)], "nothing left to look at")
        assert rows(dsn, found) == [("d0/ch4", 3), ("d0/ch4", 0)]
        assert process.stop() == 0
    ours.postgres.drop_database(slug)
