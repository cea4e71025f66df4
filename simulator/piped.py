"""A plain model and networks of pipes beside each other: each says what is to be seen of its own assets."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from simulator.physics import Channel, Physics, Signal
from simulator.places import Floats, Ints, Places
from simulator.surroundings import Moment


class Networks(Protocol):
    """The networks of one kind that a city's assets name."""

    @property
    def seen(self) -> Mapping[Signal, Callable[[str], float]]:
        """What they know, as a function of the asset."""
        ...

    def has(self, asset: str, signal: Signal) -> bool:
        """Whether a network says what a signal is at an asset."""
        ...

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        ...


class Piped(Physics):
    """A plain physics but for the assets that are in networks, where those say what they know.

    drives: the networks go on with this one's steps.
    """

    def __init__(self, places: Places, networks: Networks, plain: Physics, *, drives: bool = False) -> None:
        self._networks, self._plain, self._drives = networks, plain, drives
        self.waveforms = plain.waveforms
        self.channels = {
            signal: self._channel(places, signal, channel) for signal, channel in plain.channels.items()
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        self._plain.step(moment)
        if self._drives:
            self._networks.step(moment)

    def _channel(self, places: Places, signal: Signal, plain: Channel) -> Channel:
        assets = [asset.id for asset in places.of(signal[0]).assets]
        piped = np.array([self._networks.has(asset, signal) for asset in assets], np.bool_)
        return partial(_either, plain, assets, piped, self._networks.seen[signal]) if piped.any() else plain


def _either(
    plain: Channel,
    assets: Sequence[str],
    piped: np.ndarray,
    look: Callable[[str], float],
    at: Ints,
    number: Ints,
) -> Floats:
    value = plain(at, number).copy()
    for row in np.flatnonzero(piped[at]).tolist():
        value[row] = look(assets[at[row]])
    return value
