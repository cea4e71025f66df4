"""Other rules in a running worker: what is unchanged goes on, what is new knows its past, the rest ends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psycopg
import pytest

from ingest.decode import Window, decode
from ingest.index import Index
from ingest.message import Message
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import TemporaryServices, temporary_services
from rules import store as rule_store
from rules.engine import Engine, Step, Tick
from rules.model import Rule, RuleSet
from rules.risk import Strength
from rules.succession import Succession
from sensors import store as city_store
from sensors.model import Registry
from tests.support.device import Device, device
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import LIMIT, RATE, SILENCE, STUCK, VOTE, rule, rules, town

START_MS = 1_763_683_200_000
MINUTE_MS = 60_000
DEVICES = 3

OLD = rule("old", "limit", (Strength(likelihood=3),), bands=[{"above": 5}])
NEW = rule("new", "limit", (Strength(likelihood=4),), bands=[{"above": 10}], on_delay="3min")
BEFORE = (LIMIT, RATE, VOTE, OLD)
AFTER = (LIMIT, RATE, VOTE, NEW, STUCK, SILENCE)

RISING = [2.0, 12.0, 13.0, 25.0, 26.0, 27.0]
CALM = [27.0, 2.0, 2.0, 2.0, 2.0, 60.0]


@pytest.fixture(scope="module")
def ours(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryServices]:
    with temporary_services(prefix, tmp_path_factory.mktemp("services")) as services:
        yield services


@pytest.fixture
def dsn(ours: TemporaryServices, slug: str) -> Iterator[str]:
    dsn = ours.postgres.create_database(slug)
    migrate(dsn)
    settle(dsn, town(DEVICES), rules(*BEFORE), purpose="replay")
    yield dsn
    ours.postgres.drop_database(slug)


@pytest.fixture
def sender(ours: TemporaryServices) -> Iterator[Device]:
    with device(ours.mosquitto.port) as sender:
        yield sender


def worker(folder: Path, dsn: str, services: TemporaryServices) -> Lifeline:
    settings = {"dsn": dsn, "mqtt_url": services.mosquitto.url, "linger_ms": 1}
    return Lifeline(folder, "worker", "--clock", "feed", **settings)


def feed(first: int, values: list[float]) -> list[Message]:
    """A tick and a reading of each device a minute; the third device speaks only at the very beginning."""
    messages = []
    for minute, value in enumerate(values, first):
        t = START_MS + minute * MINUTE_MS
        messages.append(Message("lifeline/clock", msgspec.json.encode({"t": t})))
        for n in range(DEVICES if minute == 0 else DEVICES - 1):
            body = {"t": t, "s": minute, "b": 0, "v": {"ch4": value + n}}
            messages.append(Message(f"lifeline/gas/east/d{n}/telemetry", msgspec.json.encode(body)))
    return messages


def publish(dsn: str, sender: Device, messages: list[Message]) -> None:
    """Publish, and wait until all of it is stored."""
    more = sum(message.topic.endswith("telemetry") for message in messages)
    wanted = one(dsn, "select count(*) from readings") + more
    for message in messages:
        sender.send(message.topic, bytes(message.payload))
    until(lambda: one(dsn, "select count(*) from readings") == wanted, f"{wanted} readings")


def one(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn) as db:
        (value,) = db.execute(query).fetchone() or (None,)
    return value


def load(dsn: str, rule_set: RuleSet) -> None:
    with psycopg.connect(dsn, autocommit=True) as db:
        rule_store.load(db, rule_set)


class Twin:
    """The same feed and the same changes through an engine of our own."""

    def __init__(self, registry: Registry, rule_set: RuleSet) -> None:
        self._registry, self._index = registry, Index(registry)
        self._engine = Engine(registry, rule_set)
        self._seen = decode([], self._index, Window(), None).readings
        self.transitions: list[tuple[str, str, int, int, str]] = []

    def hear(self, messages: list[Message]) -> None:
        batch = decode(messages, self._index, Window(), None)
        self._seen = type(self._seen).concatenate([self._seen, batch.readings])
        self._note(self._engine.step(batch.readings, [Tick(*tick) for tick in batch.ticks]))

    def change(self, rule_set: RuleSet) -> None:
        new = Engine(self._registry, rule_set)
        succession = Succession(self._engine, new)
        sensors, after, until_ = succession.needs()
        wanted = np.isin(self._seen.sensor, sensors) & (self._seen.time > after) & (self._seen.time <= until_)
        succession.warm(self._seen[wanted])
        self._note(succession.finish(succession.warmth()))
        self._engine = new

    def _note(self, step: Step) -> None:
        self.transitions += [(t.rule, t.subject, t.previous, t.state, t.reason) for t in step.transitions]


def transitions(dsn: str) -> list[tuple[str, str, int, int, str]]:
    with psycopg.connect(dsn) as db:
        return db.execute(
            "select rule, subject, previous, state, reason from transitions order by seq, detected_at"
        ).fetchall()


def registry_of(dsn: str) -> Registry:
    with psycopg.connect(dsn) as db:
        return city_store.read(db)


@pytest.mark.parametrize("restart", [None, "journal", "snapshot"])
def test_a_running_worker_takes_other_rules_as_an_engine_of_our_own_does(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path, restart: str | None
) -> None:
    first, second, third = feed(0, RISING), feed(len(RISING), CALM[:1]), feed(len(RISING) + 1, CALM[1:])
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        publish(dsn, sender, first)
        load(dsn, rules(*AFTER))
        process.until("versions", times=2)
        publish(dsn, sender, second)
        newest = "select rules_version from snapshots order by seq desc limit 1"
        until(lambda: one(dsn, newest) == rules(*AFTER).version, "a snapshot of the new rules")
        if restart is None:
            publish(dsn, sender, third)
        process.kill()
    if restart is not None:
        if restart == "journal":
            with psycopg.connect(dsn) as db:
                db.execute("delete from snapshots")
        with worker(tmp_path, dsn, ours) as process:
            process.until("subscribed")
            (restored,) = process.events("restored")
            assert (restored["snapshot"] > 0) == (restart == "snapshot")
            publish(dsn, sender, third)
            assert process.stop() == 0
    twin = Twin(registry_of(dsn), rules(*BEFORE))
    twin.hear(first)
    before = len(twin.transitions)
    twin.change(rules(*AFTER))
    assert {name for name, *_ in twin.transitions[before:]} == {"old", "new"}
    twin.hear(second + third)
    assert {name for name, *_ in twin.transitions[before:]} == {
        "methane",
        "rise",
        "two-of-n",
        "old",
        "new",
        "silence",
    }
    assert sorted(transitions(dsn)) == sorted(twin.transitions)


def test_what_is_unchanged_keeps_its_state_what_is_new_is_warmed_and_what_is_gone_ends_with_the_reason(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path
) -> None:
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        publish(dsn, sender, feed(0, RISING))
        before = one(dsn, "select max(seq) from journal")
        load(dsn, rules(LIMIT, NEW))
        process.until("versions", times=2)
        with psycopg.connect(dsn) as db:
            found = db.execute(
                "select rule, subject, previous, state, reason from transitions where seq > %s"
                " order by rule, subject",
                (before,),
            ).fetchall()
            version = db.execute(
                "select distinct rules_version from transitions where seq > %s", (before,)
            ).fetchall()
        assert version == [(rules(LIMIT, NEW).version,)]
    gone = "the rule or its sensor was removed or changed"
    assert [row for row in found if row[0] == "methane"] == []
    assert [(row[:4], row[4]) for row in found if row[0] == "old"] == [
        (("old", f"d{n}/ch4", 1, 0), gone) for n in range(2)
    ]
    assert [row for row in found if row[0] == "new"] == [
        ("new", "d0/ch4", 0, 1, "27 is at or above 10 for 3min"),
        ("new", "d1/ch4", 0, 1, "28 is at or above 10 for 3min"),
    ]


@pytest.mark.parametrize("broken", ["no JSON", "another kind", "another city's"])
def test_rules_that_cannot_hold_are_refused_and_the_worker_keeps_its_own(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path, broken: str
) -> None:
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        publish(dsn, sender, feed(0, [2.0]))
        spoil(dsn, broken)
        process.until("versions_refused")
        publish(dsn, sender, feed(1, RISING))
        with psycopg.connect(dsn) as db:
            assert db.execute("select distinct rules_version from transitions").fetchall() == [
                (rules(*BEFORE).version,)
            ]
        load(dsn, rules(*AFTER))
        process.until("versions", times=2)
        assert len(list(process.events("versions_refused"))) == 1
        spoil(dsn, broken)
        process.until("versions_refused", times=2)
        process.kill()
    with worker(tmp_path, dsn, ours) as process:
        process.until("subscribed")
        process.until("versions_refused")
        publish(dsn, sender, feed(len(RISING) + 1, CALM))
        assert process.stop() == 0


def spoil(dsn: str, how: str) -> None:
    """Rules as another release, or a city loaded after them, might leave them in the database."""
    stranger = msgspec.structs.replace(OLD, kind="oracle")
    relative = msgspec.structs.replace(OLD, parameters={"bands": [{"above": 5}], "relative_to": "depth_m"})
    content: dict[str, RuleSet | Rule] = {"another kind": rules(stranger), "another city's": rules(relative)}
    if how in content:
        load(dsn, content[how])
        return
    with psycopg.connect(dsn) as db:
        db.execute("insert into rule_sets (version, content) values ('x', '{') on conflict do nothing")
        db.execute("update configuration set rules_version = 'x'")
