"""The broker that docker-compose.yml starts: who gets in, who may say what, and how that changes."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from ingest.index import Leaf
from lifeline.cli import app
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres
from sensors import store
from sensors.errors import LifelineError
from tests.support import deployed
from tests.support.deployed import LISTENERS, Broker, Client, lets_in, provided
from tests.support.processes import until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

DATABASE = "broker-access"


@dataclass(frozen=True)
class Deployment:
    """The broker, the registry's database, and the newest password of each user that was issued."""

    broker: Broker
    dsn: str
    passwords: dict[str, str] = field(default_factory=dict)

    def device(self, *words: str, code: int = 0) -> str:
        """``lifeline device``; what it says."""
        data = self.broker.data
        settings = {"DSN": self.dsn, "BROKER_FILES": data, "BROKER_PID": data / "mosquitto.pid"}
        environment = {f"LIFELINE_{name}": str(value) for name, value in settings.items()}
        done = CliRunner().invoke(app, ["device", *words], env=environment)
        error = done.exception
        assert (error.exit_code if isinstance(error, LifelineError) else done.exit_code) == code, done
        self.note(done.stdout)
        return done.stdout + (str(error) if error else "")

    def note(self, text: str) -> None:
        for line in text.splitlines():
            match line.split(","):
                case [user, password] if user != "user" and " " not in line:
                    self.passwords[user] = password

    def client(self, user: str, name: str = "") -> Client:
        """A client that knows the newest password, on the listener that is for it."""
        listener = 8884 if user.startswith("lifeline-") else 8883
        return Client(self.broker.ports[listener], user, self.password(user), self.broker.ca, name)

    def password(self, user: str) -> str:
        if user.startswith("lifeline-"):
            return (self.broker.secrets / user.replace("lifeline", "mqtt")).read_text()
        return self.passwords[user]

    def admits(self, user: str, password: str | None = None) -> bool:
        given = self.password(user) if password is None else password
        return lets_in(self.broker.ports[8883], user, given, self.broker.ca)


@pytest.fixture(scope="module")
def access(
    prefix: Prefix, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """A town of d0 to d9, with d1 and d2 behind the gateway d0; all but d9 have accounts."""
    dsn = postgres.create_database(DATABASE)
    migrate(dsn)
    city = town(10)
    behind = tuple(replace(d, gateway="d0") if d.id in {"d1", "d2"} else d for d in city.devices)
    settle(dsn, replace(city, devices=behind), rules())
    folder = tmp_path_factory.mktemp("deployment")
    with deployed.broker(prefix, folder / "broker", provided(folder)) as broker:
        access = Deployment(broker, dsn)
        into = folder / "passwords.csv"
        access.device("add", "--all", "--into", str(into))
        assert into.stat().st_mode & 0o777 == 0o600
        access.note(into.read_text())
        access.device("revoke", "d9")
        until(lambda: access.admits("d0"), "the broker to know the devices")
        yield access
    postgres.drop_database(DATABASE)


def test_a_device_is_heard_by_the_workers_and_hears_what_it_is_asked(access: Deployment) -> None:
    worker, one, other = (
        access.client("lifeline-worker"),
        access.client("d4"),
        access.client("d5"),
    )
    for client in (worker, one, other):
        client.listen()
    own = "lifeline/gas/east/d4"
    said = [*(f"{own}/{leaf}" for leaf in Leaf), "lifeline/worker/1-of-1/marker", f"{own}/resend"]
    assert [one.may_say(topic) for topic in said[:3]] == [True] * 3
    assert [worker.may_say(topic) for topic in said[3:]] == [True] * 2
    until(lambda: worker.heard == said and one.heard == said[-1:], "all that was said")
    assert other.heard == []
    for client in (worker, one, other):
        client.close()


def test_a_gateway_speaks_for_its_own_and_hears_what_they_are_asked(access: Deployment) -> None:
    gateway, worker = access.client("d0"), access.client("lifeline-worker")
    gateway.listen()
    assert all(gateway.may_say(f"lifeline/gas/east/{device}/telemetry") for device in ("d0", "d1", "d2"))
    assert worker.may_say("lifeline/gas/east/d2/resend")
    until(lambda: gateway.heard == ["lifeline/gas/east/d2/resend"], "what its member is asked")
    gateway.close()
    worker.close()


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("d4", "lifeline/gas/east/d5/telemetry"),
        ("d4", "lifeline/gas/east/d4/resend"),
        ("d4", "lifeline/gas/east/d4/telemetry/more"),
        ("d4", "lifeline/worker/1-of-1/marker"),
        ("d4", "lifeline/clock"),
        ("d4", "lifeline/alerts/gas-co/major"),
        ("d4", "elsewhere"),
        ("d0", "lifeline/gas/east/d3/telemetry"),
        ("d1", "lifeline/gas/east/d0/telemetry"),
        ("lifeline-worker", "lifeline/gas/east/d4/telemetry"),
        ("lifeline-engineer", "lifeline/gas/east/d4/resend"),
        ("lifeline-engineer", "lifeline/worker/1-of-1/marker"),
        ("lifeline-engineer", "lifeline/clock"),
    ],
)
def test_nobody_speaks_for_another(access: Deployment, user: str, topic: str) -> None:
    worker, client = access.client("lifeline-worker"), access.client(user)
    worker.listen()
    assert not client.may_say(topic)
    assert worker.may_say("lifeline/worker/1-of-1/marker")
    until(lambda: worker.heard != [], "what was said after it")
    assert worker.heard == ["lifeline/worker/1-of-1/marker"]
    client.close()
    worker.close()


@pytest.mark.parametrize(
    ("user", "password"),
    [("", ""), ("d4", "d5"), ("nobody", "x"), ("lifeline-worker", ""), ("gas/east/d4", "")],
)
def test_who_does_not_know_a_password_is_not_let_in(access: Deployment, user: str, password: str) -> None:
    assert not access.admits(user, access.passwords.get(password, password))


@pytest.mark.parametrize("listener", LISTENERS)
def test_no_listener_understands_plain_text(access: Deployment, listener: int) -> None:
    connect = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x05\x00\x00"
    with socket.create_connection(("127.0.0.1", access.broker.ports[listener]), 10) as plain:
        plain.sendall(connect)
        try:
            answer = plain.recv(4)
        except ConnectionResetError:
            answer = b""
    assert not answer.startswith(b"\x20"), "a CONNACK"


def test_nobody_ends_anothers_session_by_its_name(access: Deployment) -> None:
    victim = access.client("d4", name="d4")
    intruder = access.client("d5", name="d4")
    assert intruder.may_say("lifeline/gas/east/d5/telemetry")
    assert victim.may_say("lifeline/gas/east/d4/telemetry")
    assert victim.ended == []
    victim.close()
    intruder.close()


def test_a_password_changes_while_the_old_one_is_valid(access: Deployment) -> None:
    neighbour, old = access.client("d7"), access.client("d6")
    access.device("rotate", "d6")
    lost = access.password("gas/east/d6")
    access.device("rotate", "d6")  # the first new one got lost on the way to the device
    until(lambda: access.admits("gas/east/d6"), "the new password")
    assert not access.admits("gas/east/d6", lost)
    assert "d6: d6 -> gas/east/d6\n" in access.device("list")
    moved = access.client("gas/east/d6")
    for each in (old, moved):
        assert each.may_say("lifeline/gas/east/d6/telemetry")
        assert each.ended == []
    access.device("rotate", "d6", "--finish")
    until(lambda: old.ended != [], "the end of the old password")
    assert not access.admits("d6")
    assert moved.may_say("lifeline/gas/east/d6/telemetry")
    assert moved.ended == []
    assert "has no new password to move to" in access.device("rotate", "d6", "--finish", code=2)
    access.device("rotate", "d6")
    until(lambda: access.admits("d6"), "the next, under the first name again")
    assert neighbour.may_say("lifeline/gas/east/d7/telemetry")
    assert neighbour.ended == []
    for client in (old, moved, neighbour):
        client.close()


def test_who_is_being_moved_speaks_for_nobody_else_either(access: Deployment) -> None:
    access.device("rotate", "d0", "d5")
    until(lambda: access.admits("gas/east/d5"), "the new passwords")
    gateway, device = access.client("gas/east/d0"), access.client("gas/east/d5")
    assert gateway.may_say("lifeline/gas/east/d1/telemetry")
    for topic in ("lifeline/gas/east/d4/telemetry", "lifeline/gas/west/d5/telemetry"):
        device = access.client("gas/east/d5")
        assert not device.may_say(topic)
        device.close()
    gateway.close()


def test_who_is_revoked_is_thrown_out_at_once_and_stays_out(access: Deployment) -> None:
    thief, neighbour = access.client("d8"), access.client("d7")
    access.device("revoke", "d8")
    until(lambda: thief.ended != [], "the end of the connection")
    stolen = access.password("d8")
    assert not access.admits("d8", stolen)
    assert neighbour.may_say("lifeline/gas/east/d7/telemetry")
    assert neighbour.ended == []
    assert "d8: has no account" in access.device("revoke", "d8", code=2)
    access.device("add", "d8")
    until(lambda: access.admits("d8"), "its account")
    assert not access.admits("d8", stolen)
    thief.close()
    neighbour.close()


def test_the_brokers_files_are_the_brokers_alone(access: Deployment) -> None:
    owner = access.broker.data.stat().st_uid
    for name in ("acl", "passwords"):
        found = (access.broker.data / name).stat()
        assert (found.st_uid, found.st_mode & 0o777) == (owner, 0o600)
    assert "Warning" not in access.broker.log, "such as of files that others may read"
    assert [*access.broker.data.glob(".*")] == []
    kept = (access.broker.data / "passwords").read_text() + access.broker.log
    assert not [password for password in access.passwords.values() if password in kept]


def test_mosquittos_own_tool_and_ours_keep_what_the_other_wrote(access: Deployment) -> None:
    """start.sh calls mosquitto_passwd on the file that `lifeline device` writes."""
    access.broker.stop()
    access.broker.start()
    assert access.admits("d4")
    access.client("lifeline-worker").close()


def test_a_mistake_changes_nothing(access: Deployment, tmp_path: Path) -> None:
    before = (access.broker.data / "passwords").read_text()
    there = tmp_path / "there"
    there.touch()
    for words, said in (
        (("add", "d4"), "d4: has an account; `lifeline device rotate`"),
        (("add", "d9", "d10"), "d10: no device of the registry"),
        (("add",), "expected devices, or --all"),
        (("add", "d9", "--all"), "expected devices, or --all"),
        (("add", "d9", "--into", str(there)), f"{there}: is there already"),
        (("rotate", "d9"), "d9: has no account; `lifeline device add`"),
    ):
        assert said in access.device(*words, code=2)
    assert (access.broker.data / "passwords").read_text() == before


def test_accounts_follow_the_registry(access: Deployment) -> None:
    assert access.device("sync") == "every account is a device's\n"
    with psycopg.connect(access.dsn, autocommit=True) as connection:
        whole = store.read(connection)
        kept = tuple(replace(d, gateway=None) for d in whole.devices if d.id != "d3")
        left = tuple(s for s in whole.sensors if s.device != "d3")
        store.load(connection, replace(whole, devices=kept, sensors=left))
    assert "d3: d3; not registered\n" in access.device("list")
    assert access.device("sync") == "no longer registered: d3\n"
    assert "d3" not in access.device("list")
    until(lambda: not access.admits("d3"), "its end")
    gateway = access.client("d0")
    assert not gateway.may_say("lifeline/gas/east/d1/telemetry"), "no longer its member"
    gateway.close()
