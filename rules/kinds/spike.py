"""spike: the value jumps away and comes back, as no level, flow or concentration does.

Formula: a reading is out when |v - median| > max(``width`` x 1.4826 MAD, ``least``), median and MAD = the
median distance from it over the ``points`` readings before. A run of at most ``most`` readings that are out
is a spike once a reading is in again: evidence from the first of the run until ``hold`` after the reading
that showed it. What stays out longer is a step, and no evidence; it has become usual when it fills half of
the readings. After a gap longer than ``max_gap`` the readings before it count no more.

Will not fire on: the first ``points`` readings, a step, a ramp, a spike still under way (it is told one
reading later), noise as wide as the spikes.
False alarms: the MAD of few readings is itself uncertain: white noise gives, at width 6, one in 240 readings
with 11 points, 2,700 with 21, 12,000 with 31, 80,000 with 51 (simulated), and none below ``least``.
Quantities that do peak for a reading or two, as at a pump's start or under a truck, are not for this kind.
Siblings: ``stuck``, ``silence`` for other faults of an instrument, ``rate`` for jumps that stay.

>>> import numpy as np
>>> kind = Spike([SpikeParameters(least=0.5, points=11)])
>>> for minute, value in enumerate([2.0, 2.1, 2.2] * 4 + [9.0, 2.1, 2.1]):
...     for change in kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([value])):
...         print(minute, change.time[0] // 60_000_000, kind.explain(0, int(change.state[0]), value))
13 12 jumped to 9 from about 2.1 and is back, now 2.1
13 13 no spikes any more, now 2.1

Reference: F. R. Hampel, The influence curve and its role in robust estimation, JASA 69 (1974); spike test of
QARTOD, https://ioos.noaa.gov/project/qartod/.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Kind, Parameters, Subjects, Times, Values, of_each
from rules.kinds.reference import NEVER
from rules.kinds.window import MAD, median

_LEAST, _MOST = 5, 101


class SpikeParameters(Parameters, frozen=True, kw_only=True):
    """What is out, and for how many readings."""

    least: float
    """The smallest jump that is a spike, in the quantity's own unit: several times the resolution."""
    width: float = 6.0
    """In robust standard deviations of the readings before."""
    points: int = 31
    """How many readings before are looked at."""
    most: int = 2
    """How many readings a spike lasts at most."""
    max_gap: Duration = lasting("6h")
    hold: Duration = lasting("0s")
    """How long the evidence stands after the spike."""

    def mistake(self) -> tuple[str, str] | None:
        for name in ("least", "width", "max_gap"):
            if getattr(self, name) <= 0:
                return name, "expected more than 0"
        if not _LEAST <= self.points <= _MOST:
            return "points", f"expected {_LEAST} to {_MOST}, not {self.points}"
        if not 1 <= self.most < self.points / 2:
            return "most", f"expected 1 or more and less than half of points, not {self.most}"
        return None


class Spike(Kind[SpikeParameters]):
    """The last readings of each subject, and the run of those that are out."""

    name: ClassVar = "spike"
    parameters: ClassVar = SpikeParameters
    kept: ClassVar = ("_values", "_count", "_heard", "_run", "_out_since", "_peak", "_usual", "_held_until")

    def __init__(self, parameters: Sequence[SpikeParameters]) -> None:
        super().__init__(parameters)
        size = len(parameters)
        self._points, self._most, self._max_gap, self._hold = (
            of_each(parameters, name, np.int64) for name in ("points", "most", "max_gap", "hold")
        )
        self._least, self._width = (of_each(parameters, name, np.float64) for name in ("least", "width"))
        self._values = np.full((size, max((each.points for each in parameters), default=1)), np.nan)
        self._count, self._run = np.zeros(size, np.int64), np.zeros(size, np.int64)
        """Readings since the beginning or the last gap; those of the present run that are out."""
        self._heard, self._out_since = np.full(size, NEVER), np.full(size, NEVER)
        self._held_until = np.full(size, NEVER)
        self._peak, self._usual = np.full(size, np.nan), np.full(size, np.nan)

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        self._forget(subject[time - self._heard[subject] > self._max_gap[subject]])
        self._heard[subject] = time
        out = self._judge(subject, value)
        run = self._run[subject]
        begins = out & (run == 0)
        self._out_since[subject[begins]] = time[begins]
        further = out & (
            begins
            | (np.abs(value - self._usual[subject]) > np.abs(self._peak[subject] - self._usual[subject]))
        )
        self._peak[subject[further]] = value[further]
        back = ~out & (run > 0) & (run <= self._most[subject])
        self._run[subject] = np.where(out, run + 1, 0)
        place = self._count[subject] % self._points[subject]
        self._values[subject, place] = value
        self._count[subject] += 1
        row = np.arange(len(subject))
        if back.any():
            spiked = subject[back]
            yield from self._change(row[back], spiked, self._out_since[spiked], np.ones(len(spiked), np.int8))
            self._held_until[spiked] = time[back] + self._hold[spiked]
        pending = (self._run[subject] > 0) & (self._run[subject] <= self._most[subject])
        ended = (self.state[subject] > 0) & ~pending & (time >= self._held_until[subject])
        if ended.any():
            yield from self._change(row[ended], subject[ended], time[ended], np.zeros(ended.sum(), np.int8))

    def memory(self) -> int:
        return int((self._max_gap + self._hold).max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        if state == 0:
            return f"no spikes any more, now {value:g}"
        peak, usual = self._peak[subject], self._usual[subject]
        return f"jumped to {peak:g} from about {usual:.4g} and is back, now {value:g}"

    def _judge(self, subject: Subjects, value: Values) -> NDArray[np.bool_]:
        """Which readings are out; ``_usual`` is what they are out of, from before a run."""
        out = np.zeros(len(subject), np.bool_)
        full = np.flatnonzero(self._count[subject] >= self._points[subject])
        known = subject[full]
        if len(known):
            rows, count = self._values[known], self._points[known]
            usual = median(rows, count)
            spread = MAD * median(np.abs(rows - usual[:, None]), count)
            bound = np.maximum(self._width[known] * spread, self._least[known])
            out[full] = np.abs(value[full] - usual) > bound
            calm = self._run[known] == 0
            self._usual[known[calm]] = usual[calm]
        return out

    def _forget(self, subject: Subjects) -> None:
        self._count[subject], self._run[subject] = 0, 0
        self._values[subject] = np.nan
