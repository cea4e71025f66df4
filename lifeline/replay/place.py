"""Where a replay runs: services that are configured, or its own; always a database of its own."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from psycopg.sql import SQL, Identifier
from pydantic import SecretStr

from ingest.mqtt import Broker
from ingest.partition import Partition
from lifeline import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import running, temporary_services
from lifeline.settings import Settings
from rules import store as rule_store
from rules.model import RuleSet
from sensors import store as city_store
from sensors.errors import ConfigurationError, UnavailableError
from sensors.model import Registry

_PATIENCE_S = 10.0

_PURPOSE = "select purpose from deployment"
_ALONE = "select pg_try_advisory_lock(hashtextextended('lifeline replay', 0))"


def configured(settings: Settings) -> bool:
    """Whether a database or a broker is named, or the local runtime runs."""
    named = settings.dsn is not None or settings.mqtt_url is not None
    return named or running(settings.runtime) is not None


@contextmanager
def services(settings: Settings, folder: Path, *, own: bool) -> Iterator[Settings]:
    """Settings whose database server and broker a replay may use; own ones keep all they have in ``folder``.

    Raises:
        ConfigurationError: the configured ones serve production, or another replay.
        UnavailableError: they cannot be reached, or started.
    """
    with ExitStack() as stack:
        if own:
            temporary = stack.enter_context(temporary_services(Prefix(settings.runtime / "prefix"), folder))
            update = {"dsn": SecretStr(temporary.postgres.dsn()), "mqtt_url": temporary.mosquitto.url}
            alone = {"mqtt_user": None, "mqtt_password": None, "mqtt_ca": None}
            yield settings.model_copy(update={**update, **alone})
        else:
            stack.enter_context(_to_ourselves(settings.database()))
            update = {"dsn": SecretStr(settings.database()), "mqtt_url": settings.broker()}
            yield settings.model_copy(update=update)


@contextmanager
def database(settings: Settings, run: str, *, keep: bool) -> Iterator[Settings]:
    """Settings with a new database at the newest version, that of one run and of no production.

    It is dropped at the end, unless it is to be kept.
    """
    name = f"lifeline-replay-{run}"
    _create(settings.database(), name)
    try:
        dsn = _beside(settings.database(), name)
        migrate.migrate(dsn)
        with psycopg.connect(dsn) as connection:
            connection.execute("update deployment set purpose = 'replay', run_id = %s", [run])
        yield settings.model_copy(update={"dsn": SecretStr(dsn)})
    finally:
        if not keep:
            with psycopg.connect(settings.database(), autocommit=True) as connection:
                connection.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))


def settle(settings: Settings, registry: Registry, rules: RuleSet) -> None:
    """Load the feed's city and rules."""
    with psycopg.connect(settings.database(), autocommit=True) as connection:
        city_store.load(connection, registry)
        rule_store.load(connection, rules)


@contextmanager
def clean_session(settings: Settings) -> Iterator[None]:
    """Let the broker forget, before and after, what it keeps for a worker of the whole city.

    A worker comes back to what waits for it: that of another run, broken off, is none of ours.
    """
    _forget(settings)
    try:
        yield
    finally:
        _forget(settings)


def _forget(settings: Settings) -> None:
    password = settings.mqtt_password.get_secret_value() if settings.mqtt_password else None
    broker = Broker.at(settings.broker(), settings.mqtt_user, password, settings.mqtt_ca)
    name = f"lifeline-worker-{Partition().name}"
    client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)
    if broker.user is not None:
        client.username_pw_set(broker.user, broker.password)
    if broker.tls:
        client.tls_set(str(broker.ca) if broker.ca else None)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    try:
        client.connect(broker.host, broker.port, clean_start=True)
        client.loop_start()
        if not connected.wait(_PATIENCE_S):
            raise TimeoutError(f"not within {_PATIENCE_S:g} s")
    except OSError as error:
        raise UnavailableError(
            f"the broker at {broker.host}:{broker.port} does not answer: {error}"
        ) from None
    finally:
        client.disconnect()
        client.loop_stop()


@contextmanager
def _to_ourselves(dsn: str) -> Iterator[None]:
    """Hold the configured database's lock on replays, if it is none of production."""
    with _connect(dsn) as connection:
        try:
            purpose = connection.execute(_PURPOSE).fetchone()
        except psycopg.errors.UndefinedTable:
            purpose = None
        if purpose == ("production",):
            raise ConfigurationError(
                "a replay would share server and broker with a production database: call with --own-services,"
                " or let LIFELINE_DSN and LIFELINE_MQTT_URL name others"
            )
        if connection.execute(_ALONE).fetchone() != (True,):
            raise ConfigurationError(
                "another replay runs on these services: wait, or call with --own-services"
            )
        yield


def _connect(dsn: str) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(dsn, autocommit=True)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).splitlines()[0]}") from None


def _create(dsn: str, name: str) -> None:
    with _connect(dsn) as connection:
        try:
            connection.execute(SQL("create database {}").format(Identifier(name)))
        except psycopg.errors.InsufficientPrivilege:
            raise ConfigurationError(
                "a replay makes a database of its own, which this user may not: alter role … createdb"
            ) from None


def _beside(dsn: str, name: str) -> str:
    """The URI of another database at the same server."""
    return urlsplit(dsn)._replace(path=f"/{quote(name)}").geturl()
