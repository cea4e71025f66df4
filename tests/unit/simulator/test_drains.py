"""Drainage by SWMM: what incidents do in it, and the same town by the plain model beside it."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sensors.errors import ConfigurationError, UnavailableError
from sensors.readings import MINUTE
from simulator.drainage import Backflow, Blockage, PumpFailure
from simulator.incidents import Incident, Span
from simulator.rain import Storm
from simulator.scenario import Scenario
from simulator.sewer_air import SewerGas
from tests.unit.simulator.sewer_town import HOUSES, IN, RAIN, STATION, UNDERPASS, hole, plain, town
from tests.unit.simulator.village import House, sent, series, village

pytest.importorskip("pyswmm")

Series = Mapping[str, np.ndarray]

TIME = {"start": Span(20 * MINUTE), "duration": Span(60 * MINUTE)}
STORM = Storm(**TIME, asset="RG", depth_mm=65)
MINUTES = 180


def scenario(*incidents: Incident) -> Scenario:
    return Scenario(name="one", duration=Span(600 * MINUTE), incidents=incidents)


@cache
def run(*incidents: Incident, by_swmm: bool = True) -> Series:
    """Every sensor's values, one a minute."""
    messages = sent(town(by_swmm=by_swmm), MINUTES, scenario(*incidents))
    names = {name for message in messages for name in message.names}
    return {name.removeprefix("d-"): series(messages, name)[1] for name in names}


def first(values: np.ndarray, above: float) -> int:
    """The first minute above a limit."""
    assert values.max() > above
    return int(np.argmax(values > above))


MAIN = ("M1/flow", "M2/flow", "M3/flow", "M4/flow", "M5/flow", "S1/flow", "S2/flow")


def test_a_storm_runs_off_as_in_the_plain_model() -> None:
    """Volumes within 3 %, peaks within 20 % and 10 minutes: runoff is SWMM's own, not a linear reservoir."""
    swmm, own = run(STORM), run(STORM, by_swmm=False)
    for flow in MAIN:
        assert swmm[flow].sum() == pytest.approx(own[flow].sum(), rel=0.03), flow
        assert swmm[flow].max() == pytest.approx(own[flow].max(), rel=0.2), flow
        assert abs(int(swmm[flow].argmax()) - int(own[flow].argmax())) <= 10, flow
    assert swmm["UP/ponding"].max() == pytest.approx(own["UP/ponding"].max(), rel=0.15)


def test_a_storm_does_the_same_things_in_the_same_order_as_in_the_plain_model() -> None:
    """Rain, the side branch surcharged, water in the underpass, the well over its pumps, all dry again."""
    orders = []
    for by_swmm in (True, False):
        seen = run(STORM, by_swmm=by_swmm)
        flooded = seen["UP/ponding"] > 3
        at = {
            "rain": first(seen["RG/rain"], 60),
            "underpass": int(np.argmax(flooded)),
            "surcharge": first(seen["S2/level"], 0.8),
            "well": first(seen["PS/level"], 4.8),
            "dry": int(np.flatnonzero(flooded)[-1]),
        }
        orders.append(sorted(at, key=at.__getitem__))
    assert orders[0] == orders[1]


def test_a_flood_stands_on_the_street_and_goes_back_into_the_sewer() -> None:
    """SWMM alone knows backwater: the full well backs up into L2, which rises over its rim and falls."""
    level = run(STORM)["L2/level"]
    assert level.max() > 3.0
    assert level.max() < 3.3
    assert level[-1] < 0.4


def test_a_blocked_pipe_backs_up_as_in_the_plain_model() -> None:
    """97 % of M4's pipe: full above it, within 0.06 m; less arrives below it; two manholes up, nothing."""
    blocked = Blockage(start=Span(20 * MINUTE), duration=Span(300 * MINUTE), asset="M4", blocked=0.97)
    swmm, own, usual = run(blocked), run(blocked, by_swmm=False), run()
    late = slice(150, MINUTES)
    assert swmm["M4/level"][late].mean() == pytest.approx(own["M4/level"][late].mean(), abs=0.06)
    assert swmm["M4/level"][late].mean() > usual["M4/level"][late].mean() + 0.3
    dip = slice(25, 40)
    for seen in (swmm, own):
        assert seen["M5/flow"][dip].mean() < 0.75 * usual["M5/flow"][dip].mean()
    assert swmm["M2/level"] == pytest.approx(usual["M2/level"], abs=0.03)


def test_a_blockage_that_is_cleared_lets_go() -> None:
    blocked = Blockage(**TIME, asset="M4", blocked=0.99)
    seen, usual = run(blocked), run()
    assert seen["M4/level"][75] > usual["M4/level"][75] + 0.4
    assert seen["M5/flow"][80:85].max() > 3 * usual["M5/flow"][80:85].max()
    assert seen["M4/level"][-30:] == pytest.approx(usual["M4/level"][-30:], abs=0.03)


def test_a_station_whose_pumps_stand_still_fills_up_and_works_again_afterwards() -> None:
    """19 m3/h of dry weather on 30 m2 of well: 0.6 m in an hour."""
    failed = PumpFailure(start=Span(0), duration=Span(75 * MINUTE), asset="PS")
    seen, usual = run(failed), run()
    level, flow = seen["PS/level"], seen["PS/flow"]
    assert level[70] - level[10] == pytest.approx(usual["L2/flow"][10:70].mean() / 30, rel=0.03)
    assert np.abs(flow[2:74]).max() < 5
    assert flow[77:80].min() > 300
    assert level[100] < level[74] - 0.5


def test_a_river_that_rises_flows_back_into_the_main_and_leaves_it_again() -> None:
    """2.5 m over the outlet, which lies 0.32 m below M5: water stands in M5, later in M4, hardly in M1."""
    seen, usual = run(Backflow(**TIME, asset="M5", stage_m=2.5)), run()
    assert seen["M5/flow"].min() < -200
    assert seen["M5/level"].max() == pytest.approx(2.5 - 0.32, abs=0.2)
    assert first(seen["M5/level"], 0.5) < first(seen["M4/level"], 0.5) < first(seen["M3/level"], 0.5)
    assert seen["M5/level"][-10:] == pytest.approx(usual["M5/level"][-10:], abs=0.05)
    assert seen["L2/level"] == pytest.approx(usual["L2/level"], abs=0.03)


def test_an_asset_without_a_network_stays_plain_beside_it() -> None:
    aside = House("MH", "manhole", {"level": "sewer_level"}, attributes={"pipe_diameter_m": 0.5})
    alone = series(sent(village(aside), 60, seed=3), "d-MH/level")
    beside = series(sent(village(aside, RAIN, STATION, UNDERPASS), 60, seed=3), "d-MH/level")
    assert beside[1] == pytest.approx(alone[1], abs=0.03)


def test_sewer_gas_goes_on_over_it() -> None:
    smelly = replace(hole("M2", 0.5, 8000), sensors={"h2s": "hydrogen_sulfide"})
    gas = scenario(SewerGas(**TIME, asset="M2", h2s_mg_m3=25))
    _, sulfide = series(sent(village(RAIN, smelly), 80, gas), "d-M2/h2s")
    assert sulfide[:20].max() < 5
    assert sulfide[60:].min() > 20


def test_the_first_of_the_copies_of_a_gauge_has_the_rain() -> None:
    copy = replace(RAIN, id="RG.2", north=50_000)
    early = scenario(Storm(start=Span(0), duration=Span(30 * MINUTE), asset="RG", depth_mm=40))
    wet, dry = (
        series(sent(village(*gauges, M3), 40, early), "d-M3/level")[1].max()
        for gauges in ((RAIN, copy), (copy, RAIN))
    )
    assert wet > 0.3 > dry


def test_the_same_town_says_the_same_byte_for_byte() -> None:
    early = Storm(start=Span(0), duration=Span(40 * MINUTE), asset="RG", depth_mm=40)
    one, again, other = (
        [each.payload for each in sent(town(), 30, scenario(early), seed=seed)] for seed in (1, 1, 2)
    )
    assert one == again != other


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyswmm", None)
    with pytest.raises(UnavailableError, match=r"a sewer network needs the extra .*lifeline\[hydraulics\]"):
        sent(town(), 1)
    assert sent(town(by_swmm=False), 1)


M3, M5 = HOUSES[3], HOUSES[5]


@pytest.mark.parametrize(
    ("houses", "said"),
    [
        ([replace(RAIN, attributes={"network": "nowhere"})], "no network nowhere: .* SWMM.* one of: sewer"),
        ([RAIN, replace(M3, attributes=IN)], "asset M3: expected attribute node beside network"),
        ([RAIN, replace(M3, attributes=IN | {"node": "Z"})], "asset M3: network sewer has no node Z"),
        (
            [RAIN, replace(M3, attributes=IN | {"node": "M3", "link": "PM4"})],
            "asset M3: expected attribute link, what leaves node M3 of network sewer: one of PM3",
        ),
        ([RAIN, replace(M3, attributes=IN | {"node": "RIVER"})], "asset M3: .*: one of nothing"),
        ([M3], "rain gages RAIN of the city's sewer network: expected a rain-gauge with attributes"),
        ([RAIN, replace(RAIN, id="RG-2", attributes=IN | {"gage": "G2"})], "network has no rain gage G2"),
        (
            [RAIN, replace(M3, attributes={"network": "other", "node": "M3"})],
            "names the networks other, sewer: expected one, for SWMM computes one sewer network a process",
        ),
    ],
)
def test_what_is_not_in_the_network_is_named(houses: list[House], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        sent(village(*houses), 1)


@pytest.mark.parametrize(
    ("house", "said"),
    [
        (plain(M5), "backflow at M5: expected a manhole with attributes network and node"),
        (M3, "backflow at M3: expected a manhole whose pipe leads to an outfall, but PM3 leads to M4"),
    ],
)
def test_nothing_flows_back_where_nothing_leads_out(house: House, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        sent(village(RAIN, house), 1, scenario(Backflow(**TIME, asset=house.id)))


def test_a_blockage_in_a_sewer_that_is_plain_leaves_the_network_alone() -> None:
    other = replace(plain(M3), id="MH")
    incidents = scenario(Blockage(**TIME, asset="MH", blocked=0.99))
    towns = (sent(village(RAIN, M3, other), 60, each) for each in (incidents, scenario()))
    with_it, without = (series(messages, "d-M3/level")[1] for messages in towns)
    assert list(with_it) == list(without)
