import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lifeline.runtime import services
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres
from lifeline.runtime.processes import wait_until
from lifeline.runtime.services import temporary_services
from lifeline.settings import Settings
from sensors.errors import ConfigurationError


@pytest.fixture
def runtime(prefix: Prefix, tmp_path: Path) -> Iterator[Path]:
    """A runtime folder that shares the session's prefix; its services are ended afterwards."""
    (tmp_path / "prefix").symlink_to(prefix.path.resolve())
    yield tmp_path
    services.stop(tmp_path)


def lifeline(*words: str, **environment: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lifeline", *words],
        env={**os.environ, "COLUMNS": "200", **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        check=False,
    )


def test_services_start_once_are_found_by_the_settings_and_stop(runtime: Path) -> None:
    settings = Settings.load(runtime=runtime)
    assert services.running(runtime) is None
    with pytest.raises(ConfigurationError, match="lifeline services start"):
        settings.database()
    started = services.start(runtime)
    assert services.start(runtime) == started == services.running(runtime)
    assert services.status(runtime) == {"PostgreSQL": True, "Mosquitto": True}
    assert (settings.database(), settings.broker()) == (started.dsn, started.mqtt_url)
    with psycopg.connect(started.dsn) as connection:
        connection.execute("create table kept ()")
    services.stop(runtime)
    assert services.running(runtime) is None
    assert services.start(runtime) == started
    with psycopg.connect(started.dsn) as connection:
        connection.execute("table kept")


def test_services_are_not_running_when_one_of_them_is_not(runtime: Path) -> None:
    services.start(runtime)
    Mosquitto(Prefix(runtime / "prefix"), runtime / "mosquitto").kill()
    assert services.running(runtime) is None
    assert services.status(runtime) == {"PostgreSQL": True, "Mosquitto": False}


def test_the_command_line_starts_in_another_process_than_it_stops(runtime: Path) -> None:
    assert lifeline("services", "status", LIFELINE_RUNTIME=runtime).returncode == 1
    started = lifeline("services", "start", LIFELINE_RUNTIME=runtime)
    assert started.returncode == 0, started.stderr
    assert "postgresql://" in started.stdout
    assert "mqtt://127.0.0.1:" in started.stdout
    assert lifeline("services", "status", LIFELINE_RUNTIME=runtime).returncode == 0
    assert lifeline("services", "stop", LIFELINE_RUNTIME=runtime).returncode == 0
    assert lifeline("services", "status", LIFELINE_RUNTIME=runtime).returncode == 1


def test_two_setups_at_once_over_a_half_done_one_set_up_once_in_a_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    rest = tmp_path / "prefix" / "root" / "half-done"
    rest.mkdir(parents=True)
    command = [sys.executable, "-m", "lifeline", "services", "setup"]
    environment = {**os.environ, "LIFELINE_RUNTIME": str(tmp_path)}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate()[0].partition(" ")[0] for process in both)
    assert said == ["already", "set"]
    assert not rest.exists()
    versions = Prefix(tmp_path / "prefix").versions()
    assert versions is not None
    assert {"postgresql-17-timescaledb", "mosquitto"} <= versions.keys()
    with temporary_services(Prefix(tmp_path / "prefix"), tmp_path) as own:
        assert own.postgres.answers()
    (tmp_path / "prefix").rename(tmp_path / "moved")
    assert Prefix(tmp_path / "moved").versions() is None


def test_temporary_services_stop_when_their_user_fails(prefix: Prefix, tmp_path: Path) -> None:
    servers = [Postgres(prefix, tmp_path / "postgres"), Mosquitto(prefix, tmp_path / "mosquitto")]

    def interrupted() -> None:
        with temporary_services(prefix, tmp_path):
            assert all(server.answers() for server in servers)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not any(server.processes() for server in servers)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_temporary_services_stop_when_their_user_is_ended(
    prefix: Prefix, tmp_path: Path, number: signal.Signals
) -> None:
    program = """
import sys, time
from pathlib import Path
from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import temporary_services
with temporary_services(Prefix(Path(sys.argv[1])), Path(sys.argv[2])):
    print("started", flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", program, str(prefix.path), str(tmp_path)]
    servers = [Postgres(prefix, tmp_path / "postgres"), Mosquitto(prefix, tmp_path / "mosquitto")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == "started\n"
        assert all(server.running for server in servers)
        user.send_signal(number)
    assert wait_until(lambda: not any(server.processes() for server in servers), 20)


def test_the_doctor_names_the_next_step_until_all_is_there(
    empty_database: str, services: services.TemporaryServices, runtime: Path
) -> None:
    nothing = lifeline("doctor", LIFELINE_RUNTIME=runtime / "empty", LIFELINE_DATA=runtime / "empty")
    assert nothing.returncode == 1
    assert "lifeline services setup" in nothing.stdout
    assert "LIFELINE_DATA" in nothing.stdout
    named = {"LIFELINE_DSN": empty_database, "LIFELINE_MQTT_URL": services.mosquitto.url}
    before = lifeline("doctor", **named)
    assert (before.returncode, before.stderr) == (1, "")
    assert "lifeline migrate" in before.stdout
    assert "Apache edition" in before.stdout
    assert lifeline("migrate", **named).returncode == 0
    after = lifeline("doctor", **named)
    assert after.returncode == 0, after.stdout
    assert "lifeline migrate" not in after.stdout


def test_the_doctor_does_not_hang_on_what_is_away(runtime: Path) -> None:
    away = {"LIFELINE_DSN": "postgresql://127.0.0.1:9/x", "LIFELINE_MQTT_URL": "mqtt://127.0.0.1:9"}
    began = time.monotonic()
    told = lifeline("doctor", LIFELINE_RUNTIME=runtime, **away)
    assert time.monotonic() - began < 20
    assert told.returncode == 1
    assert "correct LIFELINE_DSN" in told.stdout
    assert "correct LIFELINE_MQTT_URL" in told.stdout
