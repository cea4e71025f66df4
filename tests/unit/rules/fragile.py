"""A kind made to raise."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from rules.kinds.base import FOREVER, Changes, Kind, Parameters, Subjects, Times, Values, of_each
from sensors.readings import HOUR

POISON = 66.0
"""A value at which the kind raises, in the middle of its work."""

BLAST = 77.0
"""A value that is remembered, and at which the next tick raises."""

UNSPEAKABLE = 88.0
"""A value of which the kind cannot say why."""


class FragileParameters(Parameters, frozen=True, kw_only=True):
    above: float = 10.0
    ticking: bool = False


class Fragile(Kind[FragileParameters]):
    """In evidence while the sum of all its values is above a threshold."""

    name: ClassVar = "fragile"
    parameters: ClassVar = FragileParameters
    kept: ClassVar = ("_sum", "_newest")

    def __init__(self, parameters: Sequence[FragileParameters]) -> None:
        super().__init__(parameters)
        self._above = of_each(parameters, "above", np.float64)
        self._sum = np.zeros(len(parameters))
        self._newest = np.zeros(len(parameters))

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        self._sum[subject] += value
        self._newest[subject] = value
        state = (self._sum[subject] > self._above[subject]).astype(np.int8)
        yield from self._change(np.arange(len(subject)), subject, time, state)
        for each in subject[value == POISON].tolist():
            raise ArithmeticError(f"poisoned at {each}\nand so on")

    def tick(self, now: int) -> Iterator[Changes]:
        if (self._newest == BLAST).any():
            self._sum += 1000
            raise KeyError("blast")
        yield from ()

    def due(self) -> int:
        return 0 if (self._newest == BLAST).any() else FOREVER

    def memory(self) -> int:
        return HOUR

    def explain(self, subject: int, state: int, value: float) -> str:
        if value == UNSPEAKABLE:
            raise ValueError("words fail me")
        return f"the sum is {self._sum[subject]:g}"
