"""Water by EPANET: against wntr's own run of the same network, and what incidents do in it."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sensors.errors import ConfigurationError, UnavailableError
from sensors.readings import MINUTE
from simulator.epanet import Network
from simulator.hydraulics import METRES_PER_MPA, orifice
from simulator.incidents import Incident, Span
from simulator.network_files import find
from simulator.quality import Contamination
from simulator.scenario import Scenario
from simulator.water import DEMAND, Burst, PumpTrip, SlowLeak, ValveClosed
from tests.unit.simulator.village import House, sent, series, village

wntr = pytest.importorskip("wntr")

PRESSURE = {"pressure": "water_pressure"}
IN = {"network": "water"}
ZONE_A = House(
    "DMA-A",
    "dma",
    {"flow": "water_flow"} | PRESSURE,
    attributes=IN | {"node": "A1", "link": "INA", "pump_link": "MAIN"},
)
TOWN = village(
    ZONE_A,
    House("DMA-B", "dma", {"flow": "water_flow"}, 800, attributes=IN | {"node": "B1", "link": "INB"}),
    House("MN-A", "main", PRESSURE, 100, attributes=IN | {"link": "A24"}),
    House("MN-END", "main", PRESSURE, 150, attributes=IN | {"link": "A45"}),
    House("MN-IN", "main", PRESSURE, 150, attributes=IN | {"link": "INA"}),
    House("JN-END", "junction", PRESSURE, 200, attributes=IN | {"node": "A5"}),
    House("JN-B", "junction", PRESSURE, 900, attributes=IN | {"node": "B4"}),
    House("QS-A1", "quality-station", {"chlorine": "free_chlorine"}, attributes=IN | {"node": "A1"}),
    House("QS-END", "quality-station", {"chlorine": "free_chlorine"}, attributes=IN | {"node": "A5"}),
    House("QS-B", "quality-station", {"chlorine": "free_chlorine"}, attributes=IN | {"node": "B5"}),
    House("JN-PLAIN", "junction", PRESSURE, 3000),
)
TIME = {"start": Span(30 * MINUTE), "duration": Span(60 * MINUTE)}


def change(sensor: str, *incidents: Incident) -> float:
    """What an incident does to a sensor's mean in its second half, against the same hours without it."""
    means = []
    for happening in (incidents, ()):
        scenario = Scenario(name="one", duration=Span(120 * MINUTE), incidents=happening)
        minutes, values = series(sent(TOWN, 89, scenario), sensor)
        means.append(values[(minutes > 60) & (minutes < 88)].mean())
    return float(means[0] - means[1])


def by_wntr(hours: int):
    """The same day by wntr: the city's day as a pattern over the mean demands."""
    model = wntr.network.WaterNetworkModel(str(find("water", "EPANET")))
    model.options.time.duration = hours * 3600
    model.add_pattern("day", [DEMAND.at(minute / 60 % 24) for minute in range(hours * 60 + 1)])
    for name in model.junction_name_list:
        model.get_node(name).demand_timeseries_list[0].pattern_name = "day"
    return model


def test_a_day_is_wntrs_own(tmp_path: Path) -> None:
    """Every minute of a day: pressures within 0.01 m, flows within 0.1 m3/h of wntr's; chlorine within 0.01
    mg/L in 98 minutes of 100, and 0.06 in all, for a front may pass a minute sooner or later."""
    model = by_wntr(24)
    expected = wntr.sim.EpanetSimulator(model).run_sim(file_prefix=str(tmp_path / "run"))
    network = Network(find("water", "EPANET"))
    network.start(DEMAND.at(0.0))
    nodes, links = ("H1", "HILL", "A1", "A5", "B4"), ("PUMP", "INA", "INB", "RISE", "A24")
    got = [([network.pressure(n) for n in nodes], [network.flow(k) for k in links], network.quality("A5"))]
    for minute in range(1, 24 * 60 + 1):
        network.step(60, DEMAND.at(minute / 60 % 24), {}, {}, frozenset(), frozenset())
        got.append(
            ([network.pressure(n) for n in nodes], [network.flow(k) for k in links], network.quality("A5"))
        )
    pressures, flows, chlorine = (np.array(part) for part in zip(*got, strict=True))
    assert pressures == pytest.approx(expected.node["pressure"][list(nodes)].to_numpy(), abs=0.01)
    assert flows == pytest.approx(expected.link["flowrate"][list(links)].to_numpy() * 3600, abs=0.1)
    apart = np.abs(chlorine - expected.node["quality"]["A5"].to_numpy() * 1000)
    assert np.quantile(apart, 0.98) < 0.01
    assert apart.max() < 0.06


def test_a_burst_runs_out_what_wntrs_other_solver_says() -> None:
    """A hole of 60 mm, Cd 0.6: EPANET's emitter against the leak of wntr's own solver, within 2 %."""
    model = wntr.network.WaterNetworkModel(str(find("water", "EPANET")))
    model.options.time.duration = 0
    model.get_node("A4").add_leak(model, area=np.pi / 4 * 0.06**2, discharge_coeff=0.6, start_time=0)
    solved = wntr.sim.WNTRSimulator(model).run_sim()
    network = Network(find("water", "EPANET"))
    network.start(1.0)
    network.step(1, 1.0, {}, {"A4": orifice(0.06)}, frozenset(), frozenset())
    out = network.demand("A4") - 15
    assert out == pytest.approx(float(solved.node["leak_demand"]["A4"].iloc[0]) * 3600, rel=0.02)
    assert network.pressure("A4") == pytest.approx(float(solved.node["pressure"]["A4"].iloc[0]), rel=0.02)


def test_a_network_loses_no_water() -> None:
    """What the works give is what is used and what the tank gains, within 0.1 %."""
    network = Network(find("water", "EPANET"))
    network.start(1.0)
    gained = given_out = 0.0
    level = network.pressure("HILL")
    for _ in range(600):
        used = sum(network.demand(f"{zone}{n}") for zone in "AB" for n in range(1, 6))
        gained += network.flow("PUMP") / 60
        given_out += used / 60
        network.step(60, 1.0, {}, {}, frozenset(), frozenset())
    stored = (network.pressure("HILL") - level) * np.pi / 4 * 16**2
    assert gained == pytest.approx(given_out + stored, rel=1e-3)


def test_a_burst_is_felt_most_where_it_is_and_fed_by_its_zone() -> None:
    burst = Burst(**TIME, asset="MN-A", hole_mm=80)
    there, end, other = (change(f"d-{asset}/pressure", burst) for asset in ("MN-A", "JN-END", "JN-B"))
    assert there < -0.05
    assert end < -0.05
    assert -0.03 < other < 0
    assert change("d-DMA-A/flow", burst) > 50
    assert change("d-DMA-B/flow", burst) == pytest.approx(0, abs=3)
    assert change("d-JN-PLAIN/pressure", burst) > -0.05


def test_a_slow_leak_grows() -> None:
    leak = SlowLeak(start=Span(0), duration=Span(90 * MINUTE), asset="MN-A", hole_mm=60)
    scenario = Scenario(name="one", duration=Span(120 * MINUTE), incidents=(leak,))
    with_leak = series(sent(TOWN, 89, scenario), "d-DMA-A/flow")[1]
    without = series(sent(TOWN, 89), "d-DMA-A/flow")[1]
    thirds = [float(part.mean()) for part in np.array_split(with_leak - without, 3)]
    assert 3 < thirds[0] < thirds[1] - 10 < thirds[2] - 20


def test_a_shut_valve_cuts_off_what_is_behind_it_only() -> None:
    assert change("d-JN-END/pressure", ValveClosed(**TIME, asset="MN-END")) < -0.2
    assert change("d-DMA-A/flow", ValveClosed(**TIME, asset="MN-IN")) < -50
    assert change("d-JN-B/pressure", ValveClosed(**TIME, asset="MN-IN")) > 0


def test_a_tripped_pump_empties_the_tank_and_all_comes_back_after_it() -> None:
    trip = PumpTrip(**TIME, asset="DMA-A")
    assert change("d-JN-B/pressure", trip) < -0.01
    scenario = Scenario(name="one", duration=Span(400 * MINUTE), incidents=(trip,))
    _, values = series(sent(TOWN, 300, scenario), "d-JN-B/pressure")
    _, usual = series(sent(TOWN, 300), "d-JN-B/pressure")
    assert values[-30:].mean() == pytest.approx(usual[-30:].mean(), abs=0.02)


def test_foreign_water_uses_up_chlorine_downstream_and_later_there() -> None:
    foreign = Contamination(**TIME, asset="QS-A1", chlorine_left=0.1)
    assert change("d-QS-A1/chlorine", foreign) < -0.3
    assert change("d-QS-B/chlorine", foreign) == pytest.approx(0, abs=0.02)
    lasting = Contamination(start=Span(30 * MINUTE), duration=Span(200 * MINUTE), asset="QS-A1")
    scenario = Scenario(name="one", duration=Span(240 * MINUTE), incidents=(lasting,))
    fallen = []
    for sensor in ("d-QS-A1/chlorine", "d-QS-END/chlorine"):
        minutes, values = series(sent(TOWN, 230, scenario), sensor)
        fallen.append(minutes[np.argmax(values < values[:20].mean() / 2)])
    assert 30 <= fallen[0] < fallen[1] - 15 < 200


def test_a_pressure_is_the_networks_in_mpa() -> None:
    network = Network(find("water", "EPANET"))
    network.start(DEMAND.at(8.0))
    _, values = series(sent(TOWN, 2), "d-JN-B/pressure")
    assert values[0] == pytest.approx(network.pressure("B4") / METRES_PER_MPA, abs=0.02)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wntr", None)
    with pytest.raises(UnavailableError, match=r"lifeline\[hydraulics\]"):
        sent(TOWN, 1)
    assert sent(village(replace(ZONE_A, attributes={})), 1)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"network": "nowhere"}, "no network nowhere: .* or one of: .*water"),
        (IN, "asset DMA-A: expected attribute node or link"),
        (IN | {"node": "Z9"}, "asset DMA-A: network water has no node Z9"),
        (IN | {"node": "A1", "link": "Z"}, "asset DMA-A: network water has no link Z"),
    ],
)
def test_what_is_not_in_the_network_is_named(attributes: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        sent(village(replace(ZONE_A, attributes=attributes)), 1)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.inp").write_text("[JUNCTIONS]\n A 1 1\n[OPTIONS]\n UNITS LPS\n[END]\n")
    with pytest.raises(ConfigurationError, match=r"other\.inp"):
        Network(tmp_path / "other.inp")


def test_a_valve_outside_any_network_is_refused() -> None:
    plain = village(House("MN", "main", PRESSURE))
    scenario = Scenario(name="one", duration=Span(MINUTE * 120), incidents=(ValveClosed(**TIME, asset="MN"),))
    with pytest.raises(
        ConfigurationError, match="valve-closed at MN: expected a main with attributes network"
    ):
        sent(plain, 1, scenario)


def test_the_same_town_says_the_same_byte_for_byte() -> None:
    burst = Scenario(
        name="one", duration=Span(120 * MINUTE), incidents=(Burst(**TIME, asset="MN-A", hole_mm=80),)
    )
    assert [each.payload for each in sent(TOWN, 60, burst)] == [
        each.payload for each in sent(TOWN, 60, burst)
    ]


def test_how_it_is_stepped_hardly_matters() -> None:
    """Ten minutes by the second and by the minute: pressures within 0.01 m."""
    minutely, secondly = Network(find("water", "EPANET")), Network(find("water", "EPANET"))
    for network, seconds in ((minutely, 60), (secondly, 1)):
        network.start(1.5)
        for _ in range(600 // seconds):
            network.step(seconds, 1.5, {}, {}, frozenset(), frozenset())
    for node in ("HILL", "A5", "B4"):
        assert minutely.pressure(node) == pytest.approx(secondly.pressure(node), abs=0.01)
