"""A stage for one run: a database of its own, and the processes that play on it with a feed's clock.

What plays here is a drill: the database says so, and only receivers that are marked for drills are called.
"""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from lifeline.children import Child
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.ports import free_port
from lifeline.runtime.services import temporary_services
from lifeline.settings import Clock
from rules import store as rule_store
from rules.load import load as load_rules
from sensors import store as city_store
from sensors.model import Registry


@dataclass(frozen=True, slots=True)
class Stage:
    """Services with one database, ready for a city; ``folder`` holds what the processes write."""

    run: str
    dsn: str
    mqtt_url: str
    folder: Path


@contextmanager
def stage(runtime: Path) -> Iterator[Stage]:
    """Services of their own in ``runtime``, stopped and removed at the end."""
    run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    folder = runtime / "runs" / run
    folder.mkdir(parents=True)
    try:
        with temporary_services(Prefix(runtime / "prefix"), folder) as services:
            dsn = services.postgres.create_database("lifeline")
            migrate(dsn)
            with psycopg.connect(dsn) as connection:
                connection.execute("update deployment set purpose = 'replay', run_id = %s", (run,))
            yield Stage(run, dsn, services.mosquitto.url, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settle(stage: Stage, registry: Registry, rules: list[Path]) -> Registry:
    """Load city and rules; the registry with its sensors' ids."""
    with psycopg.connect(stage.dsn, autocommit=True) as connection:
        city_store.load(connection, registry)
        loaded = city_store.read(connection)
        rule_store.load(connection, load_rules(rules, loaded))
        return loaded


@dataclass(frozen=True, slots=True)
class Cast:
    """The processes of a run."""

    worker: Child
    alerts: Child
    receiver: Child
    api_url: str

    def check(self) -> None:
        """See that all of them still run."""
        for child in (self.worker, self.alerts, self.receiver):
            child.check()


@contextmanager
def play(stage: Stage, clock: Clock = Clock.FEED, **worker_settings: object) -> Iterator[Cast]:
    """A worker, the alerts, and a receiver that plays every utility; ready when this returns."""
    key = stage.folder / "receiver.key"
    key.write_text(secrets.token_hex(32), encoding="utf-8")
    key.chmod(0o600)
    port, api_port = free_port(), free_port()
    receivers = stage.folder / "receivers.toml"
    receivers.write_text(
        f'[[receiver]]\nid = "drill"\nutility = "*"\nurl = "http://127.0.0.1:{port}/"\n'
        f'secret_file = "{key.name}"\ndrill = true\n',
        encoding="utf-8",
    )
    inbox = str(stage.folder / "received.jsonl")
    command = ["alerts.reference_receiver", "--port", str(port), "--secret-file", str(key), "--log", inbox]
    settings = {"dsn": stage.dsn, "mqtt_url": stage.mqtt_url}
    with ExitStack() as stack:
        receiver = stack.enter_context(Child("receiver", command, stage.folder / "receiver.log", {}))
        alerts = stack.enter_context(
            Child.lifeline(stage.folder, "alerts", **settings, receivers=receivers, api_port=api_port)
        )
        worker = stack.enter_context(
            Child.lifeline(stage.folder, "worker", "--clock", clock, **settings, **worker_settings)
        )
        alerts.until("listening")
        worker.until("subscribed")
        yield Cast(worker, alerts, receiver, f"http://127.0.0.1:{api_port}")
