"""Where a replay runs: services that are configured, if it may share them, or its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from pydantic import SecretStr

from ingest.mqtt import Broker
from ingest.partition import Partition
from lifeline.runtime.services import running
from lifeline.settings import Settings
from lifeline.stage import connect, own_services
from sensors.errors import ConfigurationError, UnavailableError

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
    if own:
        with own_services(settings, folder) as ours:
            yield ours
        return
    with _to_ourselves(settings.database()):
        found = {"dsn": SecretStr(settings.database()), "mqtt_url": settings.broker()}
        yield settings.model_copy(update=found)


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
    with connect(dsn) as connection:
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
