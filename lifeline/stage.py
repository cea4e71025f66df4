"""A stage for one run: a database of its own, and the processes that play on it.

What plays here is a drill: the database says so, and only receivers that are marked for drills are called.
"""

import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg.sql import SQL, Identifier
from pydantic import SecretStr

from lifeline.children import Child
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.ports import free_port
from lifeline.runtime.services import temporary_services
from lifeline.settings import Clock, Settings
from rules import store as rule_store
from rules.model import RuleSet
from sensors import store as city_store
from sensors.errors import ConfigurationError, UnavailableError
from sensors.model import Registry

INBOX = "received.jsonl"
"""What the receiver of a stage has received, a message a line."""


@contextmanager
def own_services(settings: Settings, folder: Path) -> Iterator[Settings]:
    """Settings with services of their own, all they have in ``folder``; stopped at the end."""
    with temporary_services(Prefix(settings.runtime / "prefix"), folder) as services:
        ours = {"dsn": SecretStr(services.postgres.dsn()), "mqtt_url": services.mosquitto.url}
        yield settings.model_copy(update={**ours, "mqtt_user": None, "mqtt_password": None, "mqtt_ca": None})


@contextmanager
def database(settings: Settings, run: str, *, keep: bool = False) -> Iterator[Settings]:
    """Settings with a new database at the newest version, that of one run and of no production.

    It is dropped at the end, unless it is to be kept.

    Raises:
        ConfigurationError: this user may not create one.
        UnavailableError: the server does not answer.
    """
    name = f"lifeline-replay-{run}"
    with connect(settings.database()) as connection:
        try:
            connection.execute(SQL("create database {}").format(Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            raise ConfigurationError(
                "a run makes a database of its own, which this user may not: alter role … createdb"
            ) from None
    try:
        dsn = urlsplit(settings.database())._replace(path=f"/{quote(name)}").geturl()
        migrate(dsn)
        with psycopg.connect(dsn) as connection:
            connection.execute("update deployment set purpose = 'replay', run_id = %s", [run])
        yield settings.model_copy(update={"dsn": SecretStr(dsn)})
    finally:
        if not keep:
            with connect(settings.database()) as connection:
                connection.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))


def connect(dsn: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection in autocommit.

    Raises:
        UnavailableError: the server does not answer.
    """
    try:
        return psycopg.connect(dsn, autocommit=True)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).splitlines()[0]}") from None


def settle(settings: Settings, registry: Registry, rules: RuleSet) -> Registry:
    """Load city and rules; the registry with its sensors' ids."""
    with connect(settings.database()) as connection:
        city_store.load(connection, registry)
        rule_store.load(connection, rules)
        return city_store.read(connection)


@dataclass(frozen=True, slots=True)
class Stage:
    """Services with one database, ready for a city; ``folder`` holds what the processes write."""

    settings: Settings
    folder: Path

    @property
    def dsn(self) -> str:
        """The run's database."""
        return self.settings.database()

    @property
    def mqtt_url(self) -> str:
        """The run's broker."""
        return self.settings.broker()


@contextmanager
def stage(settings: Settings) -> Iterator[Stage]:
    """Services of their own below the runtime's folder, stopped and removed at the end."""
    run = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    folder = settings.runtime / "runs" / run
    folder.mkdir(parents=True)
    try:
        with own_services(settings, folder) as ours, database(ours, run) as with_database:
            yield Stage(with_database, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Cast:
    """The processes of a run."""

    worker: Child
    alerts: Child
    receiver: Child

    def check(self) -> None:
        """See that all of them still run."""
        for child in (self.worker, self.alerts, self.receiver):
            child.check()


@contextmanager
def perform(
    settings: Settings, folder: Path, receivers: Path, clock: Clock = Clock.FEED, **worker_settings: object
) -> Iterator[tuple[Child, Child]]:
    """A worker and the alerts, which call those receivers; ready when this returns."""
    services = {"dsn": settings.database(), "mqtt_url": settings.broker()}
    api = {"receivers": receivers, "api_host": "127.0.0.1", "api_port": 0}
    with (
        Child.lifeline(folder, "alerts", **services, **api) as alerts,
        Child.lifeline(
            folder, "worker", "--clock", clock, **{**services, "metrics_port": 0, **worker_settings}
        ) as worker,
    ):
        alerts.until("listening")
        worker.until("subscribed")
        yield worker, alerts


def desk(folder: Path) -> tuple[Path, Sequence[str]]:
    """A receivers file whose one receiver of drills plays every utility, and the command that is it."""
    key, receivers, inbox = (folder / name for name in ("receiver.key", "receivers.toml", INBOX))
    key.write_text(secrets.token_hex(32), encoding="utf-8")
    key.chmod(0o600)
    port = free_port()
    receivers.write_text(
        f'[[receiver]]\nid = "drill"\nchannel = "webhook"\nurl = "http://127.0.0.1:{port}/"\n'
        f'secret_file = "{key.name}"\ndrill = true\n[[route]]\nto = ["drill"]\n',
        encoding="utf-8",
    )
    given = ["--port", str(port), "--secret-file", str(key), "--log", str(inbox)]
    return receivers, ["alerts.reference_receiver", *given]


@contextmanager
def play(stage: Stage, clock: Clock = Clock.FEED, **worker_settings: object) -> Iterator[Cast]:
    """The same with a receiver that plays every utility."""
    receivers, command = desk(stage.folder)
    with ExitStack() as stack:
        receiver = stack.enter_context(Child("receiver", command, stage.folder / "receiver.log", {}))
        worker, alerts = stack.enter_context(
            perform(stage.settings, stage.folder, receivers, clock, **worker_settings)
        )
        yield Cast(worker, alerts, receiver)
