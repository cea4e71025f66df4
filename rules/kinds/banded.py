"""Kinds over several sensors that come to one figure, judged by bands as a single reading is by ``limit``."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Subjects, Times, Values, attribute
from rules.kinds.joint import JointKind, JointParameters
from rules.kinds.limit import Band, Limit, LimitParameters
from sensors.model import Asset


class BandedParameters(JointParameters, frozen=True, kw_only=True):
    """Bands of the figure from the mildest to the worst, and what keeps them from chattering."""

    bands: tuple[Band, ...]
    deadband: float = 0.0
    on_delay: Duration = lasting("0s")
    off_delay: Duration = lasting("0s")
    relative_to: str | None = None
    """An attribute of the asset that bands and deadband are multiples of."""

    @property
    def states(self) -> int:
        return len(self.bands)

    def mistake(self) -> tuple[str, str] | None:
        return self.limit().mistake() or super().mistake()

    def at(self, asset: Asset, upload_s: float) -> Self:
        here = super().at(asset, upload_s)
        if self.relative_to is None:
            return here
        factor = attribute(asset, self.relative_to)
        bands = tuple(band.times(factor) for band in self.bands)
        return msgspec.structs.replace(here, bands=bands, deadband=self.deadband * factor, relative_to=None)

    def limit(self) -> LimitParameters:
        """What the figure is judged by."""
        return LimitParameters(
            bands=self.bands, deadband=self.deadband, on_delay=self.on_delay, off_delay=self.off_delay
        )


P = TypeVar("P", bound=BandedParameters)

_LIMIT = "limit_"


class BandedKind(JointKind[P]):
    """A figure of each sample, and the bands it stands in."""

    said: ClassVar[str]
    """What the figure is, in front of "12 is at or above 10"."""

    def __init__(self, parameters: Sequence[P], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters, roles)
        self._limit = Limit([each.limit() for each in parameters])
        self.state = self._limit.state

    @abstractmethod
    def figure(self, subject: Subjects, time: Times, value: Values) -> Values:
        """The figure of each sample, float64 [m]; NaN where there is nothing to say."""

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        figure = self.figure(subject, time, value)
        known = np.flatnonzero(np.isfinite(figure))
        for changes in self._limit.update(subject[known], time[known], figure[known]):
            row = known[changes.row]
            yield replace(changes, row=row, figure=figure[row])

    def memory(self) -> int:
        return self._limit.memory()

    def explain(self, subject: int, state: int, value: float) -> str:
        return f"{self.said} {self._limit.explain(subject, state, float(f'{value:.4g}'))}"

    def remember(self) -> dict[str, NDArray[Any]]:
        return super().remember() | {_LIMIT + name: each for name, each in self._limit.remember().items()}

    def recall(self, memory: dict[str, NDArray[Any]], old: Subjects, new: Subjects) -> None:
        super().recall(memory, old, new)
        inner = {name.removeprefix(_LIMIT): each for name, each in memory.items() if name.startswith(_LIMIT)}
        self._limit.recall(inner, old, new)
