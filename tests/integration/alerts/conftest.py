"""One database for the tests of a module, emptied for each: making one takes longer than most of them."""

from collections.abc import Iterator

import pytest

from lifeline.migrate import migrate
from lifeline.runtime.postgres import Postgres
from tests.alerting import World


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
