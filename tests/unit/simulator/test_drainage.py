import numpy as np
import pytest

from sensors.readings import MINUTE
from simulator.drainage import PumpFailure
from simulator.incidents import Incident, Span
from simulator.rain import Storm
from simulator.scenario import Scenario
from simulator.sewer_air import CoverMoved, SewerGas
from tests.unit.simulator.village import House, sent, series, village

TIME = {"start": Span(10 * MINUTE), "duration": Span(60 * MINUTE)}
STORM = Storm(**TIME, asset="RG", depth_mm=50, radius_km=3)

BASIN = village(
    House("RG", "rain-gauge", {"rain": "rain_intensity"}),
    House("RG-far", "rain-gauge", {"rain": "rain_intensity"}, 8000),
    House("MH-1", "manhole", {"level": "sewer_level", "h2s": "hydrogen_sulfide", "tilt": "cover_tilt"}),
    House("MH-2", "manhole", {"level": "sewer_level", "flow": "sewer_flow"}),
    House("PS", "drainage-pump-station", {"level": "sewer_level", "flow": "sewer_flow"}),
    House("UP", "underpass", {"ponding": "ponding_depth"}),
    edges=[("MH-1", "flows-to", "MH-2"), ("MH-2", "flows-to", "PS")],
)


def run(*incidents: Incident, minutes: float = 160) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    scenario = Scenario(name="one", duration=Span(300 * MINUTE), incidents=incidents)
    messages = sent(BASIN, minutes, scenario)
    return {sensor: series(messages, sensor) for message in messages for sensor in message.names}


def test_a_storm_brings_its_depth_and_peaks_before_its_middle() -> None:
    seconds = np.arange(0, 3600, 5.0)
    rain = np.array([STORM.intensity(second) for second in seconds])
    assert rain.sum() * 5 / 3600 == pytest.approx(50, rel=0.01)
    assert seconds[rain.argmax()] == pytest.approx(0.4 * 3600, abs=10)
    assert STORM.intensity(3601) == 0


def test_rain_is_less_the_farther_and_none_when_it_is_over() -> None:
    series_of = run(STORM)
    minutes, near = series_of["d-RG/rain"]
    assert near[minutes < 10].max() == 0
    assert near[minutes > 72].max() == 0
    assert 1 < near.max() / max(0.1, series_of["d-RG-far/rain"][1].max()) > 100


def test_rain_fills_manholes_after_it_falls_and_they_empty_again() -> None:
    series_of = run(STORM)
    minutes, level = series_of["d-MH-2/level"]
    rain = series_of["d-RG/rain"][1]
    assert level.max() > 5 * level[minutes < 10].max()
    assert minutes[level.argmax()] > minutes[rain.argmax()] + 3
    assert level[-1] < 0.3 * level.max()


def test_an_underpass_ponds_while_it_rains_more_than_its_pump_takes() -> None:
    minutes, depth = run(STORM)["d-UP/ponding"]
    assert depth[minutes < 12].max() < 1
    assert depth.max() > 5
    assert depth[-1] < 0.5 * depth.max()


def test_a_pump_station_works_between_two_levels() -> None:
    _, level = run(STORM)["d-PS/level"]
    _, flow = run(STORM)["d-PS/flow"]
    assert set(np.round(flow[(flow > 1)], -2)) == {300.0}
    assert 0.7 < level.min() < 1.2
    assert level.max() < 6


def test_a_pump_station_whose_pumps_stand_still_fills_up() -> None:
    """9.7 m3/h of dry weather on 30 m2 of wet well."""
    _, level = run(PumpFailure(**TIME, asset="PS"))["d-PS/level"]
    assert level[69] - level[10] == pytest.approx(0.45, abs=0.15)


def test_sewer_gas_and_covers_do_as_they_are_told() -> None:
    series_of = run(
        SewerGas(**TIME, asset="MH-1", h2s_mg_m3=25), CoverMoved(**TIME, asset="MH-1", tilt_deg=30)
    )
    minutes, sulfide = series_of["d-MH-1/h2s"]
    _, tilt = series_of["d-MH-1/tilt"]
    assert sulfide[minutes < 10].max() < 5
    assert sulfide[(minutes > 50) & (minutes < 70)].min() > 20
    assert tilt[(minutes > 12) & (minutes < 69)] == pytest.approx(30, abs=1)
    assert tilt[minutes > 72].max() < 5
