"""The demo city's rules on what its simulated bridges do: quiet for hours, and told of a loss."""

import numpy as np
import pytest
from msgspec.structs import replace

from ingest.decode import Window, decode
from ingest.index import Index
from ingest.message import Message
from rules.engine import Engine
from rules.load import DEMO_RULES, load
from rules.model import RuleSet, Transition
from rules.risk import Group, default_matrix
from sensors.load import DEMO_CITY, read_city
from sensors.readings import MINUTE
from simulator.bridge import StiffnessLoss
from simulator.cables import CableForceLoss
from simulator.incidents import Incident, Span
from simulator.scenario import Scenario
from tests.unit.simulator.village import START, House, sent, village

FREQUENCY = 1.35
RULES = {rule.name: rule for rule in load([DEMO_RULES], read_city(DEMO_CITY)).rules}
SPAN = House(
    "SP",
    "bridge-span",
    {"accel": "acceleration"},
    attributes={"length_m": 90.0, "frequency_hz": FREQUENCY, "mass_kg_m": 12_000.0},
)
CABLE = House(
    "CB",
    "bridge-cable",
    {"accel": "acceleration"},
    attributes={"length_m": 118.0, "mass_kg_m": 62.0, "force_kn": 3900.0},
)
WHEN = {"start": Span(30 * MINUTE), "duration": Span(60 * MINUTE)}


def judged(house: House, rule: str, minutes: int, *incidents: Incident) -> list[Transition]:
    registry = village(house, sample_s=0.02, upload_s=10)
    registry = replace(registry, sensors=tuple(replace(s, id=n) for n, s in enumerate(registry.sensors, 1)))
    groups = (Group(name=RULES[rule].group),)
    engine = Engine(registry, RuleSet(rules=(RULES[rule],), groups=groups, matrix=default_matrix()))
    scenario = Scenario(name="one", duration=Span(minutes * MINUTE), incidents=incidents)
    messages = [Message(each.topic, each.payload) for each in sent(registry, minutes, scenario)]
    batch = decode(messages, Index(registry), Window(), None)
    return list(engine.step(batch.readings, (), engine.waves.features(batch.waveforms)).transitions)


def times(told: list[Transition]) -> list[tuple[int, int]]:
    return [(t.state, round((t.time - START) / MINUTE)) for t in told]


@pytest.mark.parametrize(("house", "rule"), [(SPAN, "span-frequency"), (CABLE, "cable-frequency")])
def test_three_quiet_hours_say_nothing(house: House, rule: str) -> None:
    assert not judged(house, rule, 180)


def test_a_quarter_of_the_stiffness_lost_is_told_within_three_windows_and_so_is_its_return() -> None:
    told = judged(SPAN, "span-frequency", 150, StiffnessLoss(**WHEN, asset="SP", lost=0.25))
    assert times(told) == [(2, 60), (0, 120)]
    assert told[0].value == pytest.approx(FREQUENCY * np.sqrt(0.75), rel=0.02)


def test_a_quarter_of_a_cables_force_lost_is_told_by_its_frequency_and_so_is_its_return() -> None:
    told = judged(CABLE, "cable-frequency", 150, CableForceLoss(**WHEN, asset="CB", lost=0.25))
    assert times(told) == [(2, 60), (0, 120)]
    assert told[0].value == pytest.approx(0.75 * 3900, rel=0.02)


def test_a_tenth_of_a_cables_force_is_within_what_is_usual() -> None:
    assert not judged(CABLE, "cable-frequency", 90, CableForceLoss(**WHEN, asset="CB", lost=0.1))
