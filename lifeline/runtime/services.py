"""The two services together: the long-lived ones of a runtime folder, and short-lived ones of one's own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lifeline.runtime.lock import locked
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres

DATABASE = "lifeline"


@dataclass(frozen=True, slots=True)
class Services:
    """Where the services of a runtime are reached."""

    dsn: str
    mqtt_url: str


@dataclass(frozen=True, slots=True)
class TemporaryServices:
    """A database server and a broker that nobody else uses, and that do not outlive their user."""

    postgres: Postgres
    mosquitto: Mosquitto


def start(runtime: Path) -> Services:
    """Set up and start what does not run yet in the folder ``runtime``; the services go on when we end.

    Raises:
        ConfigurationError: this machine cannot have a local runtime, or the folder cannot be written.
        UnavailableError: the packages could not be fetched, or a service did not start.
    """
    with locked(runtime / "lock"):
        Prefix(runtime / "prefix").ensure()
        postgres, mosquitto = _servers(runtime)
        postgres.start()
        mosquitto.start()
        services = Services(postgres.create_database(DATABASE), mosquitto.url)
        _state(runtime).write_text(json.dumps(asdict(services)), encoding="utf-8")
    return services


def stop(runtime: Path) -> None:
    """End the services of ``runtime`` in order, if they run; what they hold stays."""
    for server in _servers(runtime):
        server.stop()
    _state(runtime).unlink(missing_ok=True)


def running(runtime: Path) -> Services | None:
    """The services of ``runtime``, or none unless both run."""
    try:
        services = Services(**json.loads(_state(runtime).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    return services if all(status(runtime).values()) else None


def status(runtime: Path) -> dict[str, bool]:
    """Whether each service of ``runtime`` runs, by its name."""
    return {server.name: server.running for server in _servers(runtime)}


@contextmanager
def temporary_services(prefix: Prefix, directory: Path) -> Iterator[TemporaryServices]:
    """Services of one's own with all they keep in ``directory``, stopped at the end.

    If our process ends in any other way (SIGTERM, SIGKILL) they are stopped too: a process waits for that.

    Raises:
        ConfigurationError: this machine cannot have a local runtime, or the folder cannot be written.
        UnavailableError: the packages could not be fetched, or a service did not start.
    """
    prefix.ensure()
    services = TemporaryServices(
        Postgres(prefix, directory / "postgres"), Mosquitto(prefix, directory / "mosquitto")
    )
    with ExitStack() as stack:
        stack.enter_context(_leash(prefix, directory))
        for server in (services.postgres, services.mosquitto):
            stack.callback(server.stop)
            server.start()
        yield services


@contextmanager
def _leash(prefix: Prefix, directory: Path) -> Iterator[None]:
    """A process that stops the services in ``directory`` once its input ends, as it does when we are gone."""
    command = [
        sys.executable,
        "-m",
        "lifeline.runtime.leash",
        str(prefix.path.resolve()),
        str(directory.resolve()),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield


def _servers(runtime: Path) -> tuple[Postgres, Mosquitto]:
    prefix = Prefix(runtime / "prefix")
    return Postgres(prefix, runtime / "postgres"), Mosquitto(prefix, runtime / "mosquitto")


def _state(runtime: Path) -> Path:
    return runtime / "services.json"
