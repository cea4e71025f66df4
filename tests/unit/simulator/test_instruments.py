import json

import numpy as np
import pytest
from msgspec.structs import replace

from sensors.model import Registry
from sensors.readings import HOUR, MINUTE
from simulator.incidents import Incident, Span
from simulator.instruments import Bias, Drift, Dropout, Instruments, Spike, Stuck
from simulator.scenario import Scenario
from simulator.surroundings import Moment
from tests.unit.simulator.village import START, House, sent, series, telemetry, village

NOW = Moment(time=START, seconds=60.0, hour=8.0, air=10.0, wind=2.0, sun=0.5)
ROW = np.array([0])
STATION = village(House("RS", "regulator-station", {"p_out": "gas_pressure"}))
TIME = {"start": Span(20 * MINUTE), "duration": Span(20 * MINUTE)}


def instruments(registry: Registry) -> Instruments:
    return Instruments(registry, np.random.default_rng(1))


def measuring(quantity: str, unit: str, low: float | None = None, high: float | None = None) -> Registry:
    registry = village(House("A", "valve-chamber", {"x": quantity}))
    sensor = replace(registry.sensors[0], unit=unit, low=low, high=high)
    return replace(registry, sensors=(sensor,))


def shown(registry: Registry, truth: float) -> float:
    one = instruments(registry)
    one.watch(np.array([truth]))
    return float(one.read(ROW, NOW)[0])


@pytest.mark.parametrize(
    ("quantity", "unit", "truth", "sent_value"),
    [
        ("methane_lel", "%VOL", 50.0, 2.5),
        ("water_pressure", "kPa", 0.35, 350.0),
        ("water_pressure", "m[H2O]", 0.35, 35.69),
        ("structure_temperature", "[degF]", 20.0, 68.0),
        ("sewer_flow", "L/s", 720.0, 200.0),
    ],
)
def test_a_value_is_sent_in_the_unit_that_the_sensor_declares(
    quantity: str, unit: str, truth: float, sent_value: float
) -> None:
    assert shown(measuring(quantity, unit), truth) == pytest.approx(sent_value, rel=0.07)


def test_a_value_has_no_more_digits_than_the_instrument_shows() -> None:
    registry = measuring("sewer_level", "m")
    values = [shown(registry, 1.23456 + step / 1000) for step in range(50)]
    assert all(value == round(value, 3) for value in values)


def test_an_instrument_shows_its_end_beyond_its_range() -> None:
    assert shown(measuring("methane_lel", "%LEL", high=100.0), 300.0) == 100.0
    assert shown(measuring("methane_lel", "%VOL", high=100.0), 300.0) == 5.0


def test_a_gauge_of_loads_holds_the_highest_until_it_is_read() -> None:
    weighing = instruments(measuring("vehicle_weight", "t"))
    for truth in (3.0, 40.0, 2.0):
        weighing.watch(np.array([truth]))
    assert weighing.read(ROW, NOW)[0] == pytest.approx(40, rel=0.1)
    weighing.watch(np.array([5.0]))
    assert weighing.read(ROW, NOW)[0] == pytest.approx(5, rel=0.1)


def faulty(*faults: Incident) -> tuple[np.ndarray, np.ndarray]:
    scenario = Scenario(name="fault", duration=Span(HOUR), incidents=faults)
    return series(sent(STATION, 60, scenario), "d-RS/p_out")


def test_a_stuck_sensor_repeats_its_value_and_recovers() -> None:
    minutes, values = faulty(Stuck(**TIME, sensor="d-RS/p_out"))
    assert len(set(values[(minutes >= 20) & (minutes < 40)])) == 1
    assert len(set(values[minutes < 20])) > 5
    assert len(set(values[minutes >= 40])) > 5


def test_a_drifting_sensor_goes_away_from_the_truth_by_its_rate() -> None:
    sound, drifting = faulty()[1], faulty(Drift(**TIME, sensor="d-RS/p_out", per_h=30.0))
    minutes, values = drifting
    assert values[minutes < 20] == pytest.approx(sound[minutes < 20])
    last = (minutes >= 39) & (minutes < 40)
    assert values[last] - sound[last] == pytest.approx(9.5, abs=0.5)
    assert values[minutes > 40] == pytest.approx(sound[minutes > 40])


def test_a_spike_is_one_value_as_long_as_it_lasts() -> None:
    spike = Spike(start=Span(30 * MINUTE), duration=Span(MINUTE), sensor="d-RS/p_out", height=50.0)
    assert np.count_nonzero(faulty(spike)[1] - faulty()[1] > 40) == 1


def test_a_biased_sensor_is_wrong_by_as_much_all_the_time() -> None:
    sound, (minutes, values) = faulty()[1], faulty(Bias(**TIME, sensor="d-RS/p_out", by=-12.0))
    during = (minutes >= 20) & (minutes < 40)
    assert values[during] - sound[during] == pytest.approx(-12.0, abs=0.2)
    assert values[~during] == pytest.approx(sound[~during])


def test_a_sensor_that_drops_out_gives_no_value_now_and_then_and_leaves_the_others_alone() -> None:
    sound, (minutes, values) = faulty()[1], faulty(Dropout(**TIME, sensor="d-RS/p_out", share=0.5))
    lost, during = np.isnan(values), (minutes >= 20) & (minutes < 40)
    assert not lost[~during].any()
    assert 0.3 < lost[during].mean() < 0.7
    assert values[~lost] == pytest.approx(sound[~lost])


def test_no_value_is_sent_as_null() -> None:
    fault = Dropout(start=Span(0), duration=Span(HOUR), sensor="d-RS/p_out", share=1.0)
    scenario = Scenario(name="fault", duration=Span(HOUR), incidents=(fault,))
    bodies = [json.loads(message.payload) for message in telemetry(sent(STATION, 5, scenario))]
    assert {body["v"]["p_out"] for body in bodies[1:]} == {None}
