"""What of a city and its rules would cross from one partition into another: workers share nothing."""

from collections.abc import Iterable, Iterator, Mapping

from ingest.partition import Partition
from rules.bind import Binding, GroupPair, Pair
from sensors.model import Registry


def crossings(registry: Registry, binding: Binding, parts: int) -> Iterator[str]:
    """A line for each edge and each rule's subject that would be in several of so many partitions. Pure."""
    part = _parts(registry, parts)
    assets = {asset.id: asset.district for asset in registry.assets}
    for edge in registry.edges:
        found = {assets[edge.source], assets[edge.target]}
        if len({part[district] for district in found}) > 1:
            yield f"edge {edge.source} {edge.relation} {edge.target}: {_told(found, part)}"
    districts = {device.id: device.district for device in registry.devices}
    sensors = {sensor.id: districts[sensor.device] for sensor in registry.sensors}
    for pair, ids in _pairs(binding):
        found = {assets[pair.asset], *(sensors[each] for each in ids)}
        if len({part[district] for district in found}) > 1:
            yield f"rule {pair.rule.name} at {pair.subject}: {_told(found, part)}"


def _parts(registry: Registry, parts: int) -> Mapping[str, int]:
    """In which partition each district is."""
    cut = [Partition(k, parts) for k in range(1, parts + 1)]
    districts = {asset.district for asset in registry.assets}
    districts |= {device.district for device in registry.devices}
    return {district: next(p.k for p in cut if p.holds(district)) for district in districts}


def _pairs(binding: Binding) -> Iterator[tuple[Pair, set[int]]]:
    """Each rule's subjects, with the sensors that it looks at there."""
    for pairs in binding.by_kind.values():
        for pair in pairs:
            yield pair, _sensors(pair)
    for group in binding.groups:
        yield group.pair, _members(group)


def _sensors(pair: Pair) -> set[int]:
    ids = {pair.sensor, pair.beside, *pair.channels, *(seat.sensor for seat in pair.seats)}
    return {each for each in ids if each is not None}


def _members(group: GroupPair) -> set[int]:
    return {member.sensor for member in group.members}


def _told(districts: Iterable[str], part: Mapping[str, int]) -> str:
    return ", ".join(f"{district} is in {part[district]}" for district in sorted(districts))
