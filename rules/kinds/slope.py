"""The slope of readings against their age, robust against outliers, with its band (Theil-Sen)."""

from dataclasses import dataclass

import numpy as np

from rules.kinds.base import Values
from rules.kinds.window import Counts, median, quantile

_Z90 = 1.6449
"""The 95 % point of the normal distribution: 5 % on either side lie outside a band of 90 %."""


@dataclass(frozen=True, slots=True)
class Slope:
    """Of each of m windows, in units a us: the slope, and the ends of its 90 % band. level: the value now."""

    slope: Values
    low: Values
    high: Values
    level: Values


def theil_sen(age: Values, value: Values, count: Counts) -> Slope:
    """The median slope over all pairs of each row's readings.

    age, value: [m, w], NaN where there is nothing. count: [m], at least 2. The band is that of P. K. Sen,
    JASA 63 (1968), and supposes errors that are independent.
    """
    one, other = np.triu_indices(age.shape[1], 1)
    slopes = np.sort((value[:, one] - value[:, other]) / (age[:, other] - age[:, one]), axis=1)
    pairs = count * (count - 1) // 2
    half = _Z90 * np.sqrt(count * (count - 1) * (2 * count + 5) / 18.0) / 2.0
    last = np.maximum(pairs - 1, 1)
    low = quantile(slopes, pairs, np.clip((pairs / 2.0 - half - 1.0) / last, 0.0, 1.0))
    high = quantile(slopes, pairs, np.clip((pairs / 2.0 + half) / last, 0.0, 1.0))
    slope = quantile(slopes, pairs, 0.5)
    return Slope(slope, low, high, median(value + slope[:, None] * age, count))
