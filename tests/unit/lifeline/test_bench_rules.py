"""The rule bench at small size: each case measures something, and says what."""

import pytest

from lifeline.bench import rules
from lifeline.settings import Settings


@pytest.mark.parametrize(
    ("case", "small"),
    [
        (rules.kinds, {"sensors": 300, "minutes": 2}),
        (rules.city, {"minutes": 2}),
        (rules.state, {"sensors": 300}),
        (rules.spectrum, {"seconds": 60}),
    ],
)
def test_a_case_measures(case, small: dict[str, int]) -> None:
    (figure,) = case(Settings(), **small)
    assert figure.bench == "rules"
    assert figure.value > 0


def test_the_kinds_are_timed_with_a_realistic_share_of_transitions() -> None:
    (figure,) = rules.kinds(Settings(), sensors=5_000, minutes=4)
    assert 0.0005 < figure.beside["transitions_share"] < 0.01
