"""The demo city's rule on what its simulated spans do: quiet for hours, and told when one loses stiffness."""

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
from sensors.model import Registry
from sensors.readings import MINUTE
from simulator.bridge import StiffnessLoss
from simulator.incidents import Incident, Span
from simulator.scenario import Scenario
from tests.unit.simulator.village import START, House, sent, village

FREQUENCY = 1.35
RULE = next(rule for rule in load([DEMO_RULES], read_city(DEMO_CITY)).rules if rule.name == "span-frequency")


def span() -> Registry:
    attributes = {"length_m": 90.0, "frequency_hz": FREQUENCY, "mass_kg_m": 12_000.0}
    house = House("SP", "bridge-span", {"accel": "acceleration"}, attributes=attributes)
    registry = village(house, sample_s=0.02, upload_s=10)
    return replace(registry, sensors=tuple(replace(s, id=n) for n, s in enumerate(registry.sensors, 1)))


def judged(minutes: int, *incidents: Incident) -> list[Transition]:
    registry = span()
    engine = Engine(
        registry, RuleSet(rules=(RULE,), groups=(Group(name=RULE.group),), matrix=default_matrix())
    )
    scenario = Scenario(name="one", duration=Span(minutes * MINUTE), incidents=incidents)
    messages = [Message(each.topic, each.payload) for each in sent(registry, minutes, scenario)]
    batch = decode(messages, Index(registry), Window(), None)
    return list(engine.step(batch.readings, (), engine.waves.features(batch.waveforms)).transitions)


def test_three_quiet_hours_say_nothing() -> None:
    assert not judged(180)


def test_a_quarter_of_the_stiffness_lost_is_told_within_three_windows_and_so_is_its_return() -> None:
    loss = StiffnessLoss(start=Span(30 * MINUTE), duration=Span(60 * MINUTE), asset="SP", lost=0.25)
    told = judged(150, loss)
    assert [(t.state, round((t.time - START) / MINUTE)) for t in told] == [(2, 60), (0, 120)]
    assert told[0].value == pytest.approx(FREQUENCY * np.sqrt(0.75), rel=0.02)
