"""The registry, looked up by what selectors and inputs ask for."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from rules.kinds.base import Parameters
from rules.model import Neighbour, Rule, Selector, Side
from sensors.model import Asset, Device, DeviceType, Registry, Sensor
from sensors.readings import SECOND

_SIDES: Mapping[str, tuple[Side, Side]] = {
    "flows-to": ("upstream", "downstream"),
    "beside": ("beside", "beside"),
    "above": ("above", "below"),
}
"""By relation: on which side its source is of its target, and its target of its source."""


class Registered:
    """The registry, looked up by what selectors ask for."""

    def __init__(self, registry: Registry) -> None:
        self.zone = registry.city.timezone
        self.assets: dict[str, Asset] = {asset.id: asset for asset in registry.assets}
        self.devices: dict[str, Device] = {device.id: device for device in registry.devices}
        self.types: dict[str, DeviceType] = {type_.id: type_ for type_ in registry.device_types}
        self.by_quantity: dict[str, list[Sensor]] = defaultdict(list)
        self.sensors = registry.sensors
        self.by_id = {sensor.id: sensor for sensor in registry.sensors}
        for sensor in registry.sensors:
            self.by_quantity[sensor.quantity].append(sensor)
        self._fingerprints: dict[tuple[str, Parameters], str] = {}
        self.edges: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._sides: dict[tuple[Side, str], set[str]] = defaultdict(set)
        for edge in registry.edges:
            self.edges[edge.relation, edge.target].add(edge.source)
            self.edges[edge.relation, edge.source].add(edge.target)
            of_target, of_source = _SIDES[edge.relation]
            self._sides[of_target, edge.target].add(edge.source)
            self._sides[of_source, edge.source].add(edge.target)

    def selected(self, select: Selector) -> Iterator[Sensor]:
        """The sensors that match."""
        quantity = select.quantity
        names = (quantity,) if isinstance(quantity, str) else quantity
        candidates = self.sensors if names is None else [s for name in names for s in self.by_quantity[name]]
        for sensor in candidates:
            if select.matches(sensor, self.devices[sensor.device], self.assets[sensor.asset]):
                yield sensor

    def beside(self, asset: str, at: Side, sensors: "ByPlace") -> list[Sensor]:
        """Those of the sensors that are on that side of the asset."""
        if at == "city":
            return sensors.all
        if at == "district":
            return sensors.by_district[self.assets[asset].district]
        around = [asset] if at == "asset" else sorted(self._sides[at, asset])
        return [sensor for each in around for sensor in sensors.by_asset[each]]

    def measuring(self, asset: str, quantity: str) -> int | None:
        """The first sensor of a quantity at an asset."""
        measured = self.by_quantity[quantity]
        return min((sensor.id for sensor in measured if sensor.asset == asset), default=None)

    def neighbours(self, asset: str, at: Neighbour) -> list[str]:
        """The assets at which evidence from this one counts."""
        return [name for name in sorted(self._sides[at.side, asset]) if at.matches(self.assets[name])]

    def upload_us(self, sensor: Sensor) -> int:
        """The upload interval of its device's type."""
        return round(self.types[self.devices[sensor.device].type].upload_s * SECOND)

    def fingerprint(self, rule: Rule, parameters: Parameters) -> str:
        """Computed once for all subjects with the same parameters, of which there are few."""
        key = rule.name, parameters
        if key not in self._fingerprints:
            self._fingerprints[key] = fingerprint_of(rule, parameters)
        return self._fingerprints[key]


class ByPlace:
    """The sensors that an input selects, by where they are."""

    def __init__(self, select: Selector, registered: Registered) -> None:
        self.all = list(registered.selected(select))
        self.by_asset: dict[str, list[Sensor]] = defaultdict(list)
        self.by_district: dict[str, list[Sensor]] = defaultdict(list)
        for sensor in self.all:
            self.by_asset[sensor.asset].append(sensor)
            self.by_district[registered.assets[sensor.asset].district].append(sensor)


def fingerprint_of(rule: Rule, *more: object) -> str:
    """A hash of all that the rule would judge by, given parameters and what else is named."""
    says = (rule.kind, rule.hazard, rule.group, rule.evidence, more)
    content = msgspec.json.encode(says, order="deterministic", enc_hook=int)
    return hashlib.blake2b(content, digest_size=8).hexdigest()
