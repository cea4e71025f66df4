"""The demo's two hours, simulated and judged in one process: what must be raised is, at every level."""

from collections import defaultdict

import pytest
from msgspec.structs import replace

from ingest.index import Index
from lifeline.calibrate.watch import readings
from lifeline.rehearsal import Rehearsal
from rules.engine import Engine
from rules.levels import RiskLevel
from rules.load import DEMO_RULES, load
from rules.model import RiskChange
from sensors.load import DEMO_CITY, read_city
from sensors.readings import HOUR, MINUTE
from simulator.incidents import Expectation
from simulator.scenario import DEMO
from simulator.scenario_file import read_scenario
from simulator.simulation import Simulation

START = 1_763_683_200_000_000
LENGTH = 2 * HOUR


@pytest.fixture(scope="module")
def played() -> tuple[tuple[Expectation, ...], list[RiskChange]]:
    """What had to follow, and what the engine said."""
    city = read_city(DEMO_CITY)
    city = replace(
        city, sensors=tuple(replace(sensor, id=number) for number, sensor in enumerate(city.sensors, 1))
    )
    simulation = Simulation(city, read_scenario(DEMO, city), start=START, seed=7)
    rehearsal, index = Rehearsal(Engine(city, load([DEMO_RULES], city)), MINUTE), Index(city)
    names = {sensor.name: sensor.id for sensor in city.sensors}
    for time in range(START + 10 * MINUTE, START + LENGTH + 1, 10 * MINUTE):
        messages = [each for each in simulation.messages_until(time) if each.kind == "telemetry"]
        rehearsal.hear(readings(messages, names, index))
        rehearsal.until(time)
    return simulation.truth(START + LENGTH), rehearsal.risk_changes


def test_every_incident_of_the_demo_is_raised_in_time_and_at_its_level(
    played: tuple[tuple[Expectation, ...], list[RiskChange]],
) -> None:
    truth, changes = played
    said = defaultdict(list)
    for change in changes:
        said[change.asset, change.hazard].append(change)
    missed = [
        (each.asset, each.hazard)
        for each in truth
        if not any(
            change.level is not None and change.level <= each.level
            for change in said[each.asset, each.hazard]
            if each.after <= change.time < each.before
        )
    ]
    assert missed == []


def test_all_four_levels_come_up(played: tuple[tuple[Expectation, ...], list[RiskChange]]) -> None:
    worst: dict[tuple[str, str], int] = {}
    for change in played[1]:
        if change.level is not None:
            key = change.asset, change.hazard
            worst[key] = min(worst.get(key, change.level), change.level)
    assert set(worst.values()) == {level.value for level in RiskLevel}


def test_neighbours_of_an_incident_are_told_across_systems(
    played: tuple[tuple[Expectation, ...], list[RiskChange]],
) -> None:
    told = {(change.asset, change.hazard) for change in played[1]}
    assert {("PR-201", "structure"), ("VC-202", "waterlogging")} <= told
