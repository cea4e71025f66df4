"""spike: away and back."""

import numpy as np
import pytest

from rules.bind import parse_parameters
from tests.unit.rules.kinds.stage import kind, shown

SPIKE = {"least": 1, "points": 5, "most": 2}


def every_minute(values: list[float], start: int = 0) -> list[tuple[float, float]]:
    return [(60 * (start + n), value) for n, value in enumerate(values)]


def test_one_reading_away_and_back_is_evidence_from_its_own_time_once_it_is_back() -> None:
    quiet = [5.0] * 5
    assert shown(kind("spike", SPIKE), every_minute([*quiet, 9.0])) == []
    assert shown(kind("spike", SPIKE), every_minute([*quiet, 9.0, 5.0])) == [(300, 1), (360, 0)]
    assert shown(kind("spike", SPIKE), every_minute([*quiet, 1.0, 9.0, 5.0])) == [(300, 1), (420, 0)]


def test_a_step_is_no_spike() -> None:
    assert shown(kind("spike", SPIKE), every_minute([5.0] * 5 + [9.0] * 3 + [5.0] * 9)) == []
    assert shown(kind("spike", SPIKE), every_minute([5.0] * 5 + [9.0] * 30)) == []


def test_nothing_is_said_before_its_readings_are_there_nor_after_a_gap() -> None:
    assert shown(kind("spike", SPIKE), every_minute([5.0] * 4 + [9.0, 5.0])) == []
    gap = {**SPIKE, "max_gap": "5min"}
    assert shown(kind("spike", gap), every_minute([5.0] * 5 + [9.0]) + every_minute([5.0], start=12)) == []


def test_what_is_smaller_than_the_least_is_none_and_neither_is_noise_as_usual() -> None:
    assert shown(kind("spike", SPIKE), every_minute([5.0] * 5 + [6.0, 5.0])) == []
    noise = [0.0, 9.0, 3.0, 6.0, 1.0, 8.0, 4.0, 7.0, 2.0, 5.0] * 5
    assert shown(kind("spike", {**SPIKE, "points": 9}), every_minute(noise)) == []


def test_evidence_is_held_and_another_spike_holds_it_longer() -> None:
    held = {**SPIKE, "hold": "5min"}
    readings = every_minute([5.0] * 5 + [9.0] + [5.0] * 20)
    assert shown(kind("spike", held), readings) == [(300, 1), (660, 0)]
    again = every_minute([5.0] * 5 + [9.0] + [5.0] * 4 + [9.0, 9.0] + [5.0] * 20)
    assert shown(kind("spike", held), again) == [(300, 1), (1020, 0)]


def test_a_spike_told_at_its_own_time_never_lies_before_the_end_of_the_one_before() -> None:
    draw = np.random.default_rng(6)
    values = np.where(draw.random(400) < 0.2, 9.0, 5.0).tolist()
    times = [time for time, _ in shown(kind("spike", {**SPIKE, "hold": "2min"}), every_minute(values))]
    assert len(times) > 10
    assert times == sorted(times)


def test_it_tells_an_operator_from_where_to_where() -> None:
    spike = kind("spike", SPIKE)
    shown(spike, every_minute([5.0] * 5 + [9.0, 8.0, 5.0]))
    assert spike.explain(0, 1, 5.0) == "jumped to 9 from about 5 and is back, now 5"
    assert spike.explain(0, 0, 5.0) == "no spikes any more, now 5"


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"least": 0}, "least"),
        ({"width": 0}, "width"),
        ({"max_gap": "0s"}, "max_gap"),
        ({"points": 3}, "points"),
        ({"most": 0}, "most"),
        ({"points": 5, "most": 3}, "most"),
    ],
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("spike", {**SPIKE, **parameters}).mistake()
    assert wrong is not None
    assert wrong[0] == where
