"""A city of any size, made by laying out a small one again and again."""

from collections.abc import Container
from itertools import count
from math import ceil, isqrt

from msgspec.structs import replace

from sensors.errors import ConfigurationError
from sensors.model import Domain, Registry

DEVICES_PER_BRIDGE = 85_000 / 137
"""Hefei's front-end devices per monitored bridge (Economic Daily, 2025-08-30)."""

DISTRICTS_PER_DISTRICT = 4
"""The copies of a district are shared out among so many, for no city has thousands of districts."""

GAP = 1.1
"""Distance from copy to copy, in widths of the small city."""


def scaled(registry: Registry, devices: int) -> Registry:
    """The city repeated until it has so many devices, the first copy being the city as it is.

    In the n-th further copy ``x`` is called ``x.n`` and lies elsewhere; sensors get no ids. Bridges, the
    bridge assets of one district, are left out of most copies, so that they keep their usual share.
    The last copy is cut where the number is reached.

    Raises:
        ConfigurationError: but for bridges the city has no devices, so repeating it leads nowhere.
    """
    districts = sorted({asset.district for asset in registry.assets if asset.domain is Domain.BRIDGE})
    copies = [_first(registry, devices)]
    total, bridges = len(copies[0].devices), len(districts)
    for number in count(1):
        if total >= devices:
            break
        due = min(max(0, ceil(total / DEVICES_PER_BRIDGE) - bridges), len(districts))
        taken, left = districts[:due], districts[due:]
        copy = _copy(_without_bridges(registry, left), number, registry)
        if not copy.devices:
            raise ConfigurationError(f"{registry.city.id}: has no devices to repeat, but for its bridges")
        copies.append(_first(copy, devices - total))
        total, bridges = total + len(copies[-1].devices), bridges + due
        districts = left + taken
    return _joined(copies)


def _without_bridges(registry: Registry, districts: Container[str]) -> Registry:
    def stays(domain: Domain, district: str) -> bool:
        return domain is not Domain.BRIDGE or district not in districts

    return _only(
        registry,
        {asset.id for asset in registry.assets if stays(asset.domain, asset.district)},
        {device.id for device in registry.devices if stays(device.domain, device.district)},
    )


def _first(registry: Registry, devices: int) -> Registry:
    """The city with only so many of its devices; those that measure nothing are the first to go."""
    measuring = {sensor.device for sensor in registry.sensors}
    in_order = sorted((device.id for device in registry.devices), key=lambda device: device not in measuring)
    return _only(registry, {asset.id for asset in registry.assets}, set(in_order[:devices]))


def _only(registry: Registry, assets: set[str], devices: set[str]) -> Registry:
    """The city with some of its assets and devices, and what stands between those."""
    return replace(
        registry,
        assets=tuple(asset for asset in registry.assets if asset.id in assets),
        edges=tuple(edge for edge in registry.edges if edge.source in assets and edge.target in assets),
        devices=tuple(
            device if device.gateway in devices else replace(device, gateway=None)
            for device in registry.devices
            if device.id in devices
        ),
        sensors=tuple(
            sensor for sensor in registry.sensors if sensor.device in devices and sensor.asset in assets
        ),
    )


def _copy(registry: Registry, number: int, whole: Registry) -> Registry:
    """The n-th copy, which lies beside the others as the squares of a growing square do."""
    east, north = _square(number)
    width, height = (GAP * extent for extent in _extent(whole))
    share = number % DISTRICTS_PER_DISTRICT

    def named(name: str) -> str:
        return f"{name}.{number}"

    def district(name: str) -> str:
        return f"{name}.{share}" if share else name

    return replace(
        registry,
        assets=tuple(
            replace(
                asset,
                id=named(asset.id),
                name=f"{asset.name} #{number}",
                name_en=f"{asset.name_en} #{number}",
                district=district(asset.district),
                grid=named(asset.grid),
                longitude=asset.longitude + east * width,
                latitude=asset.latitude + north * height,
            )
            for asset in registry.assets
        ),
        edges=tuple(
            replace(edge, source=named(edge.source), target=named(edge.target)) for edge in registry.edges
        ),
        devices=tuple(
            replace(
                device,
                id=named(device.id),
                district=district(device.district),
                gateway=device.gateway and named(device.gateway),
            )
            for device in registry.devices
        ),
        sensors=tuple(
            replace(sensor, device=named(sensor.device), asset=named(sensor.asset), id=0)
            for sensor in registry.sensors
        ),
    )


def _square(number: int) -> tuple[int, int]:
    """Column and row of the n-th square: each ring closes the square before it into a larger one."""
    ring = isqrt(number)
    along = number - ring * ring
    return (ring, along) if along <= ring else (2 * ring - along, ring)


def _extent(registry: Registry) -> tuple[float, float]:
    longitudes = [asset.longitude for asset in registry.assets]
    latitudes = [asset.latitude for asset in registry.assets]
    return max(longitudes) - min(longitudes), max(latitudes) - min(latitudes)


def _joined(copies: list[Registry]) -> Registry:
    return replace(
        copies[0],
        assets=tuple(asset for copy in copies for asset in copy.assets),
        edges=tuple(edge for copy in copies for edge in copy.edges),
        devices=tuple(device for copy in copies for device in copy.devices),
        sensors=tuple(sensor for copy in copies for sensor in copy.sensors),
    )
