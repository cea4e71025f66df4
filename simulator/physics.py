"""What every domain's physics has in common, so that they step together."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.places import Floats, Ints
from simulator.surroundings import Moment

Signal = tuple[str, str]
"""An asset kind and a sensor's key there without its number: ("bridge-span", "strain")."""

Channel = Callable[[Ints, Ints], Floats]
"""The true values now at assets (places in their kind's group) for sensors of given numbers (strain2: 2,
none: 1), in the quantity's own unit."""

Waveform = Callable[[int, int, float, int], NDArray[np.float32]]
"""The samples at an asset: its place in the group, start in microseconds, rate in Hz, how many."""

Block = Callable[[int, float, int], NDArray[np.float32]]
"""The samples of one sensor: start in microseconds, rate in Hz, how many."""

NOTHING: Mapping[Signal, Any] = MappingProxyType({})


class Physics(Protocol):
    """One domain: a state, advanced in steps, and what sensors would see of it.

    channels: what is measured now and then. waveforms: what is measured many times a second and sent in
    blocks.
    """

    channels: Mapping[Signal, Channel] = NOTHING
    waveforms: Mapping[Signal, Waveform] = NOTHING

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        ...
