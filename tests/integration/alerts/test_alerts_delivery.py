"""A message on its way: retries, order, dead letters, and what a receiver may do to it."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import jsonschema
import psycopg
import pytest

import alerts as alerts_package
from alerts import database as db
from alerts import delivery
from alerts.breaker import ENOUGH
from alerts.channels import http
from alerts.delivery import Courier
from alerts.message import SCHEMAS, Heartbeat
from tests.alerting import SECRET, World, alerts, plan, reference_receiver, until, webhook
from tests.integration.alerts.test_alerts_claim import take_all
from tests.support.hearing import Whims, listening

HEARTBEAT = json.loads(SCHEMAS[Heartbeat].read_text(encoding="utf-8"))
SCHEMA = json.loads(
    Path(alerts_package.__file__).with_name("webhook.schema.json").read_text(encoding="utf-8")
)


def test_every_message_keeps_to_the_schema_and_is_in_order(world: World, tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as desk, alerts(world.dsn, tmp_path, {"*": desk.url}):
        world.change("dma-1", 4, 3, 1, 2, 4, None, 3)
        until(lambda: world.delivered() == {"receipted": 6})
        messages = desk.messages()
    kinds = ["raised", "risen", "fallen", "fallen", "cleared", "raised"]
    assert [message["kind"] for message in messages] == kinds
    assert [message["number"] for message in messages] == [2, 3, 4, 5, 6, 7]
    for message in messages:
        jsonschema.validate(message, SCHEMA, format_checker=jsonschema.FormatChecker())
        assert set(message) == set(SCHEMA["properties"])


def test_what_may_pass_is_tried_again_and_no_update_overtakes_its_alert(world: World, tmp_path: Path) -> None:
    whims = Whims((503, b""), (429, b""), (200, b'{"receipt": "R"}'))
    with listening(whims) as url, alerts(world.dsn, tmp_path, {"water-co": url}):
        world.change("dma-1", 3, 2, 1)
        until(lambda: world.delivered().get("receipted") == 3)
    kinds = [message["kind"] for message in whims.messages()]
    assert kinds == ["raised", "raised", "raised", "risen", "risen"]
    keys = [headers["Idempotency-Key"] for _, headers, _ in whims.heard]
    assert len(set(keys[:3])) == 1
    assert len(set(keys)) == 3
    (first, second, third), *_ = (whims.heard[:3],)
    assert second[0] - first[0] >= 0.5
    assert third[0] - second[0] >= 1.0
    rows = world.rows("select attempts, last_error from deliveries order by queued_at, attempts desc limit 1")
    assert rows == [{"attempts": 3, "last_error": None}]


@pytest.mark.parametrize(
    ("status", "error"), [(404, "HTTP 404"), (401, "HTTP 401"), (302, "HTTP 302"), (307, "HTTP 307")]
)
def test_what_will_not_pass_is_a_dead_letter_at_once(
    world: World, tmp_path: Path, status: int, error: str
) -> None:
    whims = Whims((status, b""), (200, b""))
    with listening(whims) as url, alerts(world.dsn, tmp_path, {"water-co": url}):
        world.change("dma-1", 3, 2)
        until(lambda: world.delivered() == {"dead": 1, "delivered": 1})
    dead = world.rows("select kind, attempts, last_error, finished_at from deliveries where state = 'dead'")
    assert (dead[0]["kind"], dead[0]["attempts"], dead[0]["last_error"]) == ("raised", 1, error)
    assert [message["kind"] for message in whims.messages()] == ["raised", "risen"]


def test_a_receiver_that_is_not_there_gets_all_once_it_is(world: World, tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as desk:
        url = desk.url
    with alerts(world.dsn, tmp_path, {"water-co": url, "gas-co": url}):
        for n in range(20):
            world.change(f"dma-{n}", 2, 1)
        until(lambda: world.delivered().get("failed", 0) >= ENOUGH)
        with reference_receiver(tmp_path) as desk:
            until(lambda: world.delivered() == {"receipted": 40}, seconds=30)
            messages = desk.messages()
    assert len(messages) == len({message["delivery_id"] for message in messages}) == 40
    for n in range(20):
        numbers = [message["number"] for message in messages if message["asset"]["id"] == f"dma-{n}"]
        assert numbers == [1, 2]


def test_another_receivers_trouble_holds_up_nobody(world: World, tmp_path: Path) -> None:
    slow = Whims((200, b""))
    slow.pause = 3
    with (
        listening(slow) as url,
        reference_receiver(tmp_path) as desk,
        alerts(world.dsn, tmp_path, {"water-co": url, "gas-co": desk.url}) as process,
    ):
        until(lambda: process.standing() == "claiming")
        for n in range(5):
            world.change(f"dma-{n}", 2)
        world.change("chamber-1", 1, hazard="gas-leak")
        until(lambda: len(desk.messages()) == 1, seconds=2)
        until(lambda: world.delivered() == {"delivered": 5, "receipted": 1})


def test_a_receiver_that_never_answers_delays_another_by_less_than_a_second(
    world: World, tmp_path: Path
) -> None:
    """More messages than one receiver has slots, each held for as long as one is waited for."""
    slow = Whims((200, b""))
    slow.pause = 4
    with (
        listening(slow) as url,
        reference_receiver(tmp_path) as desk,
        alerts(world.dsn, tmp_path, {"water-co": url, "gas-co": desk.url}) as process,
    ):
        until(lambda: process.standing() == "claiming")
        for n in range(100):
            world.change(f"dma-{n}", 2)
        until(lambda: len(slow.heard) >= 16)
        began = time.monotonic()
        world.change("chamber-1", 1, hazard="gas-leak")
        until(lambda: len(desk.messages()) == 1, seconds=10)
        assert time.monotonic() - began < 1


def test_a_heartbeat_comes_at_its_interval_and_is_not_made_up_for(world: World, tmp_path: Path) -> None:
    whims = Whims((503, b""), (200, b""))
    beating = 'heartbeat = "500ms"\n[[route]]'
    with (
        listening(whims) as url,
        reference_receiver(tmp_path) as desk,
        alerts(
            world.dsn, tmp_path, {"water-co": url, "gas-co": desk.url}, change=("[[route]]", beating)
        ) as process,
    ):
        until(lambda: len(whims.heard) >= 4)
        figures = httpx.get(f"{process.url}/metrics").text
        assert desk.messages() == []
    for said in whims.messages():
        jsonschema.validate(said, HEARTBEAT, format_checker=jsonschema.FormatChecker())
        assert (said["receiver"], said["drill"], said["interval_s"]) == ("water-co-desk", False, 0.5)
    assert len({said["id"] for said in whims.messages()}) == len(whims.heard)
    first, *_, last = (at for at, _, _ in whims.heard)
    assert last - first >= 0.5 * (len(whims.heard) - 1) * 0.9
    assert 'heartbeats_total{outcome="failed",receiver="water-co-desk"} 1.0' in figures
    assert 'heartbeats_total{outcome="taken",receiver="gas-co-desk"}' in figures
    assert world.delivered() == {}


def test_no_heartbeat_of_a_replay_reaches_a_receiver_of_real_alerts(world: World, tmp_path: Path) -> None:
    world.become_a_replay()
    whims = Whims((200, b""))
    beating = ("[[route]]", 'heartbeat = "100ms"\n[[route]]')
    with listening(whims) as url, alerts(world.dsn, tmp_path, {"*": url}, change=beating) as process:
        until(lambda: process.standing() == "claiming")
        time.sleep(0.5)
    assert whims.heard == []


async def one_try(world: World, url: str, secret: str = SECRET) -> None:
    """Let one delivery be tried once, to a receiver at ``url``."""
    if not world.rows("select from alerts"):
        world.change("dma-1", 2)
        await take_all(world.dsn)
    queued = [world.value("select delivery_id from deliveries")]
    async with await db.connect(world.dsn) as connection, http.client() as client:
        courier = Courier(plan(webhook("water-desk", url, secret)), client)
        for row in (await delivery.read(connection, queued)).values():
            outcome = await courier.send(row)
            await delivery.write(connection, [delivery.after(outcome, row, datetime.now(UTC), 0.5)])


async def test_a_receiver_that_does_not_answer_is_left_after_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT_S", 0.2)
    whims = Whims((200, b""))
    whims.pause = 1
    with listening(whims) as url:
        await one_try(world, url)
    (row,) = world.rows("select state, attempts, last_error, next_try_at > now() as later from deliveries")
    assert row == {"state": "failed", "attempts": 1, "last_error": "no answer within 0.2 s", "later": True}


async def test_an_endless_answer_is_not_read_to_its_end(world: World) -> None:
    with listening(Whims((200, b"x" * 50_000_000))) as url:
        await one_try(world, url)
    assert world.delivered() == {"delivered": 1}


async def test_a_delivery_that_is_done_is_not_sent_again(world: World) -> None:
    whims = Whims((200, b'{"receipt": "R-7"}'))
    with listening(whims) as url:
        await one_try(world, url)
        await one_try(world, url)
    assert len(whims.heard) == 1
    assert world.value("select receipt from deliveries") == "R-7"


async def test_a_message_that_cannot_be_made_is_a_dead_letter(world: World) -> None:
    world.change("dma-1", 2)
    await take_all(world.dsn)
    with psycopg.connect(world.dsn) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("""update alert_events set data = data || '{"evidence": [{"rule": "limit"}]}'""")
    await one_try(world, "http://127.0.0.1:9/")
    assert world.delivered() == {"dead": 1}
    assert "the message cannot be made" in world.value("select last_error from deliveries")


async def test_a_message_signed_with_another_key_is_refused_for_good(world: World, tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as desk:
        await one_try(world, desk.url, secret="fedcba9876543210")
        assert desk.messages() == []
    assert world.value("select last_error from deliveries") == "HTTP 401"
