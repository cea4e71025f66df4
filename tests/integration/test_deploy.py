"""What docker-compose.yml mounts, run here without Docker: the database's roles, the broker's rules."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alerts import receivers
from ingest.index import Leaf
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.ports import free_port
from lifeline.runtime.postgres import Postgres
from lifeline.runtime.processes import hand_over, unprivileged
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

DEPLOY = Path(__file__).parents[2] / "deploy"
PASSWORD = "d3ad' beef"


@pytest.fixture
def cluster(prefix: Prefix, tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL as the image leaves it to our script: a database, TimescaleDB in it, and a superuser."""
    postgres = Postgres(prefix, tmp_path)
    postgres.start()
    postgres.create_database("lifeline")
    given = {"POSTGRES_USER": "postgres", "POSTGRES_DB": "lifeline", "PGHOST": "127.0.0.1"}
    names = ("LIFELINE_DATABASE_PASSWORD", "WORKER_DATABASE_PASSWORD", "GRAFANA_DATABASE_PASSWORD")
    passwords = dict.fromkeys(names, PASSWORD)
    path = f"{prefix.postgres}:{os.environ['PATH']}"
    subprocess.run(
        ["sh", DEPLOY / "database" / "roles.sh"],
        env=given | passwords | {"PGPORT": str(postgres.port), "PATH": path},
        check=True,
    )
    yield postgres
    postgres.kill()


def test_the_application_migrates_its_database_without_being_superuser(cluster: Postgres) -> None:
    dsn = cluster.dsn("lifeline").replace("postgres@", "lifeline@")
    assert migrate(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("insert into readings (sensor_id, time, value, flag) values (1, now(), 1, 1)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create role another")


def test_grafana_reads_the_views_for_a_while_and_nothing_else(cluster: Postgres) -> None:
    migrate(cluster.dsn("lifeline").replace("postgres@", "lifeline@"))
    with psycopg.connect(
        cluster.dsn("lifeline").replace("postgres@", "grafana@"), autocommit=True
    ) as grafana:
        assert grafana.execute("select count(*) from grafana.current_assets").fetchone() == (0,)
        assert grafana.execute("show statement_timeout").fetchone() == ("30s",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            grafana.execute("select * from readings")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            grafana.execute("create temporary table mine ()")


FORBIDDEN_TO_WORKERS = (
    "select * from api_tokens",
    "select * from alerts",
    "delete from alert_events",
    "delete from readings",
    "update readings set value = 0",
    "delete from journal",
    "truncate transitions",
    "update transitions set rule = ''",
    "delete from configuration",
    "insert into rule_sets default values",
    "update sensors set unit = ''",
    "create table mine ()",
    "drop table readings",
)


def test_a_worker_may_not_do_more_than_add_what_came(cluster: Postgres) -> None:
    dsn = cluster.dsn("lifeline")
    migrate(dsn.replace("postgres@", "lifeline@"))
    with psycopg.connect(dsn.replace("postgres@", "lifeline_worker@"), autocommit=True) as connection:
        for statement in FORBIDDEN_TO_WORKERS:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_passwords_may_hold_any_character(cluster: Postgres) -> None:
    with psycopg.connect(cluster.dsn()) as connection:
        query = "select rolname, rolpassword from pg_authid where rolname ~ '^(lifeline(_worker)?|grafana)$'"
        for _, stored in connection.execute(query).fetchall():
            assert stored.startswith("SCRAM-SHA-256$")
        hba = cluster.directory / "data" / "pg_hba.conf"
        hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n", encoding="ascii")
        connection.execute("select pg_reload_conf()")
    for user in ("lifeline", "lifeline_worker", "grafana"):
        where = {"host": "127.0.0.1", "port": cluster.port, "dbname": "lifeline", "user": user}
        psycopg.connect(**where, password=PASSWORD).close()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**where, password="another")


class Device:
    """A client that remembers what it hears, and what became of what it said."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.heard = heard = []
        self._verdicts = verdicts = {}
        self._answers = answers = []
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        client.username_pw_set(user, password)
        client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(not reason.is_failure)
        client.on_subscribe = lambda _c, _u, _m, reasons, _p: answers.append(not reasons[0].is_failure)
        client.on_message = lambda _c, _u, message: heard.append(message.topic)
        client.on_publish = lambda _c, _u, mid, reason, _p: verdicts.update({mid: not reason.is_failure})
        client.connect("127.0.0.1", port)
        client.loop_start()
        until(lambda: bool(answers), "an answer of the broker")
        self.connected = answers[0]

    def may_say(self, topic: str, payload: str = "{}") -> bool:
        mid = self._client.publish(topic, payload, qos=1).mid
        until(lambda: mid in self._verdicts, topic)
        return self._verdicts[mid]

    def listen(self) -> None:
        self._client.subscribe("#", qos=1)
        until(lambda: len(self._answers) == 2, "the subscription")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture(scope="module")
def broker(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a broker as compose starts it; d1 was known to it before, d2 became known while it ran."""
    port, home = free_port(), tmp_path_factory.mktemp("broker")
    shutil.copytree(DEPLOY / "mosquitto", home / "config")
    for file in (home / "config").iterdir():
        text = file.read_text(encoding="utf-8").replace("/mosquitto/", f"{home}/")
        file.write_text(text.replace("listener 1883", f"listener {port} 127.0.0.1"), encoding="utf-8")
    passwords = home / "data" / "passwords"
    passwords.parent.mkdir()
    passwords.touch(mode=0o600)
    hand_over(passwords.parent)
    hand_over(passwords)
    path = f"{prefix.mosquitto.parent}:{prefix.mosquitto.parents[1] / 'bin'}:{os.environ['PATH']}"
    environment = {"PATH": path, "LIFELINE_MQTT_PASSWORD": PASSWORD}
    as_nobody = unprivileged(home)

    def add(device: str) -> None:
        command = [*as_nobody, "mosquitto_passwd", "-b", passwords, device, device]
        subprocess.run(command, env=environment, check=True)

    add("d1")
    with (home / "log").open("wb") as log:
        start = [*as_nobody, "sh", home / "config" / "start.sh"]
        process = subprocess.Popen(start, env=environment, stdout=log, stderr=log)
        try:
            until(lambda: _listens(port), "the broker")
            add("d2")
            process.send_signal(signal.SIGHUP)
            until(lambda: _lets_in(port, "d2", "d2"), "the new device")
            yield port
        finally:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _lets_in(port: int, user: str, password: str) -> bool:
    device = Device(port, user, password)
    device.close()
    return device.connected


def test_a_device_is_heard_by_the_workers_and_hears_what_it_is_asked(broker: int) -> None:
    worker = Device(broker, "lifeline-worker", PASSWORD)
    one, other = Device(broker, "d1", "d1"), Device(broker, "d2", "d2")
    for client in (worker, one, other):
        client.listen()
    own = "lifeline/gas/east/d1"
    said = [*(f"{own}/{leaf}" for leaf in Leaf), "lifeline/worker/1-of-1/marker", f"{own}/resend"]
    assert [one.may_say(topic) for topic in said[:3]] == [True] * 3
    assert [worker.may_say(topic) for topic in said[3:]] == [True] * 2
    until(lambda: worker.heard == said and one.heard == said[-1:], "all that was said")
    assert other.heard == []
    for client in (worker, one, other):
        client.close()


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("d1", "lifeline/gas/east/d2/telemetry"),
        ("d1", "lifeline/gas/east/d1/resend"),
        ("d1", "lifeline/worker/1-of-1/marker"),
        ("d1", "lifeline/clock"),
        ("d1", "elsewhere"),
        ("lifeline-worker", "lifeline/gas/east/d1/telemetry"),
    ],
)
def test_nobody_speaks_for_another(broker: int, user: str, topic: str) -> None:
    client = Device(broker, user, PASSWORD if user == "lifeline-worker" else user)
    assert not client.may_say(topic)
    client.close()


@pytest.mark.parametrize(
    ("user", "password"), [("", ""), ("d1", "d2"), ("lifeline-worker", ""), ("nobody", "x")]
)
def test_who_does_not_know_a_password_is_not_let_in(broker: int, user: str, password: str) -> None:
    assert not _lets_in(broker, user, password)


def test_a_worker_with_these_rights_stores_what_a_device_says(
    cluster: Postgres, broker: int, tmp_path: Path
) -> None:
    dsn = cluster.dsn("lifeline").replace("postgres@", "lifeline@")
    migrate(dsn)
    settle(dsn, town(), rules())
    access = {"mqtt_user": "lifeline-worker", "mqtt_password": PASSWORD}
    device = Device(broker, "d1", "d1")
    access |= {"dsn": dsn.replace("lifeline@", "lifeline_worker@"), "snapshot_s": 1, "late_settle_s": 1}
    with Lifeline(tmp_path, "worker", mqtt_url=f"mqtt://127.0.0.1:{broker}", **access) as worker:
        worker.until("subscribed")
        now = datetime.now(UTC).isoformat()
        assert device.may_say("lifeline/gas/east/d1/telemetry", f'{{"t": "{now}", "v": {{"ch4": 3}}}}')
        with psycopg.connect(dsn, autocommit=True) as connection:
            stored = "select value from readings"
            until(lambda: connection.execute(stored).fetchall() == [(3.0,)], "the reading")
            kept = "select from snapshots where seq > 1"
            until(lambda: connection.execute(kept).fetchone() is not None, "a snapshot")
            earlier = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
            assert device.may_say(
                "lifeline/gas/east/d1/telemetry", f'{{"t": "{earlier}", "v": {{"ch4": 2}}}}'
            )
            until(lambda: "hindsight" in worker.text, "the late reading's stretch, run again")
        assert worker.stop() == 0
        for trouble in ("starting_over", "snapshot_failed", "hindsight_failed", "permission denied"):
            assert trouble not in worker.text
    device.close()


def test_compose_runs_the_release_of_timescaledb_that_the_tests_run_on(postgres: Postgres) -> None:
    with psycopg.connect(postgres.dsn()) as connection:
        row = connection.execute(
            "select default_version, current_setting('server_version_num')::integer / 10000"
            " from pg_available_extensions where name = 'timescaledb'"
        ).fetchone()
    assert row is not None
    compose = (DEPLOY.parent / "docker-compose.yml").read_text(encoding="utf-8")
    assert f"image: timescale/timescaledb:{row[0]}-pg{row[1]}\n" in compose


def test_the_receivers_that_come_with_it_are_none() -> None:
    assert receivers.load(DEPLOY / "lifeline" / "receivers.toml").receivers == ()
