"""stuck: a value that does not move though it is reported."""

import pytest

from rules.bind import parse_parameters
from tests.unit.rules.kinds.stage import kind, shown

STUCK = {"window": "10min", "tolerance": 0.1}


def every(minutes: range, value: float) -> list[tuple[float, float]]:
    return [(minute * 60, value) for minute in minutes]


def test_a_value_that_stood_still_for_the_window_is_evidence() -> None:
    assert shown(kind("stuck", STUCK), [*every(range(10), 5.0), (599, 5.0), (600, 5.0)]) == [(600, 1)]


def test_moving_within_the_tolerance_of_the_first_is_standing_still() -> None:
    stuck = kind("stuck", STUCK)
    readings = [(minute * 60, 5.0 + (0.0999 if minute % 2 else -0.0999)) for minute in range(1, 12)]
    assert shown(stuck, [(0, 5.0), *readings]) == [(600, 1)]


def test_a_drift_is_not_standing_still() -> None:
    assert shown(kind("stuck", STUCK), [(minute * 60, minute * 0.06) for minute in range(100)]) == []


def test_the_first_move_ends_it_and_begins_anew() -> None:
    stuck = kind("stuck", STUCK)
    assert shown(stuck, [*every(range(13), 5.0), (780, 5.2), *every(range(14, 24), 5.2)]) == [
        (600, 1),
        (780, 0),
        (1380, 1),
    ]


def test_two_equal_readings_with_a_gap_between_say_nothing() -> None:
    stuck = kind("stuck", STUCK)
    assert shown(stuck, [(0, 5.0), (86_400, 5.0), (86_700, 5.0), (86_999, 5.0)]) == []
    assert shown(stuck, [(87_000, 5.0)]) == [(87_000, 1)]


def test_readings_half_a_window_apart_are_enough() -> None:
    assert shown(kind("stuck", STUCK), [(0, 5.0), (300, 5.0), (600, 5.0)]) == [(600, 1)]
    assert shown(kind("stuck", STUCK), [(0, 5.0), (301, 5.0), (600, 5.0)]) == []


def test_a_gap_does_not_end_what_is_known_to_stand_still() -> None:
    assert shown(kind("stuck", STUCK), [*every(range(11), 5.0), (90_000, 5.0)]) == [(600, 1)]


def test_the_value_that_may_last_is_no_evidence() -> None:
    rain = kind("stuck", {**STUCK, "idle": 0})
    assert shown(rain, every(range(60), 0.0)) == []
    assert shown(rain, every(range(60, 71), 3.0)) == [(70 * 60, 1)]


def test_it_tells_an_operator_where_it_stands() -> None:
    stuck = kind("stuck", STUCK)
    assert stuck.explain(0, 1, 5.0) == "has stood at 5 for 10min or longer"
    assert stuck.explain(0, 0, 6.0) == "moves again, now 6"


@pytest.mark.parametrize(
    ("parameters", "where"),
    [({"tolerance": -1}, "tolerance"), ({"tolerance": 1, "window": "0s"}, "window")],
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("stuck", parameters).mistake()
    assert wrong is not None
    assert wrong[0] == where
