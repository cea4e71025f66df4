"""How far a sensor's readings bear: on which evidence, and on what else is judged together with it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import msgspec

from rules.bind import Binding, GroupPair, Pair
from sensors.model import Registry

CaseKey = tuple[str, str]
"""An asset and a hazard there."""


@dataclass(frozen=True, slots=True)
class Circle:
    """The part of a binding that has to be run to judge some sensors as all of it would.

    sensors: whose readings that takes. cases: what the readings of the sensors asked for can bear on.
    """

    sensors: frozenset[int]
    cases: frozenset[CaseKey]
    binding: Binding


class Circles:
    """All circles of a binding, looked up by sensor: building it takes a look at every pair, a circle few."""

    def __init__(self, binding: Binding) -> None:
        self._kinds = tuple(binding.by_kind)
        self._heard_by: Mapping[int, set[CaseKey]] = defaultdict(set)
        self._pairs: Mapping[CaseKey, list[Pair]] = defaultdict(list)
        self._groups: Mapping[CaseKey, list[GroupPair]] = defaultdict(list)
        for pair in chain.from_iterable(binding.by_kind.values()):
            self._pairs[_case(pair)].append(pair)
            for sensor in _sensors(pair):
                self._heard_by[sensor].add(_case(pair))
        for group in binding.groups:
            self._groups[_case(group.pair)].append(group)
            for sensor in _members(group):
                self._heard_by[sensor].add(_case(group.pair))

    def around(self, sensors: Iterable[int]) -> Circle:
        """The circle of some sensors: their groups, and all else that speaks of the same hazards there."""
        around = frozenset(sensors)
        cases = frozenset(case for sensor in around for case in self._heard_by.get(sensor, ()))
        groups = [group for case in cases for group in self._groups.get(case, ())]
        counted = chain.from_iterable(group.of for group in groups)
        spoken = (pair for case in cases for pair in self._pairs.get(case, ()))
        by_place = {pair.place: pair for pair in chain(spoken, counted)}
        pairs = [by_place[place] for place in sorted(by_place)]
        by_kind = {kind: tuple(pair for pair in pairs if pair.rule.kind == kind) for kind in self._kinds}
        heard = around.union(*map(_sensors, pairs), *map(_members, groups))
        in_order = tuple(sorted(groups, key=lambda group: group.pair.place))
        return Circle(heard, cases, Binding(by_kind, in_order))


def narrowed(registry: Registry, circle: Circle) -> Registry:
    """The registry without what the circle does not need, so that an engine of it is quickly made.

    Of the neighbours the assets stay, for they have a share in consequences, and nothing else.
    """
    here = {pair.asset for pairs in circle.binding.by_kind.values() for pair in pairs}
    here |= {asset for asset, _ in circle.cases}
    edges = tuple(edge for edge in registry.edges if edge.source in here or edge.target in here)
    near = here.union(*((edge.source, edge.target) for edge in edges))
    return msgspec.structs.replace(
        registry,
        assets=tuple(asset for asset in registry.assets if asset.id in near),
        edges=edges,
        sensors=tuple(sensor for sensor in registry.sensors if sensor.id in circle.sensors),
    )


def _case(pair: Pair) -> CaseKey:
    return pair.asset, pair.rule.hazard


def _sensors(pair: Pair) -> frozenset[int]:
    alone = (each for each in (pair.sensor, pair.beside) if each is not None)
    return frozenset((*alone, *pair.channels, *(seat.sensor for seat in pair.seats)))


def _members(group: GroupPair) -> frozenset[int]:
    return frozenset(member.sensor for member in group.members)
