import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from simulator.hydraulics import depth_ratio, filling, filling_growth, full_flow
from simulator.sewer import Sewer

STREET = (1, 2, 3, -1)


def sewer(below: tuple[int, ...] = STREET, diameter: float = 0.4, rim: float = 3.0) -> Sewer:
    count = len(below)
    return Sewer(
        below=np.array(below, np.intp),
        diameter=np.full(count, diameter),
        length=np.full(count, 50.0),
        slope=np.full(count, 0.003),
        rim=np.full(count, rim),
        shaft_m2=np.full(count, 1.3),
    )


def run(street: Sewer, inflow: float, minutes: int, opening: tuple[float, ...] = (1, 1, 1, 1)) -> None:
    for _ in range(minutes):
        street.step(np.full(len(opening), inflow), np.array(opening, np.float64), 60.0)


@given(
    trees=st.lists(st.integers(0, 8), min_size=1, max_size=9),
    inflows=arrays.arrays(np.float64, (6, 9), elements=st.floats(0, 2000)),
    opening=st.floats(0, 1),
    seconds=st.sampled_from([1.0, 10.0, 60.0]),
)
def test_water_is_neither_made_nor_lost(
    trees: list[int], inflows: np.ndarray, opening: float, seconds: float
) -> None:
    """Whatever the tree (a manhole's next one is one before it), the inflow and what is blocked."""
    below = tuple(min(next_one, index) - 1 for index, next_one in enumerate(trees))
    street = sewer(below)
    count = len(below)
    came, left = 0.0, 0.0
    for inflow in inflows:
        openings = np.ones(count)
        openings[-1] = opening
        left += street.step(inflow[:count], openings, seconds).sum() + street.spilled.sum()
        came += inflow[:count].sum() * seconds / 3600
        assert (street.volume >= 0).all()
        assert (street.level <= 3.0 + 1e-9).all()
    assert came == pytest.approx(left + street.volume.sum(), rel=1e-9, abs=1e-9)


@given(
    trees=st.lists(st.integers(0, 8), min_size=1, max_size=9),
    figures=arrays.arrays(np.float64, (4, 9), elements=st.floats(0.1, 50)),
)
def test_all_levels_are_solved_together_exactly(trees: list[int], figures: np.ndarray) -> None:
    below = [min(next_one, index) - 1 for index, next_one in enumerate(trees)]
    count = len(below)
    area, gain, by_level, by_tailwater = figures[:, :count]
    matrix = np.diag(area + by_level)
    for here, there in enumerate(below):
        if there >= 0:
            matrix[here, there] -= by_tailwater[here]
            matrix[there, here] -= by_level[here]
            matrix[there, there] += by_tailwater[here]
    solved = sewer(tuple(below))._solve(area, gain, by_level, np.where(np.array(below) < 0, 0, by_tailwater))
    assert solved == pytest.approx(np.linalg.solve(matrix, gain))


def test_a_steady_inflow_becomes_a_steady_outflow() -> None:
    street = sewer()
    run(street, 40.0, 120)
    assert street.outflow == pytest.approx([40, 80, 120, 160], rel=1e-3)


def test_it_starts_from_where_the_steady_inflow_would_bring_it() -> None:
    started, ran = sewer(), sewer()
    started.settle(np.full(4, 40.0))
    run(ran, 40.0, 240)
    assert started.level == pytest.approx(ran.level, rel=0.02)


def test_a_blockage_raises_the_level_above_it_and_lowers_it_below() -> None:
    free, blocked = sewer(), sewer()
    for street in (free, blocked):
        street.settle(np.full(4, 40.0))
    run(free, 40.0, 60)
    run(blocked, 40.0, 60, (1, 0.05, 1, 1))
    assert (blocked.level[:2] > free.level[:2] + 0.3).all()
    assert (blocked.level[2:] < free.level[2:]).all()


def test_what_a_full_shaft_cannot_hold_is_spilled() -> None:
    street = sewer()
    run(street, 900.0, 60)
    assert street.level.max() == pytest.approx(3.0)
    assert street.spilled.max() > 0


def test_levels_do_not_swing_against_each_other_in_a_full_street() -> None:
    street = sewer(diameter=0.4)
    flows = []
    for _ in range(90):
        run(street, 180.0, 1)
        flows.append(street.outflow.copy())
    turns = np.diff(np.sign(np.diff(np.array(flows)[30:], axis=0)), axis=0)
    assert (np.count_nonzero(turns, axis=0) < 10).all()


def test_pipes_that_lead_in_a_ring_lead_out() -> None:
    street = sewer((1, 0, -1, 2))
    run(street, 10.0, 200)
    assert street.outflow == pytest.approx([10, 10, 20, 10], rel=1e-2)


def test_a_full_pipe_carries_what_manning_says() -> None:
    """D 0.6 m, 3 per mille, n 0.013: A = 0.2827 m2, R = 0.15 m, 0.337 m3/s."""
    flow = full_flow(np.array([0.6]), np.array([0.003]))[0] / 3600
    assert flow == pytest.approx(0.2827 * 0.15 ** (2 / 3) * np.sqrt(0.003) / 0.013, rel=1e-3)


@given(st.floats(0.01, 1.0))
def test_a_filling_and_its_flow_belong_together(ratio: float) -> None:
    assert depth_ratio(filling(np.array([ratio])))[0] == pytest.approx(ratio, abs=0.01)
    slope = (filling(np.array([ratio + 1e-6])) - filling(np.array([ratio - 1e-6]))) / 2e-6
    assert filling_growth(np.array([ratio])) == pytest.approx(slope, abs=1e-4)
