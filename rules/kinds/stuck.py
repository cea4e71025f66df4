"""stuck: the value does not move, though the instrument goes on reporting.

Formula: evidence when every reading for ``window`` lay within ``tolerance`` of the first of them, and none
came later than half a ``window`` after the one before: two equal readings hours apart say nothing of between.

Will not fire on: a sensor that says nothing (``silence``), noise wider than the tolerance, drift.
False alarms: quantities that are truly constant for long (rain = 0, a dry ponding gauge, a closed
valve): leave them out by the selector, or name the value that may last in ``idle``.
Siblings: ``silence``.

>>> import numpy as np
>>> kind = Stuck([StuckParameters(window=Duration.parse("2min"), tolerance=0.01)])
>>> for minute, value in enumerate([5.0, 5.001, 5.0, 5.2]):
...     changes = list(kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([value])))
...     print(minute, kind.state[0])
0 0
1 0
2 1
3 0

Reference: flat-line test of QARTOD, https://ioos.noaa.gov/project/qartod/.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Kind, Parameters, Subjects, Times, Values, at, of_each, shared
from rules.kinds.runs import Runs


class StuckParameters(Parameters, frozen=True, kw_only=True):
    """How long may a value stand still."""

    window: Duration = lasting("6h")
    tolerance: float
    """Half the band in which a value counts as not moving, in the quantity's own unit."""
    idle: float | None = None
    """The value that may last, such as 0 for rain."""

    def mistake(self) -> tuple[str, str] | None:
        if self.window <= 0:
            return "window", "expected more than 0"
        if self.tolerance < 0:
            return "tolerance", f"expected 0 or more, not {self.tolerance}"
        return None


class Stuck(Kind[StuckParameters]):
    """The first reading of the present standstill is the anchor."""

    name: ClassVar = "stuck"
    parameters: ClassVar = StuckParameters
    kept: ClassVar = ("_anchor_time", "_anchor_value", "_newest")

    def __init__(self, parameters: Sequence[StuckParameters]) -> None:
        super().__init__(parameters)
        self._window = shared(of_each(parameters, "window", np.int64))
        self._tolerance = shared(of_each(parameters, "tolerance", np.float64))
        self._idle = shared(np.array([np.inf if each.idle is None else each.idle for each in parameters]))
        self._anchor_time = np.zeros(len(parameters), np.int64)
        self._newest = np.zeros(len(parameters), np.int64)
        self._anchor_value = np.full(len(parameters), np.nan)

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        window, tolerance = at(self._window, subject), at(self._tolerance, subject)
        still: NDArray[np.bool_] = np.abs(value - self._anchor_value.take(subject)) <= tolerance
        still &= np.abs(value - at(self._idle, subject)) > tolerance
        still &= (time - self._newest.take(subject) <= window // 2) | (self.state.take(subject) == 1)
        self._newest[subject] = time
        moves = (~still).nonzero()[0]
        moved = subject[moves]
        self._anchor_time[moved], self._anchor_value[moved] = time[moves], value[moves]
        still &= time - self._anchor_time.take(subject) >= window
        yield from self._change(np.arange(len(subject)), subject, time, still.view(np.int8))

    def rounds(self, subject: Subjects, time: Times, value: Values, ends: Subjects) -> Iterator[Changes]:
        """Whoever moved with each reading stands nowhere but at its last."""
        runs = Runs.of(subject)
        said = value[runs.row]
        step = np.abs(said - runs.before(said, self._anchor_value))
        stood = ~(step > at(self._tolerance, runs.subject))
        moved = runs.without(stood, len(self.state)) & (self.state == 0)
        newest = runs.last & moved[runs.subject]
        last = runs.subject[newest]
        self._anchor_value[last] = said[newest]
        self._anchor_time[last] = self._newest[last] = time[runs.row[newest]]
        rest = np.flatnonzero(~moved[subject])
        parts = subject[rest], time[rest], value[rest], np.searchsorted(rest, ends)
        for changes in super().rounds(*parts):
            yield replace(changes, row=rest[changes.row])

    def memory(self) -> int:
        return int(self._window.max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        if state == 0:
            return f"moves again, now {value:g}"
        return f"has stood at {value:g} for {Duration(at(self._window, np.array([subject]))[0])} or longer"
