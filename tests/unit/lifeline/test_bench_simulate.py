"""The simulator's bench at small size: each case measures something, and says what."""

import pytest

from lifeline.bench import simulate
from lifeline.settings import Settings


@pytest.mark.parametrize(
    ("case", "small"),
    [(simulate.load, {"messages": 500}), (simulate.day, {"minutes": 10})],
)
def test_a_case_measures(case, small: dict[str, int]) -> None:
    (figure,) = case(Settings(), **small)
    assert figure.bench == "simulate"
    assert figure.value > 0


def test_a_city_is_measured_in_a_process_of_its_own() -> None:
    (figure,) = simulate.city(Settings(), devices=300, minutes=1)
    assert 30 < figure.value < 1000
    assert figure.beside["devices"] == 300
    assert figure.beside["samples"] > 0
