"""Flags by what a value is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ingest import validate
from sensors.model import Flag

VALUES = st.lists(st.floats(), max_size=20).map(np.array)
INFINITE = float("inf")


@given(VALUES, st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_the_flag_is_missing_without_a_number_fail_outside_the_range_else_good(
    value: np.ndarray, low: float, high: float
) -> None:
    before = value.copy()
    found = validate.flags(value, np.array(low), np.array(high))
    expected = [
        Flag.MISSING if np.isnan(v) else Flag.FAIL if v < low or v > high else Flag.GOOD
        for v in value.tolist()
    ]
    assert found.tolist() == expected
    assert found.dtype == np.int8
    assert value.tobytes() == before.tobytes()


def test_the_ends_of_the_range_are_inside() -> None:
    value = np.array([0.0, np.nextafter(0.0, -1), 1.0, np.nextafter(1.0, 2), INFINITE])
    assert validate.flags(value, np.array(0.0), np.array(1.0)).tolist() == [1, 4, 1, 4, 4]
