"""Readings as a struct of arrays: the form in which they travel from the decoder to the database."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

SECOND = 1_000_000
"""Microseconds in a second: every time in the project is an int64 of microseconds since 1970 UTC."""

MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Readings:
    """n readings in their order of arrival.

    sensor: int32 [n], registry id. time: int64 [n], event time in us since 1970 UTC.
    value: float64 [n], in the quantity's own unit, NaN where missing. flag: int8 [n], see ``Flag``.
    """

    sensor: NDArray[np.int32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    flag: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.sensor)

    def __getitem__(self, rows: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        return type(self)(self.sensor[rows], self.time[rows], self.value[rows], self.flag[rows])

    @classmethod
    def empty(cls) -> Self:
        """No readings at all."""
        return cls(
            np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int8)
        )

    @classmethod
    def concatenate(cls, parts: Iterable[Self]) -> Self:
        """The parts one after the other, as if they had arrived so."""
        columns = zip(*((p.sensor, p.time, p.value, p.flag) for p in parts), strict=True)
        arrays = [np.concatenate(column) for column in columns]
        return cls(*arrays) if arrays else cls.empty()
