"""Flags by what a value is; each check is one pure function over arrays, and the worst flag wins."""

import numpy as np
from numpy.typing import NDArray

from sensors.model import Flag

Values = NDArray[np.float64]
Flags = NDArray[np.int8]


def missing(value: Values) -> Flags:
    """MISSING where there is no number."""
    return np.where(np.isnan(value), Flag.MISSING, Flag.GOOD).astype(np.int8)


def out_of_range(value: Values, low: Values, high: Values) -> Flags:
    """FAIL where the value is beyond what can be, or beyond what the instrument can measure."""
    return np.where((value < low) | (value > high), Flag.FAIL, Flag.GOOD).astype(np.int8)


def flags(value: Values, low: Values, high: Values) -> Flags:
    """The flag of each value in the quantity's own unit; nothing is ever deleted for it."""
    worst: Flags = np.maximum(missing(value), out_of_range(value, low, high))
    return worst
