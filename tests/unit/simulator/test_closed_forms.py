"""The physics against formulas and computations that are not its own, each within a stated tolerance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import eigh
from scipy.signal import welch

from simulator import vibration
from simulator.air import accumulate
from simulator.decks import GAUGES_AT, POSITIONS
from simulator.hydraulics import filling, full_flow, gap_loss, orifice, outflow, pipe_resistance
from simulator.rhythm import Wander, approach
from simulator.sewer import Sewer
from tests.unit.simulator.elements import finite_elements

LENGTH, FREQUENCY, MASS = 40.0, 3.0, 12_000.0
BENDING = float(vibration.stiffness(np.array([LENGTH]), np.array([FREQUENCY]), np.array([MASS]))[0])


@given(
    inflow=st.floats(0.01, 20),
    exchange=st.floats(0, 20),
    volume=st.floats(0.5, 50),
    steps=st.lists(st.floats(0.001, 2), min_size=1, max_size=6),
)
def test_a_chamber_fills_as_the_closed_form_says_however_it_is_stepped(
    inflow: float, exchange: float, volume: float, steps: list[float]
) -> None:
    """C(t) = q / (q + Qv) (1 - exp(-(q + Qv) t / V)), to rounding."""
    q, air, room, fraction = (np.array([value]) for value in (inflow, exchange, volume, 0.0))
    for hours in steps:
        fraction = accumulate(fraction, q, air, room, hours)
    turnover = inflow + exchange
    closed = inflow / turnover * (1 - np.exp(-turnover * sum(steps) / volume))
    assert fraction[0] == pytest.approx(closed, rel=1e-9)


def test_a_chamber_agrees_with_a_solver_of_differential_equations() -> None:
    """Within 1e-6: V dC/dt = q (1 - C) - Qv C by an adaptive Runge-Kutta of order 8."""
    solved = solve_ivp(
        lambda _, c: (0.2 * (1 - c) - 1.5 * c) / 3.0, (0, 2), [0.0], method="DOP853", rtol=1e-10, atol=1e-12
    )
    stepped = accumulate(np.zeros(1), np.array([0.2]), np.array([1.5]), np.array([3.0]), 2.0)
    assert stepped[0] == pytest.approx(solved.y[0, -1], abs=1e-6)


def test_a_spans_natural_frequencies_are_those_of_a_beam_of_finite_elements() -> None:
    """Within 0.1 %, all three."""
    k, m = finite_elements(LENGTH, BENDING, MASS, 40)
    squares = eigh(k, m, eigvals_only=True, subset_by_index=[0, 2])
    assert np.sqrt(squares) / (2 * np.pi) == pytest.approx(FREQUENCY * np.array(vibration.MODES), rel=1e-3)


def test_a_spans_sag_and_strain_under_a_truck_are_those_of_finite_elements() -> None:
    """Within 0.1 % (sag) and 3 % (strain, which elements give by halves of themselves)."""
    count = 40
    k, _ = finite_elements(LENGTH, BENDING, MASS, count)
    load = np.zeros(len(k))
    middle = count - 1  # row of the middle's displacement; the first node's was taken away
    load[middle] = 40e3 * vibration.GRAVITY
    bent = np.linalg.solve(k, load)
    tonnes, length, bending = np.array([40.0]), np.array([LENGTH]), np.array([BENDING])
    assert 1e3 * bent[middle] == pytest.approx(vibration.deflection_mm(tonnes, length, bending)[0], rel=1e-3)
    le = LENGTH / count
    curvature = (bent[middle + 1] - bent[middle - 1]) / le
    assert 1e6 * abs(curvature) * LENGTH / 40 == pytest.approx(
        vibration.strain_um_m(tonnes, length, bending)[0], rel=0.03
    )


def test_gauges_see_the_envelope_of_the_moment_under_a_crossing_load() -> None:
    """M(x) is largest with the load at x: P x (L - x) / L, 4 x (L - x) / L^2 of that in the middle."""
    places = np.array(GAUGES_AT)
    assert np.array(POSITIONS) == pytest.approx(4 * places * (1 - places), abs=0.003)


def test_shaking_has_each_mode_where_it_is_and_as_wide_as_its_damping() -> None:
    """Frequencies within 1 %; damping by the half-power width within 20 %."""
    shaking, modes = vibration.Shaking(np.random.default_rng(4)), vibration.beam(FREQUENCY)
    series = np.concatenate([shaking.block(modes, 0.02, 100.0, 1000) for _ in range(2000)])
    frequency, power = welch(series, 100.0, nperseg=1 << 14)
    heights = []
    for order in vibration.MODES:
        mode = order * FREQUENCY
        near = (frequency > 0.9 * mode) & (frequency < 1.1 * mode)
        peak = power[near].max()
        assert frequency[near][power[near].argmax()] == pytest.approx(mode, rel=0.01)
        smooth = np.convolve(power, np.ones(3) / 3, "same")
        wide = frequency[near][smooth[near] > smooth[near].max() / 2]
        assert (wide[-1] - wide[0]) / (2 * mode) == pytest.approx(vibration.DAMPING, rel=0.2)
        heights.append(np.sqrt(peak))
    shapes = np.abs(np.sin(np.pi * vibration.SENSOR_AT * np.array([1, 2, 3]))) / np.array([1, 4, 9])
    assert np.array(heights) / heights[0] == pytest.approx(shapes / shapes[0], rel=0.25)


def test_a_blow_dies_away_by_the_logarithmic_decrement() -> None:
    """ln(a1 / a2) = 2 pi z over one period, within 1 %."""
    seconds = np.arange(20_000) / 1000
    blow = vibration.ringing(FREQUENCY, 2.0, seconds)
    period = round(1000 / FREQUENCY)
    tops = [blow[at : at + period].max() for at in range(0, 10 * period, period)]
    decrements = -np.diff(np.log(tops))
    assert decrements == pytest.approx(2 * np.pi * vibration.DAMPING, rel=0.01)


@given(flow=st.floats(30, 400), diameter=st.floats(0.2, 0.6))
def test_friction_is_within_a_third_of_hazen_williams(flow: float, diameter: float) -> None:
    """C 130 (cement-lined iron) at a main's 0.3 to 2.5 m/s: h = 10.67 L q^1.852 / (C^1.852 d^4.87)."""
    speed = flow / 3600 / (np.pi / 4 * diameter**2)
    if not 0.3 < speed < 2.5:
        return
    hazen = 10.67 * 1000 * (flow / 3600) ** 1.852 / (130**1.852 * diameter**4.8704)
    assert pipe_resistance(diameter, 1000.0) * flow**2 == pytest.approx(hazen, rel=1 / 3)


def test_friction_is_darcy_weisbachs() -> None:
    """h = f L / D v^2 / 2g, exactly."""
    speed = 150 / 3600 / (np.pi / 4 * 0.3**2)
    expected = 0.02 * 1000 / 0.3 * speed**2 / (2 * 9.81)
    assert pipe_resistance(0.3, 1000.0) * 150**2 == pytest.approx(expected)


def test_a_burst_keeps_the_energy_balance() -> None:
    """The head at the works is what friction takes, and what the jet has: (v / Cd)^2 / 2g."""
    flow, left = outflow(40.0, orifice(0.08), pipe_resistance(0.3, 1200.0))
    jet = flow / 3600 / (0.6 * np.pi / 4 * 0.08**2)
    assert pipe_resistance(0.3, 1200.0) * flow**2 + jet**2 / (2 * 9.81) == pytest.approx(40.0)
    assert left == pytest.approx(jet**2 / (2 * 9.81))


def test_a_gap_loses_the_more_head_the_narrower_it_is() -> None:
    """None when all is open; at half the area that of an abrupt widening from the jet, c 0.676."""
    assert gap_loss(1.0) == 0
    assert gap_loss(0.5) == pytest.approx((1 / (0.67625 * 0.5) - 1) ** 2)
    assert 0 < gap_loss(0.8) < gap_loss(0.1) < gap_loss(0.01) < gap_loss(0.0) < 1e7


def manning(ratio: np.ndarray) -> np.ndarray:
    """Share of the full flow in a circle filled to h/D, with one roughness at all depths."""
    angle = 2 * np.arccos(1 - 2 * ratio)
    area, wetted = (angle - np.sin(angle)) / (2 * np.pi), angle / (2 * np.pi)
    return area * (area / wetted) ** (2 / 3)


def test_part_full_flow_is_near_mannings_with_one_roughness() -> None:
    """Within 0.11 of the full flow and never above it: Bretting's curve has the rougher walls of part-full
    sewers in it, which Camp found to take up to a fifth."""
    ratio = np.linspace(0.05, 0.95, 50)
    short = manning(ratio) - filling(ratio)
    assert short.max() < 0.11
    assert short.min() > -0.01


def test_a_steady_sewer_carries_what_flows_in_at_mannings_depth() -> None:
    """Flow within 1e-3; depth within 0.08 of the diameter of the one Manning gives."""
    count, diameter, slope = 5, 0.5, 0.004
    street = Sewer(
        below=np.array([1, 2, 3, 4, -1]),
        diameter=np.full(count, diameter),
        length=np.full(count, 50.0),
        slope=np.full(count, slope),
        rim=np.full(count, 3.0),
        shaft_m2=np.full(count, 1.3),
    )
    full = float(full_flow(np.array([diameter]), np.array([slope]))[0])
    for share in (0.1, 0.3, 0.5, 0.7):
        inflow = np.array([share * full, 0, 0, 0, 0])
        for _ in range(120):
            street.step(inflow, np.ones(count), 60.0)
        assert street.outflow == pytest.approx(share * full, rel=1e-3)
        depths = np.linspace(0.01, 0.94, 500)
        expected = np.interp(share, manning(depths), depths)
        assert street.level / diameter == pytest.approx(expected, abs=0.08)


def test_a_lag_and_a_wander_do_not_depend_on_how_they_are_stepped() -> None:
    """1 - exp(-t / T); and a wander of the deviation and memory asked for, within 5 %."""
    assert approach(approach(np.zeros(1), 1.0, 30, 60), 1.0, 30, 60) == pytest.approx(1 - np.exp(-1))
    wander = Wander(np.random.default_rng(2), 20_000, 0.5, 100.0)
    before = wander.value.copy()
    for _ in range(4):
        wander.step(25.0)
    assert wander.value.std() == pytest.approx(0.5, rel=0.05)
    assert np.corrcoef(before, wander.value)[0, 1] == pytest.approx(np.exp(-1), rel=0.05)
