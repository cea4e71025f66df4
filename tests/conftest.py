"""Real services for every test that wants them, and an honest word about what was reduced."""

import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import hypothesis
import pytest

from lifeline.migrate import migrate
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres
from lifeline.runtime.services import TemporaryServices, temporary_services
from rules.guard import Guard

FULL = bool(os.environ.get("LIFELINE_FULL"))
RUNTIME = Path(os.environ.get("LIFELINE_RUNTIME", Path(__file__).parents[1] / ".runtime"))
REDUCED = pytest.StashKey[dict[str, None]]()

# On a busy machine any example can take long; that is no finding.
hypothesis.settings.register_profile("lifeline", deadline=None, max_examples=1000 if FULL else 100)
hypothesis.settings.load_profile("lifeline")

# Ours to hear: all other settings of the person who runs the tests stay outside.
KEPT = {"LIFELINE_FULL", "LIFELINE_RUNTIME", "LIFELINE_DATA"}


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("LIFELINE_") and name not in KEPT:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _no_rule_fails(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind that raises is a finding, which the engine's care for it would hide."""
    if "raising" not in request.keywords:
        monkeypatch.setattr(Guard, "_switch_off", _raise)


def _raise(self: Guard, call: object, memory: object, error: Exception) -> NoReturn:
    raise AssertionError(f"{self.name} raised") from error


@pytest.fixture(scope="session")
def prefix() -> Prefix:
    """TimescaleDB and Mosquitto, set up."""
    prefix = Prefix(RUNTIME / "prefix")
    prefix.ensure()
    return prefix


@pytest.fixture(scope="session")
def services(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TemporaryServices]:
    """The session's services; a test that kills starts its own."""
    with temporary_services(prefix, tmp_path_factory.mktemp("services")) as services:
        yield services


@pytest.fixture(scope="session")
def postgres(services: TemporaryServices) -> Postgres:
    return services.postgres


@pytest.fixture(scope="session")
def broker(services: TemporaryServices) -> Mosquitto:
    return services.mosquitto


@pytest.fixture
def slug(request: pytest.FixtureRequest) -> str:
    """A name of the test's own, from its name: lower-case letters, digits, hyphens."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower()).strip("-")
    return f"{words[:40]}-{zlib.crc32(request.node.nodeid.encode()):08x}"


@pytest.fixture
def district(slug: str) -> str:
    """A district of the test's own, so that no other test's messages are under its topics."""
    return slug


@pytest.fixture
def empty_database(postgres: Postgres, slug: str) -> Iterator[str]:
    """The DSN of a database that has TimescaleDB and nothing else; dropped afterwards."""
    yield postgres.create_database(slug)
    postgres.drop_database(slug)


@pytest.fixture
def database(empty_database: str) -> str:
    """The DSN of a fresh database at the newest version; dropped afterwards."""
    migrate(empty_database)
    return empty_database


@pytest.fixture
def reduced(request: pytest.FixtureRequest) -> Callable[[str, int, int], int]:
    """``reduced(what, run, full)``: how many to run now; the summary tells of fewer than all."""

    def count(what: str, run: int, full: int) -> int:
        if FULL or run == full:
            return full
        request.config.stash[REDUCED][f"{what}: {run:,} instead of {full:,}"] = None
        return run

    return count


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REDUCED] = {}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What was reduced in one of several processes is told by the one that shows the summary."""
    node.config.stash[REDUCED] |= dict.fromkeys(node.workeroutput.get("reduced", ()))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["reduced"] = list(session.config.stash[REDUCED])


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("full"):
            item.config.stash[REDUCED][f"{item.nodeid}: not run"] = None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[REDUCED]:
        terminalreporter.section("reduced, `make test-full` runs all of it")
        for line in config.stash[REDUCED]:
            terminalreporter.line(line)
