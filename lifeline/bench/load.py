"""The load of the ingest benches: readings of the demo city's sensors, repeated until there are enough."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from sensors.model import Device, Registry, Sensor
from sensors.readings import MINUTE, SECOND, Readings
from simulator.load import Packets, build

ALARM = 25.0
"""%LEL: over the demo's second band, so that a reading of it makes a transition, and the next another."""


def loaded(registry: Registry) -> list[tuple[Device, Sensor]]:
    """The sensors that are loaded: methane in valve chambers, which three of the demo's rules watch."""
    devices = {device.id: device for device in registry.devices}
    kinds = {asset.id: asset.kind for asset in registry.assets}
    return [
        (devices[sensor.device], sensor)
        for sensor in registry.sensors
        if sensor.quantity == "methane_lel"
        and sensor.unit == "%LEL"
        and kinds[sensor.asset] == "valve-chamber"
    ]


@dataclass(frozen=True, slots=True)
class Load:
    """Readings in the order in which they are published, and the packets that publish them."""

    readings: Readings
    packets: Packets


class Generator:
    """Makes load after load for the same sensors, each going on in time where the one before ended.

    step: us between two readings of a sensor.
    """

    def __init__(self, registry: Registry, sensors: int, start: int, seed: int, step: int = MINUTE) -> None:
        self._loaded = loaded(registry)[:sensors]
        self._ids = np.array([sensor.id for _, sensor in self._loaded], np.int32)
        self._step = step
        self._time, self._numbers = start, np.zeros(len(self._ids), np.int64)
        self._random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return len(self._ids)

    def load(self, messages: int, per_message: int, *, alarms: float) -> Load:
        """So many messages of so many readings, sensor after sensor; ``alarms``: share of the readings."""
        sensors, turns = len(self._ids), -(-messages // len(self._ids))
        place = np.tile(np.arange(sensors), turns)[:messages]
        turn = np.repeat(np.arange(turns), sensors)[:messages]
        times = self._time + (turn[:, None] * per_message + np.arange(per_message)) * self._step
        values = np.round(np.abs(self._random.normal(2.0, 0.5, times.shape)), 2).astype(np.float64)
        values[self._random.random(times.shape) < alarms] = ALARM
        numbers = self._numbers[place] + turn
        self._time += turns * per_message * self._step
        self._numbers += turns
        packets = build(self._messages(place, numbers, times, values))
        readings = Readings(
            np.repeat(self._ids[place], per_message),
            times.ravel(),
            values.ravel(),
            np.ones(times.size, np.int8),
        )
        return Load(readings, packets)

    def _messages(
        self,
        place: NDArray[np.int64],
        numbers: NDArray[np.int64],
        times: NDArray[np.int64],
        values: NDArray[np.float64],
    ) -> Iterator[tuple[str, bytes]]:
        topics = [f"{device.topic}/telemetry" for device, _ in self._loaded]
        keys = [sensor.key for _, sensor in self._loaded]
        encode = msgspec.json.Encoder().encode
        single = times.shape[1] == 1
        milliseconds = times // (SECOND // 1000)
        for which, number, t, v in zip(
            place.tolist(), numbers.tolist(), milliseconds.tolist(), values.tolist(), strict=True
        ):
            body = {
                "t": t[0] if single else t,
                "s": number,
                "b": 0,
                "v": {keys[which]: v[0] if single else v},
            }
            yield topics[which], encode(body)
