from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sensors.load import DEMO_CITY, read_city
from sensors.model import Registry
from sensors.quantities import QUANTITIES
from sensors.readings import HOUR, MINUTE, SECOND
from sensors.units import conversion
from simulator.incidents import Span
from simulator.messages import Message
from simulator.piers import BearingSettlement, ShipImpact
from simulator.rain import Storm
from simulator.scenario import DEMO, QUIET, Scenario
from simulator.scenario_file import read_scenario
from simulator.simulation import Simulation
from simulator.soil import GasLeak
from simulator.water import Burst
from tests.unit.simulator.village import START, House, sent, series, telemetry, village

CITY = read_city(DEMO_CITY)
SCENARIO = read_scenario(DEMO, CITY)


def simulation(registry: Registry = CITY, scenario: Scenario = SCENARIO, seed: int = 1) -> Simulation:
    return Simulation(registry, scenario, start=START, seed=seed)


def bytes_of(messages: Sequence[Message]) -> list[tuple[int, str, bytes]]:
    return [(message.time, message.topic, message.payload) for message in messages]


A_WHILE = bytes_of([*simulation().messages_until(START + 15 * MINUTE)])


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert bytes_of([*simulation().messages_until(START + 15 * MINUTE)]) == A_WHILE


def test_another_seed_gives_others() -> None:
    other = bytes_of([*simulation(seed=2).messages_until(START + 15 * MINUTE)])
    assert [payload for *_, payload in other] != [payload for *_, payload in A_WHILE]
    assert [topic for _, topic, _ in other] == [topic for _, topic, _ in A_WHILE]


@settings(max_examples=3, deadline=None)
@given(cuts=st.lists(st.integers(0, 15 * 60 * 1000), max_size=8))
def test_it_does_not_matter_in_which_pieces_messages_are_taken(cuts: list[int]) -> None:
    city = simulation()
    taken: list[Message] = []
    for cut in sorted(cuts):
        taken += city.messages_until(START + cut * 1000)
        assert all(message.time < START + cut * 1000 for message in taken)
    assert bytes_of([*taken, *city.messages_until(START + 15 * MINUTE)]) == A_WHILE


def test_a_message_is_before_the_time_that_it_is_asked_until() -> None:
    times = sorted({time for time, _, _ in A_WHILE})
    city = simulation()
    for time in times[1:20]:
        assert max(message.time for message in city.messages_until(time)) < time


def test_a_domain_does_not_change_what_another_draws() -> None:
    station = House("RS", "regulator-station", {"flow": "gas_flow"})
    alone = series(sent(village(station), 120), "d-RS/flow")[1]
    beside = village(station, House("SP", "bridge-span", {"wind": "wind_speed"}))
    assert np.corrcoef(alone, series(sent(beside, 120), "d-RS/flow")[1])[0, 1] > 0.95
    assert np.corrcoef(alone, series(sent(beside, 120, seed=1), "d-RS/flow")[1])[0, 1] < 0.95


def test_every_sensor_of_the_demo_city_is_simulated_and_heard_of() -> None:
    city = simulation(scenario=QUIET)
    assert city.unsimulated == ()
    names = {name for message in city.messages_until(START + 40 * MINUTE) for name in message.names}
    assert names == {sensor.name for sensor in CITY.sensors}


def test_values_are_physical_and_in_range_through_the_demo_and_never_missing() -> None:
    limits = {}
    for sensor in CITY.sensors:
        quantity = QUANTITIES[sensor.quantity]
        factor, offset = conversion(sensor.unit, quantity.unit, quantity.lel)
        limits[sensor.name] = ((quantity.low - offset) / factor, (quantity.high - offset) / factor)
    for message in telemetry([*simulation().messages_until(START + 2 * HOUR)]):
        for name, values in zip(message.names, message.values, strict=True):
            assert np.isfinite(values).all(), name
            assert limits[name][0] <= values.min() <= values.max() <= limits[name][1], name


@pytest.mark.parametrize("utc_hour", [0, 6, 12, 19])
def test_a_quiet_city_stays_away_from_what_the_demo_shows(utc_hour: int) -> None:
    """Whatever the time of day; the limits are half of what the demo's incidents reach."""
    start = START + utc_hour * HOUR
    city = Simulation(CITY, QUIET, start=start, seed=utc_hour)
    messages = [*city.messages_until(start + HOUR)]
    limits = {"ch4": 6, "rain": 1, "ponding": 2, "weight": 50, "intrusion": 0.5, "tilt": 6, "h2s": 6}
    for message in telemetry(messages):
        for name, values in zip(message.names, message.values, strict=True):
            key = name.split("/")[1]
            assert values.max() <= limits.get(key, np.inf), name


def test_a_step_is_as_short_as_the_sensors_of_its_domain_want() -> None:
    registry = village(House("VC", "valve-chamber", {"ch4": "methane_lel"}), sample_s=5, upload_s=10)
    (times, _) = series(sent(registry, 10), "d-VC/ch4")
    assert set(np.round(np.diff(times) * 60)) == {5}


def test_what_no_physics_knows_is_named_and_silent() -> None:
    registry = village(House("VC", "valve-chamber", {"ch4": "methane_lel", "odour": "methane"}))
    city = simulation(registry, QUIET)
    assert city.unsimulated == ("d-VC/odour",)
    assert {message.names for message in telemetry([*city.messages_until(START + HOUR)])} == {("d-VC/ch4",)}


def test_a_city_without_what_others_lean_on_works_too() -> None:
    """Piers without spans, mains without a zone, chambers without a station."""
    houses = [
        House("PR", "bridge-pier", {"tilt": "tilt", "bearing": "bearing_force"}),
        House("CB", "bridge-cable", {"force": "cable_force"}),
        House("MN", "main", {"noise": "acoustic_noise", "pressure": "water_pressure"}),
        House("VC", "valve-chamber", {"ch4": "methane_lel"}),
        House("UP", "underpass", {"ponding": "ponding_depth"}),
        House("PS", "drainage-pump-station", {"level": "sewer_level"}),
        House("RG", "rain-gauge", {"rain": "rain_intensity"}),
    ]
    time = {"start": Span(5 * MINUTE), "duration": Span(10 * MINUTE)}
    incidents = (
        BearingSettlement(**time, asset="PR"),
        ShipImpact(**time, asset="PR"),
        Burst(**time, asset="MN"),
        GasLeak(**time, asset="VC"),
        Storm(**time, asset="RG"),
    )
    scenario = Scenario(name="all", duration=Span(HOUR), incidents=incidents)
    for message in telemetry(sent(village(*houses), 30, scenario)):
        assert np.isfinite(message.values).all()


def test_an_attribute_that_is_no_number_is_named() -> None:
    registry = village(House("VC", "valve-chamber", {"ch4": "methane_lel"}, attributes={"volume_m3": "big"}))
    with pytest.raises(Exception, match="asset VC: volume_m3: expected a number, not 'big'"):
        simulation(registry, QUIET)


def test_the_clock_of_the_city_rules_its_day() -> None:
    """Water is drawn least before dawn, in whatever zone that is."""
    registry = village(House("DMA", "dma", {"flow": "water_flow"}))
    moved = replace(registry, city=replace(registry.city, timezone="America/Lima"))
    for city, quietest in ((registry, 19), (moved, 8)):
        minutes, flow = series(sent(city, 24 * 60), "d-DMA/flow")
        hourly = [flow[(minutes // 60) == hour].mean() for hour in range(24)]
        assert abs(int(np.argmin(hourly)) - quietest) <= 2


def test_messages_are_spread_over_the_minutes() -> None:
    messages = [*simulation(scenario=QUIET).messages_until(START + HOUR)]
    slow = [
        message.time for message in telemetry(messages) if not message.topic.startswith("lifeline/bridge")
    ]
    counts = np.bincount([(time - START) // (10 * SECOND) for time in slow], minlength=360)
    assert counts.max() < 5 * counts.mean()
