"""What a model of level and rain has learned stays when other rules come beside it."""

import msgspec
import numpy as np

from rules.duration import Duration
from rules.kinds.overflow import Overflow, OverflowParameters
from sensors.readings import MINUTE

EVERY = Duration(5 * MINUTE)
SHORT = OverflowParameters(rim=0.9, every=EVERY, lags=2)
LONG = msgspec.structs.replace(SHORT, lags=6)
ROLES = ("", "rain")
FIRST = np.array([0])


def storm(kind: Overflow, steps: range) -> list[float]:
    """The figures of the first subject while it rains now and then."""
    chance, level, said = np.random.default_rng(1), 0.2, []
    for step in range(steps.stop):
        rain = 20.0 * (step % 60 > 40)
        level = 0.95 * level + 0.004 * rain + 0.01 + 0.002 * chance.standard_normal()
        if step in steps:
            said += kind.figure(FIRST, np.array([step * EVERY]), np.array([[level, rain]])).tolist()
    return said


def test_a_neighbour_with_a_longer_memory_changes_nothing_of_what_is_known() -> None:
    alone = Overflow([SHORT], [ROLES])
    storm(alone, range(100))
    joined = Overflow([SHORT, LONG], [ROLES, ROLES])
    joined.recall(alone.remember(), FIRST, FIRST)
    left = Overflow([SHORT], [ROLES])
    left.recall(joined.remember(), FIRST, FIRST)
    said = storm(alone, range(100, 200))
    assert min(said) < 125
    assert storm(joined, range(100, 200)) == said
    assert storm(left, range(100, 200)) == said
