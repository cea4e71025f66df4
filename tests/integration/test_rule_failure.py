"""A rule that raises in a running worker: its subject is switched off, told and counted; all else goes on."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import msgspec
import psycopg
import pytest

from ingest.message import Message
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.ports import free_port
from lifeline.runtime.services import TemporaryServices, temporary_services
from rules import store as rule_store
from rules.model import RuleSet
from rules.risk import Strength
from tests.support.device import Device, device
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.fragile import POISON
from tests.unit.rules.town import LIMIT, rule, rules, town

START_MS = 1_763_683_200_000
FRAGILE = msgspec.structs.replace(rule("fragile", "limit", (Strength(llr=2.0),)), kind="fragile")
SET = rules(FRAGILE, LIMIT)

LONG_AFTER = 300
"""Minutes: what made the rule raise is no more in the history that warms its successor."""


@pytest.fixture(scope="module")
def ours(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryServices]:
    with temporary_services(prefix, tmp_path_factory.mktemp("services")) as services:
        yield services


@pytest.fixture
def dsn(ours: TemporaryServices, slug: str) -> Iterator[str]:
    dsn = ours.postgres.create_database(slug)
    migrate(dsn)
    settle(dsn, town(2), SET, purpose="replay")
    yield dsn
    ours.postgres.drop_database(slug)


@pytest.fixture
def sender(ours: TemporaryServices) -> Iterator[Device]:
    with device(ours.mosquitto.port) as sender:
        yield sender


class FragileWorker(Lifeline):
    def __init__(self, folder: Path, dsn: str, services: TemporaryServices, port: int) -> None:
        settings = {"dsn": dsn, "mqtt_url": services.mosquitto.url, "linger_ms": 1, "metrics_port": port}
        super().__init__(folder, "worker", "--clock", "feed", **settings)
        self._command[2] = "tests.support.fragile_worker"


def publish(dsn: str, sender: Device, minute: int, *values: float) -> None:
    """A reading of each of the first devices; wait until all are stored."""
    wanted = len(rows(dsn, "select 1 from readings")) + len(values)
    for n, value in enumerate(values):
        body = {"t": START_MS + minute * 60_000, "v": {"ch4": value}}
        message = Message(f"lifeline/gas/east/d{n}/telemetry", msgspec.json.encode(body))
        sender.send(message.topic, bytes(message.payload))
    until(lambda: len(rows(dsn, "select 1 from readings")) == wanted, f"{wanted} readings")


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as db:
        return db.execute(query.encode()).fetchall()


def transitions(dsn: str) -> list[tuple[object, ...]]:
    columns = "rule, subject, previous, state"
    order = "order by time, rule, subject, state"
    return rows(dsn, f"select {columns} from transitions where rule <> 'methane' {order}")


def failures(port: int) -> float:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line for line in lines if line.startswith("lifeline_rule_failures_total")).split()[1])


def load(dsn: str, rule_set: RuleSet) -> None:
    with psycopg.connect(dsn, autocommit=True) as db:
        rule_store.load(db, rule_set)


@pytest.mark.parametrize("restart", ["journal", "snapshot"])
def test_a_rule_that_raises_is_off_where_it_raised_over_restarts_until_it_is_another(
    ours: TemporaryServices, dsn: str, sender: Device, tmp_path: Path, restart: str
) -> None:
    port = free_port()
    with FragileWorker(tmp_path, dsn, ours, port) as process:
        process.until("subscribed")
        publish(dsn, sender, 0, 20.0, 1.0)
        publish(dsn, sender, 1, POISON, 20.0)
        process.until("rule_failed")
        assert failures(port) == 1
        assert transitions(dsn) == [
            ("fragile", "d0/ch4", 0, 1),
            ("fragile", "d0/ch4", 1, 0),
            ("fragile", "d1/ch4", 0, 1),
            ("rule-failure", "fragile at d0/ch4", 0, 1),
        ]
        process.kill()
    assert rows(dsn, "select hazard, level from risk_states where hazard = 'rule-failure'") == [
        ("rule-failure", 3)
    ]
    if restart == "journal":
        with psycopg.connect(dsn) as db:
            db.execute("delete from snapshots")
    with FragileWorker(tmp_path, dsn, ours, port) as process:
        process.until("subscribed")
        publish(dsn, sender, LONG_AFTER, 30.0, 1.0)
        publish(dsn, sender, LONG_AFTER + 1, 30.0, 1.0)
        assert ("fragile", "d0/ch4") not in {row[:2] for row in transitions(dsn)[4:]}
        load(dsn, rules(msgspec.structs.replace(FRAGILE, parameters={"above": 200.0}), LIMIT))
        until(
            lambda: ("rule-failure", "fragile at d0/ch4", 1, 0) in transitions(dsn), "the end of the failure"
        )
        publish(dsn, sender, LONG_AFTER + 2, 150.0, 1.0)
        until(lambda: transitions(dsn)[-1] == ("fragile", "d0/ch4", 0, 1), "the rule to speak again")
        assert process.stop() == 0
