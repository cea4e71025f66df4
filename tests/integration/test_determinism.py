"""The same feed gives the same log, byte for byte, however it is played."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.postgres import Postgres
from tests.support.replaying import Replay


@pytest.fixture
def replay(
    empty_database: str,
    postgres: Postgres,
    broker: Mosquitto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Replay]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where a replay that failed leaves its processes' logs
    replay = Replay(empty_database, broker.url, tmp_path)
    yield replay
    for name in replay.databases():
        postgres.drop_database(name)


def test_determinism_through_the_broker_at_two_speeds_and_straight_into_the_engine(
    replay: Replay, tmp_path: Path
) -> None:
    logs = [tmp_path / name for name in ("fast", "paced", "straight")]

    assert replay("--log", str(logs[0])).code == 0
    assert replay("--log", str(logs[1]), "--speed", "3600").code == 0
    assert replay("--log", str(logs[2]), "--engine").code == 0

    fast, paced, straight = (each.read_bytes() for each in logs)
    assert fast == paced == straight != b""
