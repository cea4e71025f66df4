"""What a kind over waveforms is: shown, instead of readings, a feature of each block of its channels.

The feature is computed by a pure function before the engine's step and goes into the journal beside the
readings, so a restart plays the same again without the samples. A block with a sample that is missing or
cannot be has no features; one that came late is not shown.
"""

from abc import abstractmethod
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

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


@dataclass(frozen=True, slots=True)
class Change:
    """Evidence that a block changed, and the figure that was judged."""

    state: int
    previous: int
    figure: float


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

    @abstractmethod
    def observe(self, subject: int, block: Block, beside: float) -> Iterator[Change]:
        """Take one block, with the last trusted value beside it (NaN = none), and yield what that changed."""

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        """Single readings of a channel say nothing here."""
        del subject, time, value
        return iter(())

    def memory(self) -> int:
        return 0
