"""``lifeline dead-letter``: what was kept can be looked at, and published again once it is mended."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from ingest.batch import LONGEST_PAYLOAD
from lifeline.cli.dead_letter import preview
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import TemporaryServices, temporary_services
from sensors import store as city_store
from sensors.model import Device as Registered
from sensors.model import Domain, Sensor
from tests.support.device import Device, device
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

EAST = "lifeline/gas/east"


@pytest.fixture(scope="module")
def ours(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryServices]:
    with temporary_services(prefix, tmp_path_factory.mktemp("services")) as services:
        yield services


@pytest.fixture
def dsn(ours: TemporaryServices, slug: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("COLUMNS", "300")
    dsn = ours.postgres.create_database(slug)
    migrate(dsn)
    settle(dsn, town(2), rules())
    yield dsn
    ours.postgres.drop_database(slug)


@pytest.fixture
def sender(ours: TemporaryServices) -> Iterator[Device]:
    with device(ours.mosquitto.port) as sender:
        yield sender


def called(folder: Path, dsn: str, services: TemporaryServices, *command: str) -> tuple[int, list[str]]:
    settings = {"dsn": dsn, "mqtt_url": services.mosquitto.url}
    with Lifeline(folder, "dead-letter", *command, **settings) as process:
        code = process.wait()
        return code, [line.rstrip() for line in process.text.splitlines()]


def one(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as db:
        return (db.execute(query).fetchone() or (None,))[0]


def keep(dsn: str, *letters: tuple[str, str, bytes, int | None]) -> None:
    """(topic, reason, payload, size if it was cut)"""
    with psycopg.connect(dsn) as db, db.cursor() as cursor:
        cursor.executemany(
            "insert into dead_letter (received_at, topic, device_id, reason, detail, payload, payload_size)"
            " values ('2025-11-21T08:00:00+08:00', %s, split_part(%s, '/', 4), %s, 'why', %s, %s)",
            [
                (topic, topic, reason, payload, size or len(payload))
                for topic, reason, payload, size in letters
            ],
        )


def test_the_list_shows_what_was_kept_the_newest_first(
    ours: TemporaryServices, dsn: str, tmp_path: Path
) -> None:
    keep(
        dsn,
        (f"{EAST}/d0/telemetry", "schema", b'{"t": 1,\n "v": {}}', None),
        (f"{EAST}/d1/telemetry", "undecodable", b"\xff\x00[red]", None),
        (f"{EAST}/d1/telemetry", "undecodable", b"x" * 500, 70_000),
    )
    code, lines = called(tmp_path, dsn, ours, "list")
    assert code == 0
    assert lines[0].split() == [
        "id",
        "received",
        "(UTC)",
        "topic",
        "reason",
        "detail",
        "bytes",
        "payload",
        "retried",
    ]
    assert lines[1].split()[:7] == [
        "3",
        "2025-11-21",
        "00:00:00",
        f"{EAST}/d1/telemetry",
        "undecodable",
        "why",
        "70000",
    ]
    assert "ff 00 5b 72 65 64 5d" in lines[2]
    assert '{"t": 1, "v": {}}' in lines[3]
    assert len(called(tmp_path, dsn, ours, "list", "--reason", "undecodable")[1]) == 3
    assert len(called(tmp_path, dsn, ours, "list", "--device", "d0")[1]) == 2
    assert len(called(tmp_path, dsn, ours, "list", "--limit", "1", "--device", "d1")[1]) == 2


def test_a_message_of_a_device_that_has_been_registered_since_is_stored_by_a_retry(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    t = time.time_ns() // 1_000_000
    with Lifeline(tmp_path, "worker", dsn=dsn, mqtt_url=ours.mosquitto.url) as worker:
        worker.until("subscribed")
        sender.send(
            f"{EAST}/new/telemetry",
            b" " + json.dumps([{"n": "ch4", "t": t / 1000, "u": "%VOL", "v": 1.5}]).encode(),
            "application/senml+json",
        )
        until(lambda: one(dsn, "select count(*) from dead_letter") == 1, "a dead letter")
        register(dsn)
        worker.until("versions", times=2)
        code, lines = called(tmp_path, dsn, ours, "retry", "--reason", "topic")
        assert (code, lines) == (0, ["1: published again", "1 of 1 published again"])
        until(lambda: one(dsn, "select value from readings") == 30.0, "the reading, in %LEL")
        assert one(dsn, "select retried_at is not null from dead_letter")
        assert called(tmp_path, dsn, ours, "retry", "--reason", "topic") == (0, ["0 of 0 published again"])


def register(dsn: str) -> None:
    """Let the city have one device more."""
    registry = town(2)
    new = Registered(id="new", type="probe", domain=Domain.GAS, district="east")
    sensor = Sensor(device="new", key="ch4", asset="chamber", quantity="methane_lel", unit="%LEL")
    more = msgspec.structs.replace(
        registry, devices=(*registry.devices, new), sensors=(*registry.sensors, sensor)
    )
    with psycopg.connect(dsn, autocommit=True) as db:
        city_store.load(db, more)


def test_what_cannot_be_published_again_is_said_and_the_others_are(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    keep(
        dsn,
        (f"{EAST}/d0/telemetry", "schema", b"x" * LONGEST_PAYLOAD, LONGEST_PAYLOAD + 1),
        (f"{EAST}/d0/telemetry", "conflict", b"{}", None),
        (f"{EAST}/d0/telemetry", "schema", b"\x00whole", None),
    )
    sender.listen(f"{EAST}/d0/telemetry")
    code, lines = called(tmp_path, dsn, ours, "retry", "1", "2", "3", "4")
    assert code == 1
    assert lines == [
        "1: only 65536 of its 65537 bytes were kept",
        "2: a conflict is about a value that is stored: there is no message to publish",
        "3: published again",
        "4: there is no such dead letter",
        "1 of 4 published again",
    ]
    assert sender.heard.get(timeout=10) == (f"{EAST}/d0/telemetry", b"\x00whole")
    assert one(dsn, "select array_agg(dead_letter_id) from dead_letter where retried_at is not null") == [3]


def test_what_nobody_would_take_is_not_marked_as_retried(prefix: Prefix, dsn: str, tmp_path: Path) -> None:
    keep(dsn, (f"{EAST}/d0/telemetry", "schema", b"x", None))
    with temporary_services(prefix, tmp_path / "lonely") as lonely:
        code, lines = called(tmp_path, dsn, lonely, "retry", "1")
    assert (code, lines[0]) == (1, "1: no worker is subscribed to its topic")
    assert one(dsn, "select retried_at is null from dead_letter")


def test_mistakes_are_one_line(ours: TemporaryServices, dsn: str, tmp_path: Path) -> None:
    which = "lifeline: dead-letter retry: expected IDs or --reason, one of the two"
    assert called(tmp_path, dsn, ours, "retry") == (2, [which])
    assert called(tmp_path, dsn, ours, "retry", "1", "--reason", "schema") == (2, [which])
    empty = ours.postgres.create_database("empty")
    assert called(tmp_path, empty, ours, "list") == (
        2,
        ["lifeline: the database is not prepared: call `lifeline migrate`"],
    )
    code, lines = called(tmp_path, ours.postgres.dsn("none"), ours, "list")
    assert (code, len(lines)) == (3, 1)


def test_without_a_broker_a_retry_says_so_and_marks_nothing(dsn: str, tmp_path: Path) -> None:
    keep(dsn, (f"{EAST}/d0/telemetry", "schema", b"x", None))
    with Lifeline(tmp_path, "dead-letter", "retry", "1", dsn=dsn, mqtt_url="mqtt://127.0.0.1:1") as process:
        assert process.wait() == 3
        assert process.text.startswith("lifeline: the broker at 127.0.0.1:1 does not answer")
    assert one(dsn, "select retried_at is null from dead_letter")


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b"", ""),
        (b"plain", "plain"),
        ("甲烷".encode(), "甲烷"),
        (b"a\n\t b", "a b"),
        (b"\x01\x02", "01 02"),
        (b"\xff" * 100, "ff " * 19 + "ff…"),
        (b"x" * 100, "x" * 59 + "…"),
        (b"x" + "甲".encode() * 100, "x" + "甲" * 58 + "…"),
    ],
)
def test_a_preview_is_one_short_line(payload: bytes, shown: str) -> None:
    assert preview(payload) == shown
