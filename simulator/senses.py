"""Which part of the physics each sensor sees."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from sensors.model import Registry
from simulator.physics import Block, Channel, Physics, Signal
from simulator.places import Floats, Ints, Places

_NUMBERED = re.compile(r"(.+?)(\d+)")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Tap:
    """The sensors of one signal: their rows in the registry, their assets in the group, their numbers."""

    channel: Channel
    rows: Ints
    at: Ints
    number: Ints


class Senses:
    """All n sensors of a registry, bound to the physics by asset kind and key.

    truth: float [n], the true values in the quantities' units; NaN where a sensor is not sampled.
    sampled: by physics, the rows of the sensors that are read now and then. waving: those that are sent
    as waveforms. unknown: the names of those that no physics knows.
    """

    waving: dict[int, Block]

    def __init__(self, registry: Registry, places: Places, physics: Sequence[Physics]) -> None:
        channels = {signal: channel for one in physics for signal, channel in one.channels.items()}
        waveforms = {signal: wave for one in physics for signal, wave in one.waveforms.items()}
        tapped: dict[Signal, list[tuple[int, int, int]]] = defaultdict(list)
        unknown = []
        self.waving = {}
        for row, sensor in enumerate(registry.sensors):
            kind = places.asset[sensor.asset].kind
            at = places.of(kind).index[sensor.asset]
            if found := _signal(kind, sensor.key, channels):
                tapped[found[0]].append((row, at, found[1]))
            elif found := _signal(kind, sensor.key, waveforms):
                self.waving[row] = partial(waveforms[found[0]], at)
            else:
                unknown.append(sensor.name)
        self.truth: Floats = np.full(len(registry.sensors), np.nan)
        self._taps = [
            [_tap(channel, tapped[signal]) for signal, channel in one.channels.items() if signal in tapped]
            for one in physics
        ]
        self.sampled = [[row for tap in taps for row in tap.rows.tolist()] for taps in self._taps]
        self.unknown = tuple(unknown)

    def refresh(self, physics: int) -> None:
        """Look again at what one of the physics, by its place, has become."""
        for tap in self._taps[physics]:
            self.truth[tap.rows] = tap.channel(tap.at, tap.number)


def _signal(kind: str, key: str, known: Mapping[Signal, T]) -> tuple[Signal, int] | None:
    """The signal of a key and the sensor's number there: ``ch4`` is one, ``strain2`` the second strain."""
    if (kind, key) in known:
        return (kind, key), 1
    numbered = _NUMBERED.fullmatch(key)
    if numbered and (kind, numbered[1]) in known:
        return (kind, numbered[1]), int(numbered[2])
    return None


def _tap(channel: Channel, places: list[tuple[int, int, int]]) -> _Tap:
    rows, at, number = np.array(places, np.intp).T
    return _Tap(channel, rows, at, number)
