import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.model import Relation
from sensors.readings import MINUTE
from simulator.air import accumulate, percent_lel
from simulator.incidents import Span
from simulator.scenario import Scenario
from simulator.soil import SEEPING_SHARE, GasLeak
from tests.unit.simulator.village import House, sent, series, village

CH4 = {"ch4": "methane_lel"}
flows = st.floats(0.0, 20.0)


def one(value: float) -> np.ndarray:
    return np.array([value])


@given(inflow=flows, exchange=flows, volume=st.floats(0.5, 50.0), hours=st.floats(0.001, 24.0))
def test_a_step_follows_the_balance_it_integrates(
    inflow: float, exchange: float, volume: float, hours: float
) -> None:
    """V dC/dt = q (1 - C) - Qv C, by many small steps of the equation itself."""
    fraction, steps = 0.02, 20_000
    for _ in range(steps):
        fraction += (inflow * (1 - fraction) - exchange * fraction) / volume * hours / steps
    exact = accumulate(one(0.02), one(inflow), one(exchange), one(volume), hours)[0]
    assert exact == pytest.approx(fraction, rel=5e-2, abs=1e-3)


@given(inflow=flows, exchange=flows, cut=st.floats(0.01, 0.99))
def test_two_steps_are_one(inflow: float, exchange: float, cut: float) -> None:
    whole = accumulate(one(0.01), one(inflow), one(exchange), one(3.0), 2.0)
    half = accumulate(one(0.01), one(inflow), one(exchange), one(3.0), 2.0 * cut)
    assert accumulate(half, one(inflow), one(exchange), one(3.0), 2.0 * (1 - cut)) == pytest.approx(whole)


def test_a_sealed_space_without_gas_stays_as_it_is() -> None:
    assert accumulate(one(0.03), one(0.0), one(0.0), one(3.0), 5.0) == pytest.approx(one(0.03))


def test_the_times_to_the_limits_are_those_of_the_closed_form() -> None:
    """3 m3, 0.5 air changes, 0.2 m3/h: 20 %LEL after 9 min, 50 after 25, all of it after 59."""
    minutes = np.arange(1, 121)
    reached = [
        percent_lel(accumulate(one(0.0), one(0.2), one(1.5), one(3.0), minute / 60))[0] for minute in minutes
    ]
    assert [int(minutes[np.argmax(np.array(reached) >= limit)]) for limit in (20, 50, 100)] == [10, 26, 59]


@pytest.mark.parametrize("edge", [("VC", "beside", "MH"), ("MH", "beside", "VC")])
def test_a_leak_builds_up_in_its_chamber_and_later_and_less_beside_it(
    edge: tuple[str, Relation, str],
) -> None:
    chamber = {"volume_m3": 3.0, "air_changes_per_h": 0.5}
    registry = village(
        House("VC", "valve-chamber", CH4, attributes=chamber),
        House("MH", "manhole", CH4),
        House("FAR", "valve-chamber", CH4),
        edges=[edge],
    )
    leak = GasLeak(start=Span(5 * MINUTE), duration=Span(60 * MINUTE), asset="VC", leak_m3h=0.2)
    messages = sent(registry, 66, Scenario(name="leak", duration=Span(120 * MINUTE), incidents=(leak,)))
    minutes, inside = series(messages, "d-VC/ch4")
    expected = percent_lel(
        np.array([0.2 / 1.7 * (1 - np.exp(-1.7 / 3.0 * (minute - 5) / 60)) for minute in minutes])
    )
    later = minutes > 7
    assert inside[later] == pytest.approx(expected[later], rel=0.08, abs=3.0)
    assert inside[~later].max() < 6
    _, beside = series(messages, "d-MH/ch4")
    _, far = series(messages, "d-FAR/ch4")
    assert far.max() < 2
    assert beside[:12].max() < 4
    assert 3 < beside[-5:].mean() < 100 * SEEPING_SHARE * 0.2 / 4.0 / 0.05 + 4
