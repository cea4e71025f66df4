"""What docker-compose.yml mounts, run here without Docker: the broker's rules, a worker with its rights."""

import os
import re
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
from tests.support.cluster import PASSWORD, Cluster, empty_cluster
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture
def cluster(prefix: Prefix, tmp_path: Path) -> Iterator[Cluster]:
    with empty_cluster(prefix, tmp_path) as cluster:
        cluster.make_roles()
        yield cluster


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
    environment = {"PATH": path, "LIFELINE_MQTT_PASSWORD": PASSWORD, "ENGINEER_MQTT_PASSWORD": PASSWORD}
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
        ("lifeline-engineer", "lifeline/gas/east/d1/resend"),
        ("lifeline-engineer", "lifeline/worker/1-of-1/marker"),
    ],
)
def test_nobody_speaks_for_another(broker: int, user: str, topic: str) -> None:
    client = Device(broker, user, PASSWORD if user.startswith("lifeline-") else user)
    assert not client.may_say(topic)
    client.close()


def test_the_simulator_speaks_for_the_devices_of_its_city(broker: int, tmp_path: Path) -> None:
    hearing = Device(broker, "lifeline-worker", PASSWORD)
    hearing.listen()
    access = {"mqtt_url": f"mqtt://127.0.0.1:{broker}", "mqtt_user": "lifeline-engineer"}
    said = ("simulate", "--minutes", "2", "--speed", "max")
    with Lifeline(tmp_path, *said, mqtt_password=PASSWORD, **access) as simulator:
        assert simulator.wait() == 0, simulator.text
    until(lambda: any(topic.endswith("/telemetry") for topic in hearing.heard), "what devices say")
    hearing.close()


@pytest.mark.parametrize(
    ("user", "password"), [("", ""), ("d1", "d2"), ("lifeline-worker", ""), ("nobody", "x")]
)
def test_who_does_not_know_a_password_is_not_let_in(broker: int, user: str, password: str) -> None:
    assert not _lets_in(broker, user, password)


def test_a_worker_with_these_rights_stores_what_a_device_says(
    cluster: Cluster, broker: int, tmp_path: Path
) -> None:
    dsn = cluster.dsn("lifeline")
    migrate(dsn)
    settle(dsn, town(), rules())
    access = {"mqtt_user": "lifeline-worker", "mqtt_password": PASSWORD}
    device = Device(broker, "d1", "d1")
    access |= {"dsn": cluster.dsn("lifeline_worker"), "snapshot_s": 1, "late_settle_s": 1}
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
    images = re.findall(r"image: timescale/timescaledb:(.*)", compose)
    assert set(images) == {f"{row[0]}-pg{row[1]}"}


def test_the_receivers_that_come_with_it_are_none() -> None:
    assert receivers.load(DEPLOY / "lifeline" / "receivers.toml").receivers == ()
