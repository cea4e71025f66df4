"""The registry, looked up by what selectors and inputs ask for."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.kinds.base import Parameters
from rules.model import Input, Neighbour, Rule, Selector, Side
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

    def beside(self, asset: str, sought: Input, sensors: "ByPlace") -> list[Sensor]:
        """Those of an input's sensors that are where it seeks them, seen from the asset."""
        if sought.at == "city":
            around = sensors.everywhere
        elif sought.at == "district":
            around = sensors.by_district.get(self.assets[asset].district, Places.none())
        else:
            near = [asset] if sought.at == "asset" else sorted(self._sides[sought.at, asset])
            around = Places.of(self.assets[each] for each in near if each in sensors.by_asset)
        found = around.nearest(self.assets[asset], sought.nearest)
        return [sensor for each in found for sensor in sensors.by_asset[each]]

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
        self.by_asset: dict[str, list[Sensor]] = {}
        for sensor in registered.selected(select):
            self.by_asset.setdefault(sensor.asset, []).append(sensor)
        assets = [registered.assets[each] for each in self.by_asset]
        self.everywhere = Places.of(assets)
        districts: dict[str, list[Asset]] = defaultdict(list)
        for asset in assets:
            districts[asset.district].append(asset)
        self.by_district = {name: Places.of(inside) for name, inside in districts.items()}


@dataclass(frozen=True, slots=True)
class Places:
    """Assets, and where they are: degrees [n]."""

    assets: tuple[str, ...]
    longitude: NDArray[np.float64]
    latitude: NDArray[np.float64]

    @classmethod
    def none(cls) -> Self:
        """No place at all."""
        return cls.of(())

    @classmethod
    def of(cls, assets: Iterable[Asset]) -> Self:
        """The places of some assets."""
        found = tuple(assets)
        return cls(
            tuple(each.id for each in found),
            np.array([each.longitude for each in found]),
            np.array([each.latitude for each in found]),
        )

    def nearest(self, asset: Asset, many: int | None) -> tuple[str, ...]:
        """So many that are nearest to an asset, the nearest first; None: all, as they stand."""
        if many is None:
            return self.assets
        east = (self.longitude - asset.longitude) * np.cos(np.radians(asset.latitude))
        distance = np.hypot(east, self.latitude - asset.latitude)
        return tuple(self.assets[each] for each in np.argsort(distance, kind="stable")[:many].tolist())


def fingerprint_of(rule: Rule, *more: object) -> str:
    """A hash of all that the rule would judge by, given parameters and what else is named."""
    says = (rule.kind, rule.hazard, rule.group, rule.evidence, more)
    content = msgspec.json.encode(says, order="deterministic", enc_hook=int)
    return hashlib.blake2b(content, digest_size=8).hexdigest()
