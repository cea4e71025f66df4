import numpy as np
import pytest

from sensors.readings import MINUTE
from simulator.heating import HeatLeak
from simulator.incidents import Incident, Span
from simulator.scenario import Scenario
from simulator.soil import GasLeak
from simulator.tunnel import Intrusion, SumpInflow
from tests.unit.simulator.village import House, sent, series, village

TUNNEL = {
    "o2": "oxygen",
    "ch4": "methane_lel",
    "sump": "sump_level",
    "intrusion": "intrusion",
    "humidity": "humidity",
    "temp": "air_temperature",
}
STREET = village(
    House("TC", "tunnel-compartment", TUNNEL, attributes={"volume_m3": 200, "air_changes_per_h": 0.5}),
    House("HC", "heat-chamber", {"temp": "heat_temperature", "pressure": "heat_pressure"}),
)
TIME = {"start": Span(20 * MINUTE), "duration": Span(30 * MINUTE)}


def split(incident: Incident, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Values before the incident and in its second half."""
    scenario = Scenario(name="one", duration=Span(60 * MINUTE), incidents=(incident,))
    minutes, values = series(sent(STREET, 60, scenario), key)
    return values[minutes < 20], values[(minutes > 35) & (minutes < 50)]


def test_somebody_is_there_as_long_as_the_intrusion_lasts() -> None:
    before, during = split(Intrusion(**TIME, asset="TC"), "d-TC/intrusion")
    assert (set(before), set(during)) == ({0.0}, {1.0})


def test_more_water_than_the_pump_lifts_fills_the_sump() -> None:
    before, during = split(SumpInflow(**TIME, asset="TC", inflow_m3h=30), "d-TC/sump")
    assert before.max() < 1.0
    assert during.min() > 1.4


def test_the_pump_keeps_the_sump_between_two_levels() -> None:
    _, sump = series(sent(STREET, 24 * 60), "d-TC/sump")
    assert 0.2 < sump.min() < 0.4
    assert 0.85 < sump.max() < 1.0
    assert np.count_nonzero(np.diff(sump) < -0.05) >= 2 * 6


def test_gas_in_a_tunnel_takes_the_place_of_its_oxygen() -> None:
    """20 m3/h into 200 m3 with half an air change: 4.6 %VOL after 30 min, 92 %LEL."""
    leak = GasLeak(**TIME, asset="TC", leak_m3h=20)
    assert split(leak, "d-TC/ch4")[1].max() == pytest.approx(86, abs=8)
    before, during = split(leak, "d-TC/o2")
    assert before.mean() - during.min() == pytest.approx(0.9, abs=0.25)


def test_a_heat_leak_lowers_pressure_and_then_temperature() -> None:
    leak = HeatLeak(**TIME, asset="HC", pressure_drop_mpa=0.3, cooling_c=10)
    before, during = split(leak, "d-HC/pressure")
    assert before.mean() - during.mean() == pytest.approx(0.3, abs=0.03)
    before, during = split(leak, "d-HC/temp")
    assert before.mean() - during.mean() == pytest.approx(10, abs=1.5)
