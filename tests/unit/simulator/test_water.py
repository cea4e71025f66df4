import numpy as np
import pytest

from sensors.readings import MINUTE
from simulator.hydraulics import METRES_PER_MPA, orifice, outflow, pipe_resistance
from simulator.incidents import Incident, Span
from simulator.quality import Contamination
from simulator.scenario import Scenario
from simulator.water import Burst, HydrantDraw, PumpTrip
from tests.unit.simulator.village import House, sent, series, village

ZONE = village(
    House("DMA", "dma", {"flow": "water_flow", "pressure": "water_pressure"}, 300),
    House("MN", "main", {"noise": "acoustic_noise", "pressure": "water_pressure"}),
    House("JN-near", "junction", {"pressure": "water_pressure"}, 200),
    House("JN-far", "junction", {"pressure": "water_pressure"}, 2000),
    House("MN-far", "main", {"noise": "acoustic_noise"}, 2000),
    House("QS", "quality-station", {"chlorine": "free_chlorine", "turbidity": "turbidity"}),
    House("OTHER", "dma", {"flow": "water_flow", "pressure": "water_pressure"}, 5000),
    edges=[("DMA", "flows-to", "MN"), ("MN", "flows-to", "JN-near")],
)


def change(sensor: str, incident: Incident) -> float:
    """By how much the sensor's mean is higher during the incident's second half than before it."""
    scenario = Scenario(name="one", duration=Span(60 * MINUTE), incidents=(incident,))
    minutes, values = series(sent(ZONE, 40, scenario), sensor)
    return float(values[(minutes > 25) & (minutes < 39)].mean() - values[minutes < 10].mean())


TIME = {"start": Span(10 * MINUTE), "duration": Span(30 * MINUTE)}
BURST = Burst(**TIME, asset="MN", hole_mm=100)


def test_a_burst_lowers_the_pressure_the_more_the_nearer() -> None:
    there, near, far = (change(f"d-{asset}/pressure", BURST) for asset in ("MN", "JN-near", "JN-far"))
    assert there < -0.05
    assert there < near < -0.04
    assert near < far
    assert far == pytest.approx(0, abs=0.015)


def test_what_runs_out_is_what_the_zone_takes_in_more() -> None:
    head = (0.36 - 0.02) * METRES_PER_MPA
    flow, _ = outflow(head, orifice(0.1), pipe_resistance(0.3, 1500.0))
    assert change("d-DMA/flow", BURST) == pytest.approx(flow, rel=0.1)
    assert change("d-OTHER/flow", BURST) == pytest.approx(0, abs=25)


def test_a_burst_is_heard_where_it_is() -> None:
    assert change("d-MN/noise", BURST) > 20
    assert change("d-MN-far/noise", BURST) == pytest.approx(0, abs=4)


def test_an_orifice_and_its_pipe_agree_on_the_head() -> None:
    flow, left = outflow(35.0, orifice(0.1), pipe_resistance(0.3, 1500.0))
    assert flow == pytest.approx(orifice(0.1) * np.sqrt(left))
    assert left == pytest.approx(35.0 - pipe_resistance(0.3, 1500.0) * flow**2)
    assert orifice(0.05) == pytest.approx(0.75 * np.pi / 4 * 0.05**2 * np.sqrt(2 * 9.81) * 3600 * 0.8)


def test_water_drawn_on_purpose_hardly_lowers_the_pressure() -> None:
    draw = HydrantDraw(**TIME, asset="DMA", draw_m3h=30)
    assert change("d-DMA/flow", draw) == pytest.approx(30, abs=15)
    assert change("d-DMA/pressure", draw) > -0.02
    assert change("d-MN/noise", draw) == pytest.approx(0, abs=3)


def test_a_pump_trip_lowers_the_whole_zone_and_its_flow() -> None:
    trip = PumpTrip(**TIME, asset="DMA", pressure_left=0.5)
    assert change("d-DMA/pressure", trip) == pytest.approx(-0.16, abs=0.03)
    assert change("d-JN-near/pressure", trip) < -0.12
    assert change("d-DMA/flow", trip) < -20
    assert change("d-OTHER/pressure", trip) == pytest.approx(0, abs=0.01)


def test_contamination_uses_up_the_chlorine_and_clouds_the_water() -> None:
    foreign = Contamination(**TIME, asset="QS", chlorine_left=0.1, turbidity_ntu=4)
    assert change("d-QS/chlorine", foreign) < -0.3
    assert change("d-QS/turbidity", foreign) > 3
