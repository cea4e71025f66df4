"""Waveforms: blocks of equally spaced samples, and what the rules need to know of them."""

from dataclasses import dataclass, fields
from typing import Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from sensors.readings import SECOND


class Waveform(msgspec.Struct, frozen=True, kw_only=True):
    """A block of equally spaced samples.

    start: us since 1970 UTC. rate: Hz. samples: in the quantity's own unit. message: its message's place in
    the batch, the same for all channels that came together. position, ticks: how many of the batch's
    readings and ticks came before it.
    """

    sensor: int
    start: int
    rate: float
    samples: NDArray[np.float32]
    flag: int
    message: int = 0
    position: int = 0
    ticks: int = 0

    @property
    def end(self) -> int:
        """The time of its last sample, us since 1970 UTC."""
        return self.start + round((len(self.samples) - 1) * SECOND / self.rate)


@dataclass(frozen=True, slots=True)
class Features:
    """What enters the engine of b blocks in their order of arrival: that they came, and f features of them.

    sensor: int32 [b]. time: int64 [b], of the last sample. position, ticks: int64 [b], as in ``Waveform``.
    tap: int32 [f], which feature of which channels, as the engine numbers them. block: int64 [f], the row
    of its first channel, rising. rate: float64 [f], Hz. samples: int64 [f], of each channel. size: int64 [f],
    how many of ``values`` (float64) are its own, one feature's after the other's.
    """

    sensor: NDArray[np.int32]
    time: NDArray[np.int64]
    position: NDArray[np.int64]
    ticks: NDArray[np.int64]
    tap: NDArray[np.int32]
    block: NDArray[np.int64]
    rate: NDArray[np.float64]
    samples: NDArray[np.int64]
    size: NDArray[np.int64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        """The number of blocks."""
        return len(self.sensor)

    @classmethod
    def empty(cls) -> Self:
        """No blocks at all."""
        wide, real = np.empty(0, np.int64), np.empty(0, np.float64)
        narrow = np.empty(0, np.int32)
        return cls(narrow, wide, wide, wide, narrow, wide, real, wide, wide, real)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


NO_FEATURES = Features.empty()
"""Those of a batch without waveforms."""
