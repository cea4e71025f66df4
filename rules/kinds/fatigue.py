"""fatigue: what the strain cycles so far have used of a detail's life passes a share of it.

Formula: cycles by rainflow (ASTM E1049-85 §5.4.4) of strain, stress range = E x strain range, endurance by
EN 1993-1-9 with C = ``category`` / ``partial_factor``: N = 2e6 (C/range)^3 down to D = 0.737 C (5e6 cycles),
then 5e6 (D/range)^5 down to 0.404 C (1e8 cycles), none below. Miner's sum = ``used`` + sum of cycles / N,
half cycles counted when they are done; evidence state k from sum >= ``limits``[k-1] on, and for good. What is
still open, the residue, is kept over any cut of the feed. Ranges that use up nothing are left out before they
are counted, which changes no other.

Takes readings, or waveforms where strain is sent in blocks. An instrument that holds the peak between two
readings loses no vehicle; one that only samples slower than vehicles pass sees a part of the damage.

Will not fire on: cracks, damage before the rule began (give it in ``used``), readings flagged suspect.
False alarms: the sum only grows, so none come and go; but a spike that passes for a reading is a cycle, and
the sum goes with the cube to the fifth power of the gauge's factor: 10 % in strain is 30 to 60 % of life.
Other parameters make another subject, which begins anew from ``used``.
Siblings: ``limit`` on strain for one load too many.

>>> import numpy as np
>>> kind = Fatigue([FatigueParameters(category=71.0, partial_factor=1.0, limits=(1e-6,))])
>>> for second, strain in enumerate([0.0, 338.1, 0.0, 338.1, 0.0, 338.1, 0.0]):  # ranges of 71 MPa
...     changes = list(kind.update(np.array([0]), np.array([second * 1_000_000]), np.array([strain])))
>>> round(float(kind.damage[0] * 2e6), 3), int(kind.state[0])
(2.0, 1)

Reference: EN 1993-1-9 §7, table 8 for the categories; ASTM E1049-85; Miner, J. Appl. Mech. 12 (1945) A159.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import rainflow
from numpy.typing import NDArray

from rules.kinds.base import Changes, Measured, Subjects, Times, Values, of_each
from rules.kinds.waveform import Block, Samples, WaveformKind, WaveformParameters
from sensors.model import Flag
from sensors.readings import HOUR

KNEE, CUT_OFF = 0.737, 0.404
"""Of the category: where the slope goes from 3 to 5, and below which nothing counts."""

LONGEST = 64
"""Turning points that may be open; of more the oldest range counts as a half cycle."""


@dataclass(frozen=True, slots=True)
class TurningPoints:
    """The feature of a block: its samples without those that no rainflow count of ranges over gate needs."""

    gate: float

    def __call__(self, samples: Samples, rate: float) -> Values:
        """The first sample, the turning points and the last."""
        del rate
        series = samples[0]
        step = np.sign(np.diff(series))
        moving = np.flatnonzero(step)
        turns = moving[1:][step[moving[1:]] != step[moving[:-1]]]
        extremes = np.concatenate([series[:1], series[turns], series[-1:]])
        return np.array([*_without_ripple(extremes.tolist(), self.gate)])


class FatigueParameters(WaveformParameters, frozen=True, kw_only=True):
    """The detail, and how much of its life may be used up."""

    category: float
    """Detail category of EN 1993-1-9 in MPa, such as 71."""
    partial_factor: float = 1.35
    """gamma Mf: 1.35 = safe life, high consequence (EN 1993-1-9 table 3.1)."""
    modulus_gpa: float = 210.0
    """E, of steel."""
    used: float = 0.0
    """Miner's sum when the rule began."""
    limits: tuple[float, ...] = (0.8, 1.0)
    """Miner's sums, the mildest first."""

    @property
    def states(self) -> int:
        return len(self.limits)

    def feature(self) -> TurningPoints:
        return TurningPoints(self.gate())

    def gate(self) -> float:
        """The largest strain range in um/m that uses up nothing."""
        return CUT_OFF * self.category / (self.partial_factor * self.modulus_gpa * 1e-3)

    def mistake(self) -> tuple[str, str] | None:
        for name in ("category", "partial_factor", "modulus_gpa"):
            if getattr(self, name) <= 0:
                return name, f"expected more than 0, not {getattr(self, name)}"
        if self.used < 0:
            return "used", f"expected 0 or more, not {self.used}"
        if not self.limits or self.limits[0] <= 0 or list(self.limits) != sorted(set(self.limits)):
            return "limits", "expected at least one, more than 0 and the mildest first"
        return None

    def damage(self, strain: float) -> float:
        """Share of life that one cycle of a strain range in um/m uses up."""
        share = self.modulus_gpa * strain * 1e-3 * self.partial_factor / self.category
        if share >= KNEE:
            return share**3 / 2e6
        return (share / KNEE) ** 5 / 5e6 if share > CUT_OFF else 0.0


class Fatigue(WaveformKind[FatigueParameters]):
    """Rainflow and Miner's sum; arrays are [subjects, ...]."""

    name: ClassVar = "fatigue"
    parameters: ClassVar = FatigueParameters
    worst_flag: ClassVar = Flag.UNKNOWN
    together: ClassVar = False
    kept: ClassVar = ("damage", "_way", "_extreme", "_open", "_residue")

    def __init__(self, parameters: Sequence[FatigueParameters]) -> None:
        super().__init__(parameters)
        self._parameters, count = tuple(parameters), len(parameters)
        self._gate = np.array([each.gate() for each in parameters])
        limits = np.full((count, max((each.states for each in parameters), default=1)), np.inf)
        for row, each in enumerate(parameters):
            limits[row, : each.states] = each.limits
        self._limits = limits
        self.damage = of_each(parameters, "used", np.float64)
        self._seen, self._hour = self.damage.copy(), np.full(count, -1)
        """The sum as it was judged last, and the newest hour of which it was measured, counted from 1970."""
        self._way = np.zeros(count, np.int8)
        """1 = rising, -1 = falling, 0 = not known yet."""
        self._extreme = np.full(count, np.nan)
        """How far it has come on its way; the turning point, once it turns."""
        self._open, self._residue = np.zeros(count, np.int16), np.zeros((count, LONGEST))
        """How many turning points are open, and they themselves."""

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        self._follow(subject, value)
        yield from self._judge(subject, time)

    def stirring(self, subject: Subjects, value: Values) -> NDArray[np.bool_]:
        off, way = value - self._extreme[subject], self._way[subject]
        stirs: NDArray[np.bool_] = ~(np.abs(off) <= self._gate[subject]) | (way * off > 0)
        return stirs

    def recall(self, memory: dict[str, NDArray[Any]], old: Subjects, new: Subjects) -> None:
        super().recall(memory, old, new)
        self._seen = self.damage.copy()

    def _judge(self, subject: Subjects, time: Times) -> Iterator[Changes]:
        self._measure(subject, time)
        state = (self.damage[subject, None] >= self._limits[subject]).sum(axis=1).astype(np.int8)
        for changes in self._change(np.arange(len(subject)), subject, time, state):
            yield replace(changes, figure=self.damage[changes.subject])

    def _measure(self, subject: Subjects, time: Times) -> None:
        """Note the sum where it grew for the first time in an hour."""
        damage, hour = self.damage[subject], time // HOUR
        grew = (damage != self._seen[subject]) & (hour > self._hour[subject])
        self._seen[subject] = damage
        for row in grew.nonzero()[0].tolist():
            self._hour[subject[row]] = hour[row]
            self.measured.append(Measured(int(subject[row]), int(hour[row] * HOUR), float(damage[row])))

    def _follow(self, subject: Subjects, value: Values) -> None:
        """Go one value on with each of the subjects."""
        extreme, way = self._extreme[subject], self._way[subject]
        off = value - extreme
        turned = np.flatnonzero(np.where(way == 0, np.abs(off), -way * off) > self._gate[subject])
        for row in turned.tolist():
            self._turn(int(subject[row]), float(extreme[row]))
        way[turned] = np.sign(off[turned])
        further = np.isnan(extreme) | (way * off > 0)
        self._way[subject] = way
        self._extreme[subject] = np.where(further, value, extreme)

    def observe(self, subject: int, block: Block, beside: float) -> Iterator[Changes]:
        del beside
        one, time = np.array([subject]), np.array([block.time])
        for value in block.feature:
            self._follow(one, np.array([value]))
        yield from self._judge(one, time)

    def explain(self, subject: int, state: int, value: float) -> str:
        del value
        if state == 0:
            return f"{self.damage[subject]:.3g} of the life is used up"
        limit = self._limits[subject, state - 1]
        return f"{self.damage[subject]:.3g} of the life is used up, {limit:g} or more"

    def _turn(self, subject: int, point: float) -> None:
        """Take one more turning point and count what it closes."""
        count, each = int(self._open[subject]), self._parameters[subject]
        points = [*self._residue[subject, :count].tolist(), point]
        closed, residue = _counted(points)
        self.damage[subject] += sum(number * each.damage(strain) for strain, number in closed)
        self._open[subject] = len(residue)
        self._residue[subject, : len(residue)] = residue


def _counted(points: list[float]) -> tuple[list[tuple[float, float]], list[float]]:
    """The ranges that are done, with their number, and the turning points that stay open.

    Of the half cycles those before the largest were closed by a larger one; from there on each range is
    smaller than the one before and may yet be closed.
    """
    cycles = list(rainflow.extract_cycles(points))
    halves = [(strain, first, last) for strain, _, number, first, last in cycles if number < 1]
    if not halves:
        return [], points
    largest = max(range(len(halves)), key=lambda number: (halves[number][0], number))
    largest = max(largest, len(halves) - LONGEST + 1)
    done = [(strain, 0.5) for strain, _, _ in halves[:largest]]
    closed = [(strain, 1.0) for strain, _, number, _, _ in cycles if number == 1]
    ends = [halves[largest][1], *(last for _, _, last in halves[largest:])]
    return closed + done, [points[end] for end in ends]


def _without_ripple(points: Sequence[float], gate: float) -> Iterator[float]:
    """The first point, and the turning points of ranges over the gate, wherever the series came from."""
    low = high = extreme = points[0]
    way = 0
    yield points[0]
    for point in points[1:]:
        if way == 0:
            lowest, highest = point < low, point > high
            low, high = min(low, point), max(high, point)
            if high - low > gate:
                way, extreme = (1, high) if highest else (-1, low)
                yield low if highest else high
            elif lowest or highest:
                extreme = point
        elif way * (point - extreme) >= 0:
            extreme = point
        elif way * (extreme - point) > gate:
            yield extreme
            way, extreme = -way, point
    if way == 0:
        yield low if extreme == high else high
    yield extreme
