"""The ceiling of ``bench rules --case kinds``: the three formulas in bare numpy, and nothing around them.

No order of arrival, no late readings, no flags, no delays, no words: what is left is the arithmetic and the
way to a sensor's memory and back.
"""

import numpy as np

from lifeline.bench.watched import MEAN, SPREAD
from sensors.readings import Readings


class Plain:
    """Memory by sensor id."""

    def __init__(self, sensors: int) -> None:
        self._on = np.zeros(sensors + 1, np.bool_)
        self._smooth, self._up, self._down = (np.zeros(sensors + 1, np.float32) for _ in range(3))

    def step(self, readings: Readings) -> int:
        """Take a batch in which no sensor stands twice; how many of its readings are beyond a bound."""
        sensor = readings.sensor
        on = readings.value >= np.where(self._on.take(sensor), 18.0, 20.0)
        z = ((readings.value - MEAN) / SPREAD).astype(np.float32)
        z = np.minimum(np.maximum(z, -4), 4)
        before = self._smooth.take(sensor)
        smooth = before + np.float32(0.095) * (z - before)
        up = np.minimum(np.maximum(self._up.take(sensor) + z - np.float32(0.5), 0), 8)
        down = np.minimum(np.maximum(self._down.take(sensor) - z - np.float32(0.5), 0), 8)
        self._on[sensor], self._smooth[sensor] = on, smooth
        self._up[sensor], self._down[sensor] = up, down
        return int(np.count_nonzero(on | (np.abs(smooth) > 1) | (up >= 8) | (down >= 8)))  # noqa: PLR2004
