"""When devices measure and when they send: every device in its own phase, so that load is even."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.model import Device, DeviceType
from simulator.places import Floats, Ints

Milliseconds = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pack:
    """What a device has gathered and now sends: times int64 [n] in ms, values float [n, sensors]."""

    device: int
    sent: int
    times: Milliseconds
    values: Floats


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a type of device measures, in ms, and how many of that make a message."""

    sample_ms: int
    samples: int

    @classmethod
    def of(cls, kind: DeviceType, *, waves_only: bool) -> "Rhythm":
        """What is faster than once a second is a waveform's rate and none of the other sensors'."""
        upload_ms = round(kind.upload_s * 1000)
        sample_ms = upload_ms if waves_only else min(upload_ms, round(max(kind.sample_s, 1.0) * 1000))
        return cls(sample_ms, max(1, round(upload_ms / sample_ms)))

    def phase(self, device: str) -> int:
        """Where between two messages a device stands, in ms: the same in every run, evenly spread."""
        return zlib.crc32(device.encode()) * self.sample_ms * self.samples >> 32


class Sampler:
    """D devices of one rhythm with K sensors each.

    devices: int [D], places in the registry. rows: int [D, K], their sensors. A device measures at
    phase + k sample_ms, with k counted from 1970, and sends what it has whenever k divides by the samples
    of a message; so a message is sent at the time of its last sample.
    """

    def __init__(
        self, devices: Ints, rows: Ints, phases: Milliseconds, rhythm: Rhythm, start_ms: int
    ) -> None:
        self._devices, self._rows, self._phases, self._rhythm = devices, rows, phases, rhythm
        self._next = -((phases - start_ms) // rhythm.sample_ms)
        self._times = np.zeros((len(devices), rhythm.samples), np.int64)
        self._values = np.zeros((len(devices), rhythm.samples, rows.shape[1]))
        self._filled = np.zeros(len(devices), np.intp)
        self._soonest = int(self._due.min())

    def take(self, until_ms: int, read: Callable[[Ints], Floats], awake: NDArray[np.bool_]) -> Iterator[Pack]:
        """Measure everything due before ``until_ms`` and yield what is sent.

        read: gives what sensors show now. awake: by device of the registry; the others measure and send
        nothing.
        """
        while self._soonest < until_ms:
            due = np.flatnonzero(self._due < until_ms)
            times = self._due[due]
            up = awake[self._devices[due]]
            self._filled[due[~up]] = 0
            self._measure(due[up], times[up], read)
            full = up & (self._next[due] % self._rhythm.samples == 0)
            self._next[due] += 1
            self._soonest = int(self._due.min())
            for at, sent in zip(due[full].tolist(), times[full].tolist(), strict=True):
                yield self._send(at, sent)

    @property
    def _due(self) -> Milliseconds:
        return self._phases + self._next * self._rhythm.sample_ms

    def _measure(self, due: Ints, times: Milliseconds, read: Callable[[Ints], Floats]) -> None:
        slot = self._filled[due]
        self._times[due, slot] = times
        self._values[due, slot] = read(self._rows[due])
        self._filled[due] += 1

    def _send(self, at: int, sent: int) -> Pack:
        filled = int(self._filled[at])
        self._filled[at] = 0
        times, values = self._times[at, :filled].copy(), self._values[at, :filled].copy()
        return Pack(int(self._devices[at]), sent, times, values)


def samplers(
    devices: Sequence[Device],
    types: Sequence[DeviceType],
    sampled: Mapping[int, Sequence[int]],
    waving: Mapping[int, Sequence[int]],
    start_ms: int,
) -> list[Sampler]:
    """A sampler for all devices of each rhythm and number of sensors.

    types: of each device. sampled, waving: the sensors of each device that has some, by their places.
    """
    alike: dict[tuple[Rhythm, int], list[int]] = defaultdict(list)
    for index in sorted({*sampled, *waving}):
        width = len(sampled.get(index, ()))
        alike[Rhythm.of(types[index], waves_only=width == 0), width].append(index)
    return [
        Sampler(
            devices=np.array(members, np.intp),
            rows=np.array([sampled.get(index, ()) for index in members], np.intp).reshape(
                len(members), width
            ),
            phases=np.array([rhythm.phase(devices[index].id) for index in members], np.int64),
            rhythm=rhythm,
            start_ms=start_ms,
        )
        for (rhythm, width), members in alike.items()
    ]
