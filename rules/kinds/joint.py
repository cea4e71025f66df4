"""What a kind over several sensors is: it sees samples in which all of them stand side by side.

A subject has seats, each with a role: the name of the rule's input that its sensor was found by, or
``CENTRE`` for the sensor that the subject is. How readings come to common times is said in ``rules.samples``.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Kind, Parameters, Subjects, Times, Values
from sensors.model import Asset
from sensors.readings import SECOND

CENTRE = ""
"""The role of the sensor that the subject is named after."""


class JointParameters(Parameters, frozen=True, kw_only=True):
    """How the readings of a subject's sensors are brought together."""

    every: Duration = lasting("0s")
    """Over how long readings are averaged; 0 = the upload interval of the slowest of the sensors."""
    intervals: float = 3.0
    """How many upload intervals a silent sensor is waited for, and its last value held."""

    def mistake(self) -> tuple[str, str] | None:
        if self.intervals < 1:
            return "intervals", f"expected 1 or more, not {self.intervals}"
        return None

    def uses(self) -> frozenset[str]:
        """The inputs that the parameters speak of by name."""
        return frozenset()

    def at(self, asset: Asset, upload_s: float) -> Self:
        del asset
        return msgspec.structs.replace(self, every=self.every or Duration(round(upload_s * SECOND)))


P = TypeVar("P", bound=JointParameters)


class JointKind(Kind[P]):
    """A detector over n subjects of several sensors each."""

    centre: ClassVar[Literal["sensor", "asset"]] = "sensor"
    """What a subject is: each sensor that the rule selects, or each asset that has one."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Inputs without which there is nothing to say."""
    takes: ClassVar[tuple[str, ...] | None] = ()
    """Further inputs; None = any names."""

    def __init__(self, parameters: Sequence[P], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters)
        self._roles = tuple(tuple(each) for each in roles)

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        """Take one sample of each of m different subjects; value: float64 [m, w], NaN where unknown."""
        raise NotImplementedError

    def seats(self, role: str) -> NDArray[np.bool_]:
        """Which seats have that role: bool [n, w]."""
        seats = np.zeros((len(self._roles), max(map(len, self._roles), default=1)), np.bool_)
        for subject, roles in enumerate(self._roles):
            seats[subject, : len(roles)] = [each == role for each in roles]
        return seats
