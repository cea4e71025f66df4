"""A span that cables hold up, as its sensors see it."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sensors.errors import ConfigurationError
from sensors.readings import MINUTE
from simulator.bridge import OverloadedTruck, StiffnessLoss
from simulator.cables import CableForceLoss
from simulator.incidents import Incident, Span
from simulator.messages import Message
from simulator.scenario import Scenario
from simulator.stayed import Deck, Stays, fitted
from tests.unit.simulator.village import House, sent, series, village

FREQUENCY = 0.9
SPAN = {"length_m": 220.0, "frequency_hz": FREQUENCY, "mass_kg_m": 7000.0}
ANCHORS = {"C1": 32.0, "C2": 82.0, "C3": 105.0, "C4": 115.0, "C5": 138.0, "C6": 188.0}
LONGEST = {
    "length_m": 118.0,
    "mass_kg_m": 62.0,
    "force_kn": 3900.0,
    "inclination_deg": 27.0,
    "area_mm2": 7300.0,
}
DECK = House("SP", "bridge-span", {"deflection": "deflection", "strain1": "strain"}, attributes=SPAN)
CABLES = [
    House(name, "bridge-cable", {"force": "cable_force"}, attributes=LONGEST | {"anchor_m": anchor})
    for name, anchor in ANCHORS.items()
]
RINGING = House("R3", "bridge-cable", {"accel": "acceleration"}, attributes=LONGEST)
"""Without an anchor: a cable of which nothing but force, length and mass are known."""
BRIDGE = village(
    DECK,
    *CABLES,
    RINGING,
    edges=[(name, "above", "SP") for name in [*ANCHORS, "R3"]],
    sample_s=10,
    upload_s=60,
)
TIME = {"start": Span(20 * MINUTE), "duration": Span(20 * MINUTE)}


def run(*incidents: Incident, minutes: float = 40) -> list[Message]:
    return sent(BRIDGE, minutes, Scenario(name="one", duration=Span(60 * MINUTE), incidents=incidents))


def split(messages: list[Message], sensor: str) -> tuple[float, float]:
    """Medians before the incident and during it."""
    minutes, values = series(messages, sensor)
    return float(np.median(values[minutes < 20])), float(np.median(values[minutes > 21]))


def test_what_a_cable_lets_go_its_neighbours_and_the_supports_take_over() -> None:
    messages = run(CableForceLoss(**TIME, asset="C3", lost=0.4))
    change = {name: np.diff(split(messages, f"d-{name}/force"))[0] for name in ANCHORS}
    assert -0.4 * 3900 < change["C3"] < -0.35 * 3900
    assert change["C2"] > 20
    assert change["C4"] > 20
    assert sum(change.values()) < 0
    sag = split(messages, "d-SP/deflection")
    assert sag[1] - sag[0] > 10


def test_a_cable_whose_strands_are_all_gone_bears_nothing() -> None:
    force = split(run(CableForceLoss(**TIME, asset="C3", lost=1.0)), "d-C3/force")
    assert force[0] == pytest.approx(3900, rel=0.03)
    assert force[1] == pytest.approx(0, abs=5)


def deck() -> tuple[Deck, np.ndarray]:
    """The same by itself, and the sine of its cables' slope."""
    six = [np.full(6, LONGEST[name]) for name in ("length_m", "mass_kg_m")]
    slope = np.full(6, np.radians(27.0))
    stays = Stays(np.array([*ANCHORS.values()]), *six, slope, np.full(6, 7.3e-3), np.full(6, 3.9e6))
    found = fitted(220.0, 7000.0, FREQUENCY, stays)
    assert found is not None
    return found, np.sin(slope)


def test_a_truck_bends_the_deck_and_is_shared_by_its_cables_as_its_statics_say() -> None:
    """Within 5 %, under so much that nothing else counts."""
    truck = OverloadedTruck(start=Span(0), duration=Span(40 * MINUTE), asset="SP", weight_t=900, every_s=20)
    messages, (alone, sine) = run(truck), deck()
    middle, load = np.array([110.0]), np.array([900e3 * 9.81])
    edge = 1e6 * 220 / 160 / alone.bending
    assert above(messages, "d-SP/deflection") == pytest.approx(1e3 * alone.sag(110, middle, load), rel=0.05)
    assert above(messages, "d-SP/strain1") == pytest.approx(edge * alone.moment(110, middle, load), rel=0.05)
    everywhere = np.linspace(0, 220, 441)
    pulls = alone.pulls(everywhere, load[0] * np.eye(441)).max(axis=1) / sine
    shown = [above(messages, f"d-{name}/force") for name in ANCHORS]
    assert shown == pytest.approx(1e-3 * pulls, rel=0.05)


def above(messages: list[Message], sensor: str) -> float:
    """How much higher a sensor's usual peak is than what it shows without a load."""
    values = series(messages, sensor)[1]
    return float(np.median(values[values > (values.max() + values.min()) / 2]) - values.min())


def test_a_softer_deck_gives_way_more_but_not_as_a_beam_would() -> None:
    truck = OverloadedTruck(start=Span(0), duration=Span(60 * MINUTE), asset="SP", weight_t=90, every_s=20)
    messages = run(truck, StiffnessLoss(**TIME, asset="SP", lost=0.5))
    minutes, values = series(messages, "d-SP/deflection")
    assert 1.1 < np.ptp(values[minutes > 21]) / np.ptp(values[minutes < 20]) < 1.7


def spectrum(messages: list[Message], device: str, *, after: float) -> tuple[np.ndarray, np.ndarray]:
    blocks = [each.values[0] for each in messages if each.kind == "waveform" and each.device == device]
    blocks = blocks[len(blocks) // 2 :] if after else blocks[: len(blocks) // 2]
    power = np.mean([np.abs(np.fft.rfft(block)) ** 2 for block in blocks], axis=0)
    return np.fft.rfftfreq(len(blocks[0]), 1 / 50), power


def peak(found: tuple[np.ndarray, np.ndarray], near: float) -> float:
    frequency, power = found
    close = np.abs(frequency / near - 1) < 0.3
    return float(power[close] @ frequency[close] / power[close].sum())


def test_a_cable_rings_with_its_force_and_not_at_all_without() -> None:
    """f = sqrt(T / m) / 2 L, within 2 %."""
    taut = np.sqrt(3.9e6 / 62) / 236
    messages = run(CableForceLoss(**TIME, asset="R3", lost=0.36))
    assert peak(spectrum(messages, "d-R3", after=False), taut) == pytest.approx(taut, rel=0.02)
    assert peak(spectrum(messages, "d-R3", after=True), 0.8 * taut) == pytest.approx(0.8 * taut, rel=0.02)
    slack = run(CableForceLoss(**TIME, asset="R3", lost=1.0))
    assert np.abs(spectrum(slack, "d-R3", after=True)[1][:, None]).max() == 0


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("area_mm2", None, "asset C3: area_mm2: expected a number above 0, for it has anchor_m; not nothing"),
        ("force_kn", -1.0, "asset C3: force_kn: expected a number above 0, for it has anchor_m; not -1"),
        ("anchor_m", 221.0, "asset C3: anchor_m: expected a number above 0, at most 220, "),
        ("inclination_deg", 91.0, "asset C3: inclination_deg: expected a number above 0, at most 90, "),
    ],
)
def test_what_is_wrong_with_a_cable_is_said(name: str, value: float | None, told: str) -> None:
    wrong = {key: each for key, each in (CABLES[2].attributes | {name: value}).items() if each is not None}
    houses = [*CABLES[:2], replace(CABLES[2], attributes=wrong)]
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        sent(village(DECK, *houses), 1)


def test_cables_that_are_stiffer_than_the_deck_they_hold_are_told_of() -> None:
    slow = replace(DECK, attributes=SPAN | {"frequency_hz": 0.1})
    with pytest.raises(ConfigurationError, match=r"asset SP: frequency_hz: expected more than 0\.1"):
        sent(village(slow, *CABLES), 1)
