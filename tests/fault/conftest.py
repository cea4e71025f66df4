"""Services of the test's own, to kill, and the seed that a failure is repeated with."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import TemporaryServices, temporary_services
from tests.fault.stage import DEVICES
from tests.support.town import settle
from tests.unit.rules.town import rules, town


@pytest.fixture
def seed() -> int:
    seed = secrets.randbelow(10**6)
    print(f"seed {seed}")
    return seed


@pytest.fixture
def ours(prefix: Prefix, tmp_path: Path) -> Iterator[TemporaryServices]:
    """Services of the test's own, to kill."""
    with temporary_services(prefix, tmp_path / "services") as services:
        yield services


@pytest.fixture
def dsn(ours: TemporaryServices) -> str:
    dsn = ours.postgres.create_database("faults")
    migrate(dsn)
    settle(dsn, town(DEVICES), rules(), purpose="replay")
    return dsn
