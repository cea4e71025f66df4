"""What a kind over waveforms is: shown, instead of readings, a feature of each block of its channels.

The feature is computed by a pure function before the engine's step and goes into the journal beside the
readings, so a restart plays the same again without the samples. A block with a sample that is missing or
cannot be has no features; one that came late is not shown.
"""

from abc import abstractmethod
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rules.kinds.base import Changes, Kind, Parameters, Subjects, Times, Values

Samples = NDArray[np.float64]
"""[channels, samples], in the quantity's own unit."""


class Feature(Hashable, Protocol):
    """A pure function of a block; those that are equal are computed once."""

    def __call__(self, samples: Samples, rate: float) -> Values | None:
        """The feature of samples taken at ``rate`` Hz; None = the block is too short for it."""


@dataclass(frozen=True, slots=True)
class Block:
    """What a kind is shown of a block: the time of its last sample (us), rate in Hz, samples a channel."""

    time: int
    rate: float
    samples: int
    feature: Values


class WaveformParameters(Parameters, frozen=True, kw_only=True):
    """The parameters of a kind over waveforms."""

    beside: str | None = None
    """A quantity that is measured at the same asset, whose last reading is shown with each block."""

    def feature(self) -> Feature:
        """What is to be computed of each block."""
        raise NotImplementedError

    def unfit(self, channels: int) -> tuple[str, str] | None:
        """The parameter that cannot be so with this number of channels, and what was expected, or None."""
        del channels
        return None


P = TypeVar("P", bound=WaveformParameters)


class WaveformKind(Kind[P]):
    """A kind whose subjects are the channels of a device at an asset, told of at the first of them."""

    together: ClassVar[bool] = True
    """False: each channel is a subject of its own."""

    @abstractmethod
    def observe(self, subject: int, block: Block, beside: float) -> Iterator[Changes]:
        """Take one block, with the last trusted value beside it (NaN = none), and yield what that changed."""

    def _settle(self, subject: int, time: int, state: int, figure: float) -> Iterator[Changes]:
        """Set one subject's state and yield it with the figure that was judged, if it is new."""
        one, states = np.array([subject]), np.array([state], np.int8)
        for changes in self._change(np.array([0]), one, np.array([time]), states):
            yield replace(changes, figure=np.array([figure]))

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        """Single readings of a channel say nothing here."""
        del subject, time, value
        return iter(())

    def memory(self) -> int:
        return 0
