"""The library of scenarios, each played against the engine in this process, as fast as it goes."""

import re
from pathlib import Path

import pytest

from lifeline.check.page import line
from lifeline.check.run import check
from rules.hazards import hazards
from rules.load import DEMO_RULES
from sensors.load import DEMO_CITY, read_city
from simulator.scenario import KINDS, LIBRARY
from simulator.scenario_file import read_scenario
from tests.unit.simulator.sewer_town import suburb

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulator.md"
SCENARIOS = sorted(LIBRARY.glob("*.toml"))
SHORT = {"gas-leak", "burst-main", "hydrant-test", "sensor-dropout", "buffered-upload"}
"""These five run always, the others where there is time."""

TOWN = Path(__file__).parents[1] / "data" / "scenarios"
"""Scenarios in the town of our own sewer network."""

NEEDS_A_NETWORK = {"valve-closed", "backflow"}
"""What the demo city, whose water and drainage are plain, cannot have."""

LONG = [pytest.mark.full, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem, marks=[] if path.stem in SHORT else LONG) for path in SCENARIOS]
)
def test_what_must_follow_does_and_what_must_not_does_not(path: Path) -> None:
    checked = check(path, read_city(DEMO_CITY), DEMO_RULES)
    assert [each for each in checked.verdicts if each.failed] == [], line(checked)


@pytest.mark.parametrize(
    ("name", "by_swmm"), [("town-storm", True), ("town-storm", False), ("town-dry", True)]
)
def test_a_towns_drainage_holds_by_swmm_and_by_the_plain_model(name: str, *, by_swmm: bool) -> None:
    if by_swmm:
        pytest.importorskip("pyswmm")
    checked = check(TOWN / f"{name}.toml", suburb(read_city(DEMO_CITY), by_swmm=by_swmm), DEMO_RULES)
    assert [each for each in checked.verdicts if each.failed] == [], line(checked)


def test_the_library_has_every_kind_of_incident_and_enough_of_them() -> None:
    city = read_city(DEMO_CITY)
    scenarios = [read_scenario(path, city) for path in SCENARIOS]
    assert {incident.kind for each in scenarios for incident in each.incidents} == set(
        KINDS
    ) - NEEDS_A_NETWORK
    assert len(scenarios) >= 25
    assert all(each.wanted or each.forbid for each in scenarios)


def test_every_scenario_is_called_as_its_file() -> None:
    city = read_city(DEMO_CITY)
    assert [read_scenario(path, city).name for path in SCENARIOS] == [path.stem for path in SCENARIOS]


def test_the_document_tells_of_every_scenario_and_every_kind() -> None:
    told = set(re.findall(r"^\| `([^`]+)` \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == {path.stem for path in SCENARIOS} | set(KINDS)


def test_the_documents_example_can_be_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.+?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "s.toml").write_text(example, encoding="utf-8")
    scenario = read_scenario(tmp_path / "s.toml", read_city(DEMO_CITY), hazards())
    assert (len(scenario.incidents), len(scenario.wanted), len(scenario.forbid)) == (1, 2, 1)
