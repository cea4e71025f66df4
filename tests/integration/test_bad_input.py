"""Anything on a topic, a database that says no, services that are away: the worker says so and goes on."""

import json
import random
import socket
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import cbor2
import numpy as np
import psycopg
import pytest

from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import TemporaryServices, temporary_services
from tests.support.device import Device, device
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

EAST = "lifeline/gas/east"
DEVICES = 10
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def ours(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryServices]:
    """Services that only these tests' workers use, and that may be stopped."""
    with temporary_services(prefix, tmp_path_factory.mktemp("services")) as services:
        yield services


@pytest.fixture
def dsn(ours: TemporaryServices, slug: str) -> Iterator[str]:
    dsn = ours.postgres.create_database(slug)
    migrate(dsn)
    settle(dsn, town(DEVICES), rules())
    yield dsn
    ours.postgres.drop_database(slug)


@pytest.fixture
def sender(ours: TemporaryServices) -> Iterator[Device]:
    with device(ours.mosquitto.port) as sender:
        yield sender


def worker(folder: Path, dsn: str, services: TemporaryServices, **settings: object) -> Lifeline:
    return Lifeline(folder, "worker", dsn=dsn, mqtt_url=services.mosquitto.url, **settings)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def count(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as db:
        (found,) = db.execute(f"select count(*) from {table}").fetchone() or (0,)
    return int(found)


def wait_for(dsn: str, many: int, table: str = "readings") -> None:
    until(lambda: count(dsn, table) >= many, f"{many} rows in {table}")


def letters(dsn: str) -> list[tuple[str, str | None, bytes, int]]:
    with psycopg.connect(dsn) as db:
        return db.execute(
            "select reason, device_id, payload, payload_size from dead_letter order by dead_letter_id"
        ).fetchall()


def test_anything_on_a_topic_is_kept_or_flagged_and_the_others_go_on(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    t, bits = now_ms(), random.Random(5)
    whole = json.dumps({"t": t, "v": {"ch4": 1.0}}).encode()
    samples = cbor2.CBORTag(85, np.ones(4, "<f4").tobytes())
    bad: list[tuple[str, bytes, str | None, str]] = [
        (f"{EAST}/d0/telemetry", bits.randbytes(500), None, "undecodable"),
        (f"{EAST}/d0/waveform", bits.randbytes(500), None, "schema"),
        (f"{EAST}/d0/status", bits.randbytes(500), None, "undecodable"),
        (f"{EAST}/d0/telemetry", b"", None, "undecodable"),
        (f"{EAST}/d0/telemetry", whole[: len(whole) // 2], None, "undecodable"),
        (f"{EAST}/d0/waveform", cbor2.dumps({"t": t, "v": {"ch4": samples}})[:-3], None, "undecodable"),
        (f"{EAST}/d0/telemetry", b'{"t":%d,"v":{"ch4":NaN}}' % t, None, "undecodable"),
        (f"{EAST}/d0/telemetry", b'{"t":%d,"v":{"ch4":-Infinity}}' % t, None, "undecodable"),
        (f"{EAST}/d0/telemetry", b'{"t":%d,"v":{"ch4":1e999}}' % t, None, "schema"),
        (f"{EAST}/d0/telemetry", b'{"t":%d,"v":{"ch4":"high"}}' % t, None, "schema"),
        (f"{EAST}/d0/telemetry", b'{"t":%d,"v":' % t + b"[" * 50_000, None, "schema"),
        (f"{EAST}/d0/telemetry", b'{"t":0,"v":{"ch4":1}}', None, "time"),
        (f"{EAST}/d0/telemetry", b'{"t":"1970-01-01T00:00:00Z","v":{"ch4":1}}', None, "time"),
        (f"{EAST}/d0/telemetry", b'{"t":"2090-01-01T00:00:00Z","v":{"ch4":1}}', None, "time"),
        (f"{EAST}/d0/telemetry", b'{"t":9007199254740992,"v":{"ch4":1}}', None, "time"),
        (f"{EAST}/d0/waveform", cbor2.dumps({"t": 0, "rate": 1.0, "v": {"ch4": samples}}), None, "time"),
        (f"{EAST}/stranger/telemetry", whole, None, "topic"),
        ("lifeline/gas/west/d0/telemetry", whole, None, "topic"),
        (f"{EAST}/d0/telemetry", b'{"t":%d,"v":{"h2s":1}}' % t, None, "unknown-sensor"),
        (f"{EAST}/d0/telemetry", b'[{"n":"ch4","u":"kPa","v":1}]', "application/senml+json", "unit"),
    ]  # fmt: skip
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        for number, (topic, payload, content_type, _) in enumerate(bad):
            sender.send(topic, payload, content_type)
            sender.say(f"{EAST}/d{number % DEVICES}/telemetry", {"t": t + number, "v": {"ch4": number / 10}})
        sender.say(f"{EAST}/d0/telemetry", {"t": t + 100, "v": {"ch4": None}})
        sender.say(f"{EAST}/d0/telemetry", {"t": t + 200, "v": {"ch4": 5000.0}})
        wait_for(dsn, len(bad) + 2)
        assert [(reason, payload) for reason, _, payload, _ in letters(dsn)] == [
            (reason, payload) for _, payload, _, reason in bad
        ]
        assert process.stop() == 0
    with psycopg.connect(dsn) as db:
        assert db.execute("select value from readings where flag < 4 order by value").fetchall() == [
            (number / 10,) for number in range(len(bad))
        ]
        flagged = db.execute(
            "select flag, value::text from readings where flag >= 4 order by flag"
        ).fetchall()
    assert flagged == [(4, "5000"), (9, "NaN")]


def test_ten_megabytes_are_refused_by_the_broker_and_seen_by_nobody(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        with device(ours.mosquitto.port) as intruder:
            body = b'{"t":1,"v":{"ch4":[' + b"1," * 5_000_000 + b"1]}}"
            intruder._client.publish(f"{EAST}/d0/telemetry", body, qos=1)
            sender.say(f"{EAST}/d1/telemetry", {"t": now_ms(), "v": {"ch4": 1.0}})
            wait_for(dsn, 1)
        assert process.stop() == 0
    assert not letters(dsn)


def test_of_a_large_message_64_kb_are_kept_with_its_size(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    payload = b'{"t": "' + b"x" * 200_000
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        sender.send(f"{EAST}/d0/telemetry", payload)
        wait_for(dsn, 1, "dead_letter")
    assert letters(dsn) == [("undecodable", "d0", payload[: 64 * 1024], len(payload))]


def test_of_a_pack_with_one_bad_row_the_rest_is_stored(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    t = now_ms()
    pack = {"t": [t - 2, t - 1, 0, t], "v": {"ch4": [1.0, 2.0, 3.0, 4.0], "none": [0, 0, 0, 0]}}
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        sender.say(f"{EAST}/d0/telemetry", pack)
        wait_for(dsn, 3)
    assert sorted(reason for reason, *_ in letters(dsn)) == ["time", "unknown-sensor"]
    with psycopg.connect(dsn) as db:
        assert db.execute("select value from readings order by time").fetchall() == [(1.0,), (2.0,), (4.0,)]


POISON = """
create function no() returns trigger language plpgsql as $$
begin
    if new.value = 66.6 then raise 'no such value'; end if;
    return new;
end $$;
create trigger no before insert on readings for each row execute function no();
"""


@pytest.mark.parametrize("poisoned", [{20}, {0, 1, 49}])
def test_a_message_that_the_database_refuses_is_found_and_kept_aside_and_the_rest_is_stored(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path, poisoned: set[int]
) -> None:
    with psycopg.connect(dsn) as db:
        db.execute(POISON)
    sender.listen(f"{EAST}/+/resend")
    t, messages = now_ms(), 50
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        process.stop()
    for number in range(messages):
        value = 66.6 if number in poisoned else 1.0
        body = {"t": [t + number, t + number + 500], "s": number, "b": 0, "v": {"ch4": [value, 2.0]}}
        sender.say(f"{EAST}/d0/telemetry", body)
    with worker(tmp_path, dsn, ours, linger_ms=100) as process:
        wait_for(dsn, 2 * (messages - len(poisoned)))
        sender.say(f"{EAST}/d1/telemetry", {"t": now_ms(), "v": {"ch4": 3.0}})
        wait_for(dsn, 2 * (messages - len(poisoned)) + 1)
        assert process.stop() == 0
        assert len(list(process.events("batch_refused"))) <= len(poisoned) * 8
    kept = letters(dsn)
    assert [(reason, device_id) for reason, device_id, *_ in kept] == [("refused", "d0")] * len(poisoned)
    assert [json.loads(payload)["s"] for _, _, payload, _ in kept] == sorted(poisoned)
    with psycopg.connect(dsn) as db:
        details = {detail for (detail,) in db.execute("select detail from dead_letter")}
        assert details == {"RaiseError: no such value"}
        gaps = db.execute("select count(*) from message_gaps where not isempty(missing)").fetchone()
    assert gaps == (0,), "what was refused has come, and must not be asked for again"
    assert sender.heard.empty()


def test_a_device_gone_mad_fills_only_its_allowance(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    t = now_ms()
    with worker(tmp_path, dsn, ours, dead_letters_per_hour=4, metrics_port=port) as process:
        process.until("subscribed")
        for _ in range(30):
            sender.send(f"{EAST}/d0/telemetry", b"\xff")
            sender.send(f"{EAST}/d1/telemetry", b"\xff")
            sender.send(f"{EAST}/stranger/telemetry", b"\xff")
        for value in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0):
            sender.say(f"{EAST}/d2/telemetry", {"t": t, "v": {"ch4": value}})
        sender.say(f"{EAST}/d3/telemetry", {"t": t, "v": {"ch4": 1.0}})
        wait_for(dsn, 2)
        kept = Counter((device_id, reason) for reason, device_id, *_ in letters(dsn))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            metrics = answer.read().decode()
    hour_turned = now_ms() // 3_600_000 - t // 3_600_000
    if not hour_turned:
        assert kept == {
            ("d0", "undecodable"): 4,
            ("d1", "undecodable"): 4,
            ("d2", "conflict"): 4,
            ("stranger", "topic"): 4,
        }
        assert "lifeline_dead_letters_dropped_total 80.0" in metrics
    assert 'lifeline_dead_letters_total{reason="undecodable"} 60.0' in metrics
    assert 'lifeline_dead_letters_total{reason="conflict"} 6.0' in metrics


def test_a_worker_waits_for_its_database_and_its_broker_and_says_so(prefix: Prefix, tmp_path: Path) -> None:
    with temporary_services(prefix, tmp_path / "services") as away:
        dsn = away.postgres.create_database("waits")
        migrate(dsn)
        settle(dsn, town(DEVICES), rules())
        away.postgres.stop()
        away.mosquitto.stop()
        with worker(tmp_path, dsn, away, linger_ms=1) as process:
            process.until("database_away")
            away.postgres.start()
            process.until("broker_away")
            away.mosquitto.start()
            process.until("subscribed")
            t = now_ms()
            with device(away.mosquitto.port) as sender:
                sender.say(f"{EAST}/d0/telemetry", {"t": t, "v": {"ch4": 1.0}})
                wait_for(dsn, 1)
                away.postgres.stop()
                for number in range(1, 20):
                    sender.say(f"{EAST}/d0/telemetry", {"t": t + number, "v": {"ch4": 1.0}})
                process.until("starting_over")
                process.until("database_away", times=2)
                away.postgres.start()
                wait_for(dsn, 20)
            away.mosquitto.restart()
            process.until("subscribed", times=3)
            with device(away.mosquitto.port) as sender:
                sender.say(f"{EAST}/d0/telemetry", {"t": t + 20, "v": {"ch4": 1.0}})
                wait_for(dsn, 21)
            assert process.stop() == 0
        assert count(dsn, "readings") == 21


def without_city(dsn: str) -> None:
    with psycopg.connect(dsn) as db:
        db.execute("update configuration set registry_version = null, rules_version = null")


def without_rules(dsn: str) -> None:
    with psycopg.connect(dsn) as db:
        db.execute("update configuration set rules_version = null")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without_city, "no city is loaded: call `lifeline city load`"),
        (without_rules, "no rules are loaded: call `lifeline rules load`"),
    ],
)
def test_a_database_without_city_or_rules_stops_the_start_with_one_line(
    ours: TemporaryServices, dsn: str, tmp_path: Path, spoil, said: str
) -> None:
    spoil(dsn)
    with worker(tmp_path, dsn, ours) as process:
        assert process.wait() == 2
        assert last_line(process) == f"lifeline: {said}"


def test_a_database_without_tables_stops_the_start_with_one_line(
    ours: TemporaryServices, slug: str, tmp_path: Path
) -> None:
    dsn = ours.postgres.create_database(slug)
    with worker(tmp_path, dsn, ours) as process:
        assert process.wait() == 2
        assert last_line(process) == "lifeline: the database has no tables: call `lifeline migrate`"
    ours.postgres.drop_database(slug)


def test_a_feed_s_clock_on_a_production_database_stops_the_start_with_one_line(
    ours: TemporaryServices, dsn: str, tmp_path: Path
) -> None:
    with Lifeline(tmp_path, "worker", "--clock", "feed", dsn=dsn, mqtt_url=ours.mosquitto.url) as process:
        assert process.wait() == 2
        assert "this is a production database" in last_line(process)


@pytest.mark.parametrize(
    ("command", "settings", "said"),
    [
        ((), {"batch_messages": 0}, "LIFELINE_BATCH_MESSAGES: "),
        ((), {"batch_messages": "many"}, "LIFELINE_BATCH_MESSAGES: "),
        ((), {"oldest_days": "inf"}, "LIFELINE_OLDEST_DAYS: "),
        ((), {"snapshot_s": "nan"}, "LIFELINE_SNAPSHOT_S: "),
        ((), {"metrics_port": 70_000}, "LIFELINE_METRICS_PORT: "),
        ((), {"dead_letters_per_hour": -1}, "LIFELINE_DEAD_LETTERS_PER_HOUR: "),
        ((), {"mqtt_url": "127.0.0.1:1883"}, "LIFELINE_MQTT_URL: expected mqtt://host:port"),
        ((), {"mqtt_url": "mqtt://127.0.0.1:99999"}, "LIFELINE_MQTT_URL: expected mqtt://host:port"),
        ((), {"mqtt_url": "mqtt://[::1"}, "LIFELINE_MQTT_URL: expected mqtt://host:port"),
        ((), {"mqtt_ca": "/nowhere/ca.pem"}, "LIFELINE_MQTT_CA: "),
        ((), {"mqtt_ca": __file__}, "LIFELINE_MQTT_URL: expected mqtts://host:port beside LIFELINE_MQTT_CA"),
        ((), {"dsn_file": "/nowhere/dsn"}, "LIFELINE_DSN_FILE: /nowhere/dsn: No such file"),
        ((), {"dsn": "my database"}, "LIFELINE_DSN: invalid DSN"),
        ((), {"dsn": "{dsn}-not-there"}, "LIFELINE_DSN: database "),
        (("--partition", "3/2"), {}, '--partition: expected k/n such as "1/4", not \'3/2\''),
    ],
)  # fmt: skip
def test_a_wrong_setting_stops_the_start_with_one_line(
    ours: TemporaryServices, tmp_path: Path, command: tuple[str, ...], settings: dict[str, object], said: str
) -> None:
    dsn = ours.postgres.dsn()
    given = {"dsn": dsn, "mqtt_url": ours.mosquitto.url} | settings
    given = {name: str(value).replace("{dsn}", dsn) for name, value in given.items()}
    if "dsn_file" in given:
        del given["dsn"]
    with Lifeline(tmp_path, "worker", *command, **given) as process:
        assert process.wait() == 2
        assert last_line(process).startswith(f"lifeline: {said}")


def last_line(process: Lifeline) -> str:
    """What it said at its end, of which one line is for people."""
    assert "Traceback" not in process.text
    lines = process.text.strip().splitlines()
    assert not [line for line in lines[:-1] if not line.startswith("{")]
    return lines[-1]
