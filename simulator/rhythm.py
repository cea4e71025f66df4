"""What makes signals live: the city's day, and noise that remembers."""

from collections.abc import Sequence

import numpy as np

from simulator.places import Floats


class Daily:
    """A factor over the hours of the day with mean 1, linear between points an hour apart from 0:00 on."""

    def __init__(self, morning: Sequence[float], afternoon: Sequence[float]) -> None:
        points = np.array([*morning, *afternoon], np.float64)
        self._points = points / points.mean()

    def at(self, hour: float) -> float:
        """The factor at a local hour, 0-24."""
        return float(np.interp(hour, np.arange(len(self._points)), self._points, period=24.0))


class Wander:
    """n independent Ornstein-Uhlenbeck processes around 0, stepped exactly whatever the step.

    sigma: their standard deviation, in the quantity's unit. memory_s: their correlation time.
    """

    def __init__(self, rng: np.random.Generator, count: int, sigma: float, memory_s: float) -> None:
        self._rng, self._sigma, self._memory_s = rng, sigma, memory_s
        self.value: Floats = sigma * rng.standard_normal(count)

    def step(self, seconds: float) -> Floats:
        """Go on by so many seconds; the new values."""
        keep = float(np.exp(-seconds / self._memory_s))
        shock = self._sigma * np.sqrt(1 - keep * keep) * self._rng.standard_normal(len(self.value))
        self.value = keep * self.value + shock
        return self.value


def approach(value: Floats, target: Floats | float, seconds: float, time_constant_s: float) -> Floats:
    """A first-order lag: where ``value`` is after some seconds on its way to ``target``."""
    return target + (value - target) * float(np.exp(-seconds / time_constant_s))
