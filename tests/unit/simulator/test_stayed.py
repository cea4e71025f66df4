"""Decks held up by cables against closed forms and finite elements, each within a stated tolerance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import eigh
from scipy.optimize import brentq

from simulator.cables import DAMPING, HARMONICS, string
from simulator.stayed import STEEL_PA, Deck, Stays, ernst_pa, fitted
from simulator.vibration import Shaking
from tests.unit.simulator.elements import finite_elements

LENGTH, MASS, BENDING = 220.0, 7000.0, 4e11
NODES = np.array([16, 30, 41, 52, 58, 69, 80, 94])
"""Anchors at nodes of 110 elements."""
DECK = Deck(LENGTH, MASS, BENDING, 2.0 * NODES, 1e6 * np.array([10.5, 5.5, 3.5, 2.5, 2.5, 3.5, 5.5, 10.5]))
TRUCK = 40e3 * 9.81


def bare(length: float = LENGTH) -> Deck:
    return Deck(length, MASS, BENDING, np.empty(0), np.empty(0))


def foundation(count: int, per_m: float, length: float = LENGTH) -> Deck:
    """A beam on so many equal springs, which make ``per_m`` N/m for each metre."""
    anchors = (np.arange(count) + 0.5) * length / count
    return Deck(length, MASS, BENDING, anchors, np.full(count, per_m * length / count))


@st.composite
def decks(draw: st.DrawFn) -> Deck:
    count = draw(st.integers(1, 8))
    numbers = st.lists(st.floats(0.02, 0.98), min_size=count, max_size=count)
    anchor = LENGTH * np.array(draw(numbers))
    return Deck(LENGTH, MASS, draw(st.floats(1e11, 5e12)), anchor, 2e7 * np.array(draw(numbers)))


somewhere = st.floats(0.01, 0.99).map(lambda share: LENGTH * share)


def test_without_cables_it_swings_and_gives_way_as_a_beam() -> None:
    """n^2 pi / (2 L^2) sqrt(EI / m), P L^3 / 48 EI and P L / 4, to rounding."""
    first = np.pi / (2 * LENGTH**2) * np.sqrt(BENDING / MASS)
    assert bare().modes(4, 55.0)[0] == pytest.approx(first * np.array([1, 4, 9, 16]))
    middle, load = np.array([LENGTH / 2]), np.array([TRUCK])
    assert bare().sag(LENGTH / 2, middle, load) == pytest.approx(TRUCK * LENGTH**3 / (48 * BENDING))
    assert bare().moment(LENGTH / 2, middle, load) == pytest.approx(TRUCK * LENGTH / 4)


@pytest.mark.parametrize("per_m", [1e3, 2e5, 1e7])
def test_on_many_even_cables_it_swings_as_a_beam_on_an_elastic_foundation(per_m: float) -> None:
    """omega_n^2 = (EI (n pi / L)^4 + k) / m, four modes, within 1e-6."""
    order = np.arange(1, 5)
    squares = (BENDING * (order * np.pi / LENGTH) ** 4 + per_m) / MASS
    assert foundation(60, per_m).modes(4, 55.0)[0] == pytest.approx(np.sqrt(squares) / (2 * np.pi), rel=1e-6)


def test_a_long_deck_on_many_cables_gives_way_as_hetenyis_beam() -> None:
    """P b / 2 k and P / 4 b with b = (k / 4 EI)^(1/4), for an endless beam on a foundation, within 1 %."""
    length, per_m = 800.0, 2e5
    deck, b = foundation(400, per_m, length), (per_m / (4 * BENDING)) ** 0.25
    middle, load = np.array([length / 2]), np.array([TRUCK])
    assert deck.sag(length / 2, middle, load) == pytest.approx(TRUCK * b / (2 * per_m), rel=0.01)
    assert deck.moment(length / 2, middle, load) == pytest.approx(TRUCK / (4 * b), rel=0.01)


def test_its_modes_are_those_of_finite_elements() -> None:
    """Five frequencies within 0.1 %, their shapes at a quarter within 1 %."""
    springs = dict(zip(NODES.tolist(), DECK.spring.tolist(), strict=True))
    k, m = finite_elements(LENGTH, BENDING, MASS, 110, springs)
    squares, shapes = eigh(k, m, subset_by_index=[0, 4])
    frequency, shape = DECK.modes(5, 54.0)
    assert frequency == pytest.approx(np.sqrt(squares) / (2 * np.pi), rel=1e-3)
    assert np.abs(shape) == pytest.approx(np.abs(shapes[2 * 27 - 1]), rel=0.01)


@pytest.mark.parametrize("node", [10, 41, 55, 90])
def test_it_gives_way_and_shares_a_load_as_finite_elements_do(node: int) -> None:
    """Sag and cables within 1e-6; the moment, of an element's end forces, as well."""
    springs = dict(zip(NODES.tolist(), DECK.spring.tolist(), strict=True))
    k, _ = finite_elements(LENGTH, BENDING, MASS, 110, springs)
    load = np.zeros(len(k))
    load[2 * node - 1] = TRUCK
    bent = np.linalg.solve(k, load)
    at = np.array([2.0 * node])
    assert DECK.sag(110.0, at, load[[2 * node - 1]]) == pytest.approx(bent[2 * 55 - 1], rel=1e-6)
    pulls = DECK.pulls(at, np.array([[TRUCK]]))[:, 0]
    assert pulls == pytest.approx(DECK.spring * bent[2 * NODES - 1], rel=1e-6)
    v1, t1, v2, t2 = bent[2 * 53 - 1 : 2 * 53 + 3]  # the element from 106 to 108 m, 2 m long
    moment = -BENDING / 2**2 * (6 * v1 + 2 * 2 * t1 - 6 * v2 + 4 * 2 * t2)
    assert DECK.moment(108.0, at, np.array([TRUCK])) == pytest.approx(moment, rel=1e-6)


@given(deck=decks(), at=st.lists(somewhere, min_size=1, max_size=4))
def test_cables_and_supports_bear_what_stands_on_the_deck(deck: Deck, at: list[float]) -> None:
    """Sum of forces and of moments about the left end, within 1e-6 of the load."""
    places, load = np.array(at), np.full(len(at), TRUCK)
    near = 1e-3  # m; nothing stands or pulls so near to an end, so the moment there is the support's
    left = deck.moment(near, places, load) / near
    right = deck.moment(LENGTH - near, places, load) / near
    pulls = deck.pulls(places, load[:, None])[:, 0]
    assert left + pulls.sum() + right == pytest.approx(load.sum(), rel=1e-6)
    assert pulls @ deck.anchor + right * LENGTH == pytest.approx(load @ places, rel=1e-6)


@given(deck=decks(), x=somewhere, y=somewhere)
def test_a_load_here_does_there_what_one_there_does_here(deck: Deck, x: float, y: float) -> None:
    """Maxwell and Betti, within 1e-6 of what a load does where it stands."""
    load = np.array([TRUCK])
    there, here = deck.sag(x, np.array([y]), load), deck.sag(y, np.array([x]), load)
    assert there == pytest.approx(here, abs=1e-6 * deck.sag(x, np.array([x]), load) + 1e-12)


@settings(max_examples=30)
@given(deck=decks(), left=st.floats(0.1, 1), lost=st.floats(0, 1))
def test_whatever_is_lost_it_swings_no_faster(deck: Deck, left: float, lost: float) -> None:
    """Rayleigh: every frequency falls, or stays."""
    shares = np.zeros(len(deck.anchor))
    shares[0] = lost
    after = deck.weakened(left, shares).modes(5, 55.0)[0]
    assert (after <= deck.modes(5, 55.0)[0] * (1 + 1e-6)).all()


def stays(force_n: float = 3.9e6) -> Stays:
    return Stays(
        anchor=np.array([57.5, 105.0, 115.0, 162.5]),
        length=np.array([72.0, 118.0, 118.0, 72.0]),
        mass=np.full(4, 62.0),
        slope=np.radians([37.0, 27.0, 27.0, 37.0]),
        area=np.full(4, 7.3e-3),
        force=np.full(4, force_n),
    )


@settings(max_examples=20)
@given(frequency=st.floats(0.9, 3))
def test_a_deck_is_as_stiff_as_its_frequency_says(frequency: float) -> None:
    """Within 1e-6."""
    deck = fitted(LENGTH, MASS, frequency, stays())
    assert deck is not None
    assert deck.modes(1, 55.0)[0] == pytest.approx([frequency], rel=1e-6)


def test_no_deck_swings_more_slowly_than_its_cables_let_it() -> None:
    assert fitted(LENGTH, MASS, 0.1, stays()) is None


@pytest.mark.parametrize(("span", "force"), [(105.0, 4e6), (105.0, 2e6), (300.0, 5e6)])
def test_a_sagging_cable_stretches_as_ernst_says(span: float, force: float) -> None:
    """dH / dL of an elastic catenary of one unstretched length, solved by itself, within 2 %."""
    weight, area = 62 * 9.81, 7.3e-3

    def unstretched(chord: float, h: float) -> float:
        hanging = 2 * h / weight * np.sinh(weight * chord / (2 * h))
        stretch = (h * chord / 2 + h**2 / (2 * weight) * np.sinh(weight * chord / h)) / (STEEL_PA * area)
        return hanging - stretch

    longer = 1e-4
    length = unstretched(span, force)
    taut = brentq(lambda h: unstretched(span + longer, h) - length, force, 2 * force, xtol=1e-3)
    tangent = (taut - force) / longer * span / area
    modulus = ernst_pa(*(np.array([each]) for each in (span, weight, area, force)))[0]
    assert modulus == pytest.approx(tangent, rel=0.02)
    assert modulus < STEEL_PA


def test_a_cable_rings_as_a_taut_string_does() -> None:
    """n / (2 L) sqrt(T / m); the peaks of ten minutes' shaking within 0.5 %, and as loud as it should be."""
    modes = string(118.0, 62.0, 3900.0)
    assert modes.frequency == pytest.approx(np.arange(1, HARMONICS + 1) / 236 * np.sqrt(3.9e6 / 62))
    shaking = Shaking(np.random.default_rng(5))
    series = np.concatenate([shaking.block(modes, 0.05, 50.0, 500) for _ in range(60)]).astype(np.float64)
    frequency, power = np.fft.rfftfreq(len(series), 1 / 50), np.abs(np.fft.rfft(series)) ** 2
    for mode in modes.frequency:
        near = np.abs(frequency / mode - 1) < 0.1
        centre = power[near] @ frequency[near] / power[near].sum()
        assert centre == pytest.approx(mode, rel=0.005)
    assert series.std() == pytest.approx(0.05, rel=0.05)


def test_modes_that_move_are_heard_from_the_next_block_on() -> None:
    shaking = Shaking(np.random.default_rng(7))
    taut, slacker = string(118.0, 62.0, 3900.0), string(118.0, 62.0, 0.64 * 3900.0)
    shaking.block(taut, 0.05, 50.0, 2000)
    power = np.abs(np.fft.rfft(shaking.block(slacker, 0.05, 50.0, 2000))) ** 2
    frequency = np.fft.rfftfreq(2000, 1 / 50)
    low = frequency < 1.5 * slacker.frequency[0]
    assert frequency[low][power[low].argmax()] == pytest.approx(slacker.frequency[0], rel=0.03)


def test_a_cables_peaks_are_as_narrow_as_its_damping() -> None:
    """The half-power width is 2 d f, within 25 %, of the mean of 200 spectra."""
    modes, shaking = string(48.0, 40.0, 2200.0), Shaking(np.random.default_rng(6))
    blocks = [shaking.block(modes, 1.0, 50.0, 1 << 14).astype(np.float64) for _ in range(200)]
    power = np.mean([np.abs(np.fft.rfft(block)) ** 2 for block in blocks], axis=0)
    first = np.abs(np.fft.rfftfreq(1 << 14, 1 / 50) / modes.frequency[0] - 1) < 0.1
    width = np.count_nonzero(power[first] > power[first].max() / 2) * 50 / (1 << 14)
    assert width == pytest.approx(2 * DAMPING * modes.frequency[0], rel=0.25)
