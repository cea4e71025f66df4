"""limit: bands, hysteresis, delays."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bind import parse_parameters
from rules.kinds.limit import LimitParameters
from tests.unit.rules.kinds.stage import kind, show, shown, state

THREE = [{"above": 10}, {"above": 20}, {"above": 50}]


def test_a_band_is_entered_at_its_threshold() -> None:
    limit = kind("limit", {"bands": THREE})
    assert shown(limit, [(0, 9.999), (1, 10), (2, 19.9), (3, 20), (4, 50), (5, 49.9), (6, 9.9)]) == [
        (1, 1), (3, 2), (4, 3), (5, 2), (6, 0),
    ]  # fmt: skip


def test_a_lower_bound_is_entered_at_or_below_it() -> None:
    limit = kind("limit", {"bands": [{"below": 0.3}, {"below": 0.1}], "deadband": 0.05})
    assert shown(limit, [(0, 0.31), (1, 0.3), (2, 0.35), (3, 0.1), (4, 0.15), (5, 0.151), (6, 0.351)]) == [
        (1, 1), (3, 2), (5, 1), (6, 0),
    ]  # fmt: skip


def test_bands_on_both_sides_share_the_states() -> None:
    limit = kind("limit", {"bands": [{"above": 8.5}, {"below": 6.5}, {"above": 9.5}]})
    assert shown(limit, [(0, 7), (1, 9), (2, 6), (3, 7), (4, 10)]) == [(1, 1), (2, 2), (3, 0), (4, 3)]


def test_a_band_is_left_only_beyond_its_deadband() -> None:
    limit = kind("limit", {"bands": [{"above": 20}], "deadband": 2})
    assert shown(limit, [(0, 20), (1, 18), (2, 17.999), (3, 19), (4, 20)]) == [(0, 1), (2, 0), (4, 1)]


def test_the_on_delay_is_confirmed_by_a_reading_that_comes_so_long_after_the_first() -> None:
    limit = kind("limit", {"bands": [{"above": 20}], "on_delay": "60s"})
    assert shown(limit, [(0, 21), (59.9, 21), (60, 21)]) == [(60, 1)]


def test_a_break_begins_the_on_delay_anew() -> None:
    limit = kind("limit", {"bands": [{"above": 20}], "on_delay": "60s"})
    assert shown(limit, [(0, 21), (30, 19), (40, 21), (99, 21), (100, 21)]) == [(100, 1)]


def test_the_off_delay_is_confirmed_and_begun_anew_alike() -> None:
    limit = kind("limit", {"bands": [{"above": 20}], "off_delay": "120s"})
    readings = [(0, 21), (10, 5), (100, 21), (110, 5), (229, 5), (230, 5)]
    assert shown(limit, readings) == [(0, 1), (230, 0)]


def test_each_band_has_its_own_delay() -> None:
    limit = kind("limit", {"bands": THREE, "on_delay": "60s"})
    assert shown(limit, [(0, 11), (30, 51), (60, 51), (89, 51), (90, 51)]) == [(60, 1), (90, 3)]


def test_across_a_gap_both_its_ends_count_and_nothing_between() -> None:
    limit = kind("limit", {"bands": [{"above": 20}], "on_delay": "60s"})
    assert shown(limit, [(0, 21), (86_400, 21)]) == [(86_400, 1)]


def test_subjects_with_fewer_bands_stand_beside_others() -> None:
    limit = kind("limit", {"bands": [{"above": 1}]}, {"bands": THREE})
    show(limit, 0, 1e9)
    assert limit.state.tolist() == [1, 0]


@given(st.lists(st.floats(-100, 100), max_size=30))
def test_without_delays_and_deadband_the_state_is_the_highest_band_met(values: list[float]) -> None:
    limit = kind("limit", {"bands": THREE})
    for second, value in enumerate(values):
        show(limit, second, value)
        assert state(limit) == sum(value >= band["above"] for band in THREE)


@given(st.lists(st.tuples(st.integers(1, 90), st.floats(0, 60)), max_size=40))
def test_it_says_what_its_formula_says(steps: list[tuple[int, float]]) -> None:
    on, off, deadband = 60, 120, 1.0
    parameters = {"bands": THREE, "deadband": deadband, "on_delay": f"{on}s", "off_delay": f"{off}s"}
    limit, now = kind("limit", parameters), 0
    entered, since = [False] * 3, [None] * 3
    for step, value in steps:
        now += step
        show(limit, now, value)
        for n, band in enumerate(THREE):
            met = value >= band["above"] - (deadband if entered[n] else 0)
            if met == entered[n]:
                since[n] = None
                continue
            since[n] = now if since[n] is None else since[n]
            if now - since[n] >= (off if entered[n] else on):
                entered[n], since[n] = met, None
        assert state(limit) == max((n + 1 for n in range(3) if entered[n]), default=0)


@pytest.mark.parametrize(
    ("state_", "value", "words"),
    [
        (0, 3.0, "3 is back inside the limits"),
        (1, 12.5, "12.5 is at or above 10 for 1min"),
        (3, 60.0, "60 is at or above 50 for 1min"),
        (1, 9.5, "9.5 is not yet safely back inside the limit of 10"),
        (2, 1.0, "1 is not yet safely back inside the limit of 20"),
    ],
)
def test_it_tells_an_operator_what_is_true(state_: int, value: float, words: str) -> None:
    limit = kind("limit", {"bands": THREE, "on_delay": "60s", "deadband": 1})
    assert limit.explain(0, state_, value) == words


def test_it_tells_of_a_lower_bound() -> None:
    limit = kind("limit", {"bands": [{"below": 0.2}]})
    assert limit.explain(0, 1, 0.1) == "0.1 is at or below 0.2"
    assert limit.explain(0, 1, 0.3) == "0.3 is not yet safely back inside the limit of 0.2"


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"bands": []}, "bands"),
        ({"bands": [{}]}, "bands[0]"),
        ({"bands": [{"above": 1}, {"above": 2, "below": 0}]}, "bands[1]"),
        ({"bands": [{"above": 2}, {"above": 1}]}, "bands"),
        ({"bands": [{"above": 2}, {"above": 2}]}, "bands"),
        ({"bands": [{"below": 1}, {"below": 2}]}, "bands"),
        ({"bands": [{"above": 1}, {"below": 1}]}, "bands"),
        ({"bands": [{"above": 1}, {"below": 0.9}], "deadband": 0.1}, "bands"),
        ({"bands": [{"above": 1}], "deadband": -1}, "deadband"),
    ],
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("limit", parameters).mistake()
    assert wrong is not None
    assert wrong[0] == where


def test_a_parameter_nobody_knows_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="hysteresis"):
        parse_parameters("limit", {"bands": THREE, "hysteresis": 1})


def test_its_memory_is_its_delays() -> None:
    limit = kind("limit", {"bands": THREE, "on_delay": "60s", "off_delay": "2min"}, {"bands": THREE})
    assert limit.memory() == 180_000_000


def test_the_number_of_states_is_the_number_of_bands() -> None:
    parameters = parse_parameters("limit", {"bands": THREE})
    assert isinstance(parameters, LimitParameters)
    assert parameters.states == 3
