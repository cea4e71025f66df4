"""From a device to the API over TLS, as docker-compose.yml has it, with what `lifeline env` made."""

import json
import re
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psycopg
import pytest
from typer.testing import CliRunner

from lifeline.cli import app
from lifeline.devices import accounts
from lifeline.devices.allowed import access_list
from lifeline.devices.broker import read, tell, write
from lifeline.migrate import migrate
from lifeline.provision.authority import LIFE_OF_SERVER
from lifeline.runtime.packages import Prefix
from lifeline.runtime.ports import free_port
from tests.support import deployed
from tests.support.cluster import empty_cluster
from tests.support.deployed import Broker, Client, SecurePostgres, provided
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.town import rules, town

READINGS = "select count(*), count(distinct time) from readings where sensor_id = %s"


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return provided(tmp_path_factory.mktemp("deployment"))


@pytest.fixture(scope="module")
def database(
    prefix: Prefix, secrets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SecurePostgres]:
    """As compose starts it, migrated by its owner, with a town."""
    folder = tmp_path_factory.mktemp("database")
    with empty_cluster(prefix, folder) as open_to_all:
        open_to_all.make_roles_of(secrets)
        open_to_all.postgres.stop()
    postgres = SecurePostgres(prefix, folder, secrets)
    postgres.start()
    migrate(postgres.of("dsn-owner"))
    settle(postgres.of("dsn-owner"), town(), rules())
    yield postgres
    postgres.kill()


@pytest.fixture(scope="module")
def broker(prefix: Prefix, secrets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with deployed.broker(prefix, tmp_path_factory.mktemp("broker"), secrets) as broker:
        yield broker


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """The certificate of an authority that signed nothing here."""
    return provided(tmp_path / "elsewhere") / "ca.crt"


def change(broker: Broker, do: object, *devices: str) -> dict[str, str]:
    """What `lifeline device` does; the new passwords."""
    changed = do(read(broker.data), [device for device in town().devices if device.id in devices])  # type: ignore[operator]
    write(broker.data, changed[0], access_list(town().devices))
    assert tell(broker.data / "mosquitto.pid")
    return {each.user: each.password for each in changed[1]}


def settings(database: SecurePostgres, broker: Broker) -> dict[str, object]:
    return {
        "dsn": database.of("dsn-worker"),
        "mqtt_url": f"mqtts://127.0.0.1:{broker.ports[8884]}",
        "mqtt_ca": broker.ca,
        "mqtt_user": "lifeline-worker",
        "mqtt_password_file": broker.secrets / "mqtt-worker",
    }


def reading(at: datetime, value: float) -> str:
    return json.dumps({"t": at.isoformat(), "v": {"ch4": value}})


def days_left(port: int) -> float:
    """Of the broker's certificate, by what a worker tells Prometheus."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    (told,) = re.findall("^lifeline_broker_certificate_end_timestamp_seconds (.*)$", text, re.MULTILINE)
    return (float(told) - time.time()) / 86_400


def test_no_reading_is_lost_while_passwords_change_and_the_broker_restarts(
    database: SecurePostgres, broker: Broker, tmp_path: Path
) -> None:
    passwords = change(broker, accounts.add, "d1", "d2")
    until(lambda: deployed.lets_in(broker.ports[8883], "d1", passwords["d1"], broker.ca), "the accounts")
    start = datetime.now(UTC) - timedelta(minutes=30)
    port = free_port()
    given = settings(database, broker) | {"snapshot_s": 1, "late_settle_s": 1, "metrics_port": port}

    def client(user: str) -> Client:
        return Client(broker.ports[8883], user, passwords[user], broker.ca)

    def stored() -> dict[int, tuple[int, ...] | None]:
        with psycopg.connect(database.of("dsn-owner")) as connection:
            return {sensor: connection.execute(READINGS, [sensor]).fetchone() for sensor in (2, 3)}

    said = {"d1": 0, "d2": 0}

    def say(client: Client, device: str) -> None:
        at = start + timedelta(seconds=said[device])
        assert client.may_say(f"lifeline/gas/east/{device}/telemetry", reading(at, 1 + said[device] % 5))
        said[device] += 1

    with Lifeline(tmp_path, "worker", **given) as worker:
        worker.until("subscribed")
        steady, changing, over = client("d1"), client("d2"), threading.Event()

        def go_on() -> None:
            while not over.wait(0.01):
                say(steady, "d1")

        talking = threading.Thread(target=go_on)
        talking.start()
        say(changing, "d2")
        passwords |= change(broker, accounts.rotate, "d2")
        say(changing, "d2")
        new = "gas/east/d2"
        until(lambda: deployed.lets_in(broker.ports[8883], new, passwords[new], broker.ca), "the new one")
        changing = client(new)
        say(changing, "d2")
        write(broker.data, accounts.finish(read(broker.data), ["d2"]), access_list(town().devices))
        assert tell(broker.data / "mosquitto.pid")
        say(changing, "d2")
        over.set()
        talking.join()
        assert steady.ended == []
        assert changing.ended == []
        until(lambda: stored() == {2: (said["d1"],) * 2, 3: (said["d2"],) * 2}, "every reading")
        assert LIFE_OF_SERVER.days - 1 < days_left(port) < LIFE_OF_SERVER.days
        assert worker.stop() == 0
        for trouble in ("broker_lost", "starting_over", "snapshot_failed", "permission denied"):
            assert trouble not in worker.text

    say(changing, "d2")  # for a worker that is away
    broker.stop()
    broker.start()
    with Lifeline(tmp_path, "worker", **given) as worker:
        until(lambda: stored()[3] == (said["d2"],) * 2, "the reading that the broker kept")
        earlier = client("d1")
        assert earlier.may_say("lifeline/gas/east/d1/telemetry", reading(start - timedelta(hours=1), 2))
        until(lambda: "hindsight" in worker.text, "the late reading's stretch, run again")
        assert worker.stop() == 0
        for trouble in ("starting_over", "snapshot_failed", "hindsight_failed", "permission denied"):
            assert trouble not in worker.text
    for each in (steady, changing, earlier):
        each.close()


def test_the_workers_role_is_enough_to_change_devices_accounts(
    database: SecurePostgres, broker: Broker
) -> None:
    given = {"DSN": database.of("dsn-worker"), "BROKER_FILES": str(broker.data)}
    environment = {f"LIFELINE_{name}": value for name, value in given.items()}
    done = CliRunner().invoke(app, ["device", "add", "d0"], env=environment)
    assert done.exit_code == 0, done
    assert re.fullmatch(r"user,password\nd0,[0-9a-f]{48}\n", done.stdout)
    assert done.stderr == "written; the broker reads it at SIGHUP, or when it starts\n"


def test_a_worker_says_once_that_it_does_not_know_who_signed_for_the_broker(
    database: SecurePostgres, broker: Broker, stranger: Path, tmp_path: Path
) -> None:
    with Lifeline(tmp_path, "worker", **settings(database, broker) | {"mqtt_ca": stranger}) as worker:
        worker.until("broker_away")
        (said,) = worker.events("broker_away")
        assert said["error"].startswith("its certificate is not one that LIFELINE_MQTT_CA vouches for: ")
        assert worker.stop() == 0
    assert "broker_connected" not in worker.text


def test_a_worker_ends_where_it_does_not_know_who_signed_for_the_database(
    database: SecurePostgres, broker: Broker, stranger: Path, tmp_path: Path
) -> None:
    given = settings(database, broker)
    known = str(database.of("dsn-worker")).replace(str(broker.ca), str(stranger))
    with Lifeline(tmp_path, "worker", **given | {"dsn": known}) as worker:
        assert worker.wait() == 2
    assert worker.text.count("\n") == 1
    assert worker.text.startswith("lifeline: LIFELINE_DSN: ")
    assert "certificate verify failed" in worker.text


def test_the_database_refuses_plain_text_and_strangers(database: SecurePostgres, stranger: Path) -> None:
    dsn = database.of("dsn-owner")
    with psycopg.connect(dsn) as connection:
        used = connection.execute("select version from pg_stat_ssl where pid = pg_backend_pid()").fetchone()
        assert used in {("TLSv1.2",), ("TLSv1.3",)}
    for refused, why in (
        (dsn.replace("verify-full", "disable"), "no encryption"),
        (dsn.replace(str(database.ca), str(stranger)), "certificate verify failed"),
        (dsn.replace("lifeline:", "lifeline:x"), "password authentication failed"),
    ):
        with pytest.raises(psycopg.OperationalError, match=why):
            psycopg.connect(refused)


def test_the_api_speaks_tls_only(database: SecurePostgres, secrets: Path, tmp_path: Path) -> None:
    ours = {"api_cert": secrets / "api.crt", "api_key": secrets / "api.key", "api_port": 0}
    with Lifeline(tmp_path, "alerts", dsn=database.of("dsn-alerts"), **ours) as alerts:
        alerts.until("listening")
        (listening,) = alerts.events("listening")
        address = listening["address"]
        assert address.startswith("https://")
        known = ssl.create_default_context(cafile=str(secrets / "ca.crt"))
        with urlopen(f"{address}/healthz", timeout=10, context=known) as answer:
            assert answer.status == 200
        with pytest.raises(URLError, match="certificate verify failed"):
            urlopen(f"{address}/healthz", timeout=10)
        with pytest.raises((URLError, ConnectionError)):
            urlopen(address.replace("https", "http") + "/healthz", timeout=10)
        assert alerts.stop() == 0
