"""What a feed's devices say, row by row."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np

from sensors.model import Registry
from simulator.feed import Channel
from simulator.feed_rows import Rows
from simulator.messages import MILLISECOND, Number, telemetry


@dataclass(frozen=True, slots=True)
class Instant:
    """Everything that is said at one moment: (topic, payload) of each device that measured anything.

    time: us since 1970 UTC. readings: how many values the messages hold.
    """

    time: int
    messages: tuple[tuple[str, bytes], ...]
    readings: int


class Speakers:
    """The devices of a feed; those whose type is numbered count their messages from 0 in boot 0."""

    def __init__(self, channels: tuple[Channel, ...], registry: Registry) -> None:
        devices = {device.id: device for device in registry.devices}
        types = {kind.id: kind for kind in registry.device_types}
        keys: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for place, channel in enumerate(channels):
            keys[channel.sensor.device].append((channel.sensor.key, place))
        self._speakers = [
            (
                f"{devices[name].topic}/telemetry",
                mine,
                count() if types[devices[name].type].numbered else None,
            )
            for name, mine in keys.items()
        ]

    def say(self, chunks: Iterable[Rows]) -> Iterator[Instant]:
        """The rows as messages, one a device and row; a device that measured nothing says nothing."""
        for rows in chunks:
            known = ~np.isnan(rows.value)
            for time, there, values in zip(
                rows.time.tolist(), known.tolist(), rows.value.tolist(), strict=True
            ):
                yield self._instant(time, there, values)

    def _instant(self, time: int, there: list[bool], values: list[float]) -> Instant:
        messages, readings = [], 0
        for topic, keys, numbers in self._speakers:
            measured = {key: [values[place]] for key, place in keys if there[place]}
            if measured:
                number = None if numbers is None else Number(0, next(numbers))
                messages.append((topic, telemetry([time // MILLISECOND], measured, number)))
                readings += len(measured)
        return Instant(time, tuple(messages), readings)
