"""rate: the slope over a window."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bind import parse_parameters
from tests.unit.rules.kinds.stage import SUBJECT, kind, show, shown, state

RISE = {"rise_per_s": 0.5, "window": "60s"}


def test_a_rise_at_the_limit_over_the_window_is_evidence() -> None:
    assert shown(kind("rate", RISE), [(0, 0), (60, 30), (120, 59.9)]) == [(60, 1), (120, 0)]


def test_a_fall_is_evidence_only_where_falls_count() -> None:
    fall = [(0, 100), (60, 70), (120, 70)]
    assert shown(kind("rate", RISE), fall) == []
    assert shown(kind("rate", {"fall_per_s": 0.5, "window": "60s"}), fall) == [(60, 1), (120, 0)]
    assert shown(kind("rate", {**RISE, "fall_per_s": 0.5}), [(0, 0), (60, 30), (120, 0), (180, 0)]) == [
        (60, 1),
        (180, 0),
    ]


def test_within_the_window_nothing_is_judged() -> None:
    rate = kind("rate", RISE)
    assert shown(rate, [(0, 0), (10, 1e6), (59.9, 1e6)]) == []
    assert shown(rate, [(60, 0)]) == []


def test_evidence_stands_until_the_next_window_says_otherwise() -> None:
    rate = kind("rate", RISE)
    assert shown(rate, [(0, 0), (60, 60), (90, 0), (119, 0)]) == [(60, 1)]
    assert shown(rate, [(120, 0)]) == [(120, 0)]


def test_a_difference_over_a_gap_says_nothing_and_the_next_is_judged_from_there() -> None:
    rate = kind("rate", {**RISE, "max_gap": "10min"})
    assert shown(rate, [(0, 0), (601, 1e6), (661, 1e6 + 30)]) == [(661, 1)]
    assert shown(kind("rate", {**RISE, "max_gap": "10min"}), [(0, 0), (600, 300)]) == [(600, 1)]


def test_evidence_ends_with_the_first_reading_after_a_gap() -> None:
    rate = kind("rate", {**RISE, "max_gap": "10min"})
    assert shown(rate, [(0, 0), (60, 60), (10_000, 1e9)]) == [(60, 1), (10_000, 0)]


def test_evidence_is_held_for_so_long_after() -> None:
    rate = kind("rate", {**RISE, "hold": "5min"})
    readings = [(0, 0), (60, 60), (120, 60), (180, 60), (240, 60), (300, 60), (359, 60), (360, 60)]
    assert shown(rate, readings) == [(60, 1), (360, 0)]


def test_a_restart_does_not_let_go_of_what_is_held() -> None:
    rate = kind("rate", {**RISE, "hold": "5min"})
    shown(rate, [(0, 0), (60, 60), (120, 60)])
    restarted = kind("rate", {**RISE, "hold": "5min"})
    restarted.recall(rate.remember(), SUBJECT, SUBJECT)
    assert shown(restarted, [(180, 60), (359, 60), (360, 60)]) == [(360, 0)]


@given(st.lists(st.floats(-1000, 1000), min_size=2, max_size=30))
def test_with_readings_a_window_apart_it_is_the_difference_of_two(values: list[float]) -> None:
    rate = kind("rate", {**RISE, "fall_per_s": 0.25})
    show(rate, 0, values[0])
    for n, (before, value) in enumerate(pairwise(values), 1):
        show(rate, n * 60, value)
        slope = (value - before) / 60.0
        assert state(rate) == (slope >= 0.5 or slope <= -0.25)


def test_it_tells_an_operator_how_fast() -> None:
    rate = kind("rate", {**RISE, "fall_per_s": 0.25}, {"fall_per_s": 2})
    assert rate.explain(0, 1, 7.0) == "rises by 0.5/s or more or falls by 0.25/s or more, now 7"
    assert rate.explain(1, 1, 7.0) == "falls by 2/s or more, now 7"
    assert rate.explain(0, 0, 7.0) == "changes no faster than it should, now 7"


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({}, "rise_per_s"),
        ({"rise_per_s": 0}, "rise_per_s"),
        ({"rise_per_s": 1, "fall_per_s": -1}, "fall_per_s"),
        ({"rise_per_s": 1, "window": "0s"}, "window"),
        ({"rise_per_s": 1, "window": "2h"}, "window"),
    ],
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("rate", parameters).mistake()
    assert wrong is not None
    assert wrong[0] == where
