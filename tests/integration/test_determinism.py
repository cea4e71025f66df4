"""The same feed gives the same log, byte for byte, however it is played."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from lifeline.evaluate.passage import play_through
from lifeline.migrate import migrate
from lifeline.replay.again import play_again
from lifeline.replay.log import encoded, of_database, of_engine
from lifeline.replay.play import Play, read
from lifeline.replay.recording import Recording
from lifeline.replay.source import Source
from lifeline.replay.straight import heard
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.postgres import Postgres
from rules.hazards import hazards
from rules.load import DEMO_RULES
from rules.load import load as load_rules
from sensors.load import DEMO_CITY, read_city
from sensors.readings import MINUTE
from sensors.registry import numbered
from simulator.feed import find
from simulator.outlets import FileOutlet
from simulator.publish import Publisher
from simulator.scenario import DEMO, LIBRARY
from simulator.scenario_file import read_scenario
from simulator.setting import setting
from simulator.simulation import Simulation
from tests.support.performed import perform
from tests.support.replaying import CHAMBERS, FEEDS

pytestmark = pytest.mark.timeout(900)

DATA = Path(os.environ.get("LIFELINE_DATA", "../shared/data"))


@dataclass(frozen=True)
class Case:
    """A feed, the log of it straight from an engine, and how fast another speed is."""

    play: Source
    log: bytes
    speed: float


def case(play: Source, speed: float) -> Case:
    passage = play_through(play) if isinstance(play, Play) else heard(play)
    log = encoded(of_engine(passage.transitions, passage.risk_changes))
    assert b'"transition"' in log
    assert b'"alert"' in log
    return Case(play, log, speed)


@pytest.fixture(scope="session")
def chambers() -> Case:
    return case(read(CHAMBERS, FEEDS), 3600)


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Half an hour of the demo city, as a recording: waveforms, packs, buffered uploads and repeats."""
    registry = numbered(read_city(DEMO_CITY))
    path = tmp_path_factory.mktemp("city") / "demo.jsonl"
    simulation = Simulation(registry, read_scenario(DEMO, registry), start=1_763_683_200_000_000, seed=4)
    with FileOutlet(path) as outlet:
        Publisher(simulation, outlet, deque(maxlen=0)).run(simulation.start + 30 * MINUTE)
    return case(Recording(path, registry, load_rules([DEMO_RULES], registry)), 300)


@pytest.fixture(scope="session")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A storm that floods streets, as a recording."""
    city = read_city(DEMO_CITY)
    scenario = read_scenario(LIBRARY / "storm-flood.toml", city, hazards())
    registry = numbered(setting(scenario, city))
    path = tmp_path_factory.mktemp("storm") / "storm.jsonl"
    simulation = Simulation(registry, scenario, start=1_763_683_200_000_000, seed=4)
    with FileOutlet(path) as outlet:
        Publisher(simulation, outlet, deque(maxlen=0)).run(simulation.start + scenario.duration)
    return case(Recording(path, registry, load_rules([DEMO_RULES], city)), 1000)


@pytest.fixture(scope="session")
def batadal() -> Case:
    """Until the first attack is over."""
    return water(until=1_474_243_200_000_000)


@pytest.fixture(scope="session")
def batadal_whole() -> Case:
    """All seven attacks."""
    return water(until=None)


def water(until: int | None) -> Case:
    if not (DATA / "water_batadal").is_dir():
        pytest.skip(f"the data set water_batadal is not in {DATA} (LIFELINE_DATA)")
    return case(read(find("water_batadal"), DATA, until), 1_000_000)


@pytest.fixture(
    params=[
        "chambers",
        "city",
        "storm",
        pytest.param("batadal", marks=pytest.mark.data),
        pytest.param("batadal_whole", marks=[pytest.mark.data, pytest.mark.full]),
    ]
)
def played(request: pytest.FixtureRequest) -> Case:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Case)
    return found


@pytest.fixture
def through(
    played: Case, postgres: Postgres, broker: Mosquitto, slug: str, tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """Plays through broker, worker, database and alerts; the DSN of what it left."""
    made = []

    def play(**how: object) -> str:
        made.append(f"{slug}-{len(made)}")
        dsn = postgres.create_database(made[-1])
        migrate(dsn)
        perform(played.play, dsn, broker.url, tmp_path, **how)
        return dsn

    yield play
    for name in made:
        postgres.drop_database(name)


def test_determinism_through_the_broker_from_the_journal_and_straight_into_the_engine(
    played: Case, through: Callable[..., str], tmp_path: Path
) -> None:
    dsn = through()
    again = play_again(dsn, tmp_path / "again", lambda _done, _of: None)

    assert encoded(of_database(dsn)) == played.log
    assert (tmp_path / "again").read_bytes() == played.log
    assert again.same


def test_determinism_at_another_speed(played: Case, through: Callable[..., str]) -> None:
    assert encoded(of_database(through(speed=played.speed))) == played.log


def test_determinism_after_kill_9_of_the_worker_half_way(played: Case, through: Callable[..., str]) -> None:
    dsn = through(speed=played.speed, kill_at=played.play.extent.rows // 2)

    assert encoded(of_database(dsn)) == played.log
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select count(distinct epoch) from journal").fetchone() == (2,)
