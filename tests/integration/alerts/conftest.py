"""One database, process and browser for the tests of a module: making them takes longer than most tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from lifeline.migrate import migrate
from lifeline.runtime.postgres import Postgres
from tests.alerting import Alerts, World, alerts, until
from tests.browser import chromium


@pytest.fixture(scope="module")
def module_database(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.module.__name__.rpartition(".")[2].replace("_", "-")
    dsn = postgres.create_database(name)
    migrate(dsn)
    yield dsn
    postgres.drop_database(name)


@pytest.fixture
def world(module_database: str) -> World:
    """The worker's side of a database in which nothing has happened yet."""
    world = World(module_database)
    world.forget()
    return world


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def running(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alerts]:
    with alerts(module_database, tmp_path_factory.mktemp("alerts")) as process:
        until(lambda: process.standing() == "claiming")
        yield process


@pytest.fixture
def process(world: World, running: Alerts) -> Alerts:
    """The module's process, before a world in which nothing has happened."""
    return running
