"""The registry as the decoder needs it: from a topic to a device, from a key to a sensor id."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec
import numpy as np

from sensors.model import Device, Registry, Sensor
from sensors.quantities import QUANTITIES
from sensors.units import conversion


class Leaf(StrEnum):
    """What kind of message a topic's last level announces."""

    TELEMETRY = "telemetry"
    WAVEFORM = "waveform"
    STATUS = "status"


class Route(msgspec.Struct, frozen=True):
    """Where a topic leads."""

    device: str
    leaf: Leaf
    sensors: Mapping[str, int]
    """Sensor ids by the key that the device's payload gives them."""


class Index:
    """Lookups over one registry; arrays are by sensor id.

    factor, offset: from the unit that the device sends to the quantity's own. low, high: the physical
    range, or the instrument's where that is narrower.
    """

    def __init__(self, registry: Registry) -> None:
        size = max((sensor.id for sensor in registry.sensors), default=0) + 1
        self.factor, self.offset = np.ones(size), np.zeros(size)
        self.low, self.high = np.full(size, -np.inf), np.full(size, np.inf)
        self.declared: dict[int, Sensor] = {}
        """The sensors as they were registered, by id."""
        self._devices: dict[str, Device] = {device.id: device for device in registry.devices}
        self._keys: dict[str, dict[str, int]] = {device.id: {} for device in registry.devices}
        self._routes: dict[str, Route] = {}
        for sensor in registry.sensors:
            quantity = QUANTITIES[sensor.quantity]
            self._keys[sensor.device][sensor.key] = sensor.id
            self.declared[sensor.id] = sensor
            self.factor[sensor.id], self.offset[sensor.id] = conversion(
                sensor.unit, quantity.unit, quantity.lel
            )
            self.low[sensor.id] = quantity.low if sensor.low is None else max(quantity.low, sensor.low)
            self.high[sensor.id] = quantity.high if sensor.high is None else min(quantity.high, sensor.high)

    def route(self, topic: str) -> Route | str:
        """Where the topic leads, or why it leads nowhere."""
        found = self._routes.get(topic)
        return found if found is not None else self._find(topic)

    def topic(self, device: str) -> str | None:
        """The topic under which a device publishes."""
        found = self._devices.get(device)
        return found.topic if found is not None else None

    def _find(self, topic: str) -> Route | str:
        levels = topic.split("/")
        if len(levels) != 5 or levels[0] != "lifeline" or levels[4] not in set(Leaf):  # noqa: PLR2004, see DESIGN
            return f"expected lifeline/domain/district/device/({'|'.join(Leaf)})"
        device = self._devices.get(levels[3])
        if device is None:
            return f"no device {levels[3]!r} is registered"
        if device.topic != topic.rpartition("/")[0]:
            return f"{device.id!r} is registered under {device.topic}"
        route = self._routes[topic] = Route(device.id, Leaf(levels[4]), self._keys[device.id])
        return route
