"""What lifeline depends on, looked at and not changed: is it there, which version, what to do if not."""

import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from lifeline.migrate import migrations
from lifeline.runtime.packages import Prefix
from lifeline.settings import Settings
from sensors.errors import ConfigurationError

LIBRARIES = ("asyncpg", "psycopg", "paho-mqtt", "procrastinate", "msgspec", "numpy", "scipy", "fastapi")
PATIENCE_S = 5
_START = "lifeline services start"
_EDITIONS = {"apache": "Apache edition", "timescale": "Community edition"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One dependency: what was found of it, and the next step where it is not as it should be."""

    name: str
    found: str
    next_step: str | None = None
    needed: bool = True

    @property
    def there(self) -> bool:
        """Whether it is as it should be."""
        return self.next_step is None


def examine(settings: Settings) -> list[Finding]:
    """Every dependency, each after those it builds on; takes a few seconds where one does not answer."""
    return [
        _python(),
        *(_library(name) for name in LIBRARIES),
        _prefix(settings),
        *_database(settings),
        _broker(settings),
        _data(settings),
        _compose(),
    ]


def _python() -> Finding:
    step = None if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    return Finding("Python", platform.python_version(), step)


def _library(name: str) -> Finding:
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, "not installed", "make setup")


def _prefix(settings: Settings) -> Finding:
    path = settings.runtime / "prefix"
    needed = settings.dsn is None or settings.mqtt_url is None
    if (versions := Prefix(path).versions()) is None:
        return Finding("local runtime", f"not set up in {path}", "lifeline services setup", needed)
    shown = {
        "PostgreSQL": "postgresql-17",
        "TimescaleDB": "postgresql-17-timescaledb",
        "Mosquitto": "mosquitto",
    }
    short = (f"{name} {re.split('[-+]', versions[package])[0]}" for name, package in shown.items())
    return Finding("local runtime", ", ".join(short), needed=needed)


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        with psycopg.connect(settings.database(), connect_timeout=PATIENCE_S) as connection:
            connection.read_only = True
            number = connection.info.server_version
            yield Finding("database", f"PostgreSQL {number // 10_000}.{number % 10_000}")
            yield _timescaledb(connection)
            yield _newest_migration(connection)
    except ConfigurationError:
        yield Finding("database", "none named, none running here", _START)
    except psycopg.Error as error:
        step = _START if settings.dsn is None else "start it, or correct LIFELINE_DSN"
        yield Finding("database", str(error).strip().rpartition("\n")[2], step)


def _timescaledb(connection: psycopg.Connection) -> Finding:
    row = connection.execute(
        "select installed_version, default_version, current_setting('timescaledb.license', true)"
        " from pg_available_extensions where name = 'timescaledb'"
    ).fetchone()
    if row is None:
        return Finding("TimescaleDB", "not in this server", "install the TimescaleDB extension there")
    installed, available, licence = row
    if installed is None:
        return Finding("TimescaleDB", f"{available}, not in this database", "lifeline migrate")
    return Finding("TimescaleDB", f"{installed}, {_EDITIONS.get(licence, f'licence {licence}')}")


def _newest_migration(connection: psycopg.Connection) -> Finding:
    newest = migrations()[-1].id
    row = connection.execute("select to_regclass('_yoyo_migration')").fetchone()
    if row != (None,):
        row = connection.execute("select max(migration_id) from _yoyo_migration").fetchone()
    applied = row[0] if row else None
    return Finding(
        "migrations", applied or "none", None if applied == newest else f"lifeline migrate, to {newest}"
    )


def _broker(settings: Settings) -> Finding:
    try:
        url = settings.broker()
    except ConfigurationError:
        return Finding("broker", "none named, none running here", _START)
    step = _START if settings.mqtt_url is None else "start it, or correct LIFELINE_MQTT_URL"
    try:
        answer = _connect(url, settings)
    except (OSError, ValueError) as error:
        return Finding("broker", f"{url}: {error}", step)
    if answer is None:
        return Finding("broker", f"{url}: no answer in {PATIENCE_S} s", step)
    if answer.is_failure:
        return Finding("broker", f"{url}: {answer}", "correct LIFELINE_MQTT_USER and LIFELINE_MQTT_PASSWORD")
    return Finding("broker", url)


def _connect(url: str, settings: Settings) -> ReasonCode | None:
    """What the broker answers to a connection, or none."""
    answers: list[ReasonCode] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    client.on_connect = lambda _client, _userdata, _flags, reason, _properties: answers.append(reason)
    if settings.mqtt_user is not None:
        password = settings.mqtt_password.get_secret_value() if settings.mqtt_password else None
        client.username_pw_set(settings.mqtt_user, password)
    parts = urlsplit(url)
    secure = parts.scheme == "mqtts"
    if secure:
        client.tls_set(str(settings.mqtt_ca) if settings.mqtt_ca else None)
    client.connect_timeout = PATIENCE_S
    client.connect(parts.hostname or "", parts.port or (8883 if secure else 1883))
    deadline = time.monotonic() + PATIENCE_S
    while not answers and time.monotonic() < deadline:
        client.loop(0.1)
    client.disconnect()
    return answers[0] if answers else None


def _data(settings: Settings) -> Finding:
    count = sum(path.is_dir() for path in settings.data.glob("*"))
    step = None if count else "set LIFELINE_DATA to their folder, to replay real feeds"
    return Finding("data sets", f"{count} in {settings.data}", step, needed=False)


def _compose() -> Finding:
    step = "install Docker with its compose plugin, to use docker-compose.yml"
    if (docker := shutil.which("docker")) is None:
        return Finding("docker compose", "no docker", step, needed=False)
    done = subprocess.run(
        [docker, "compose", "version", "--short"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        return Finding("docker compose", "docker without compose", step, needed=False)
    return Finding("docker compose", done.stdout.strip(), needed=False)
