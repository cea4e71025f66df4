"""How far a sensor's readings bear: on which evidence, and on what else is judged together with it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.bind import Binding, GroupPair, Pair

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


def circle(binding: Binding, around: Iterable[int]) -> Circle:
    """The circle of some sensors: their groups, and all else that speaks of the same hazards there."""
    around = frozenset(around)
    pairs = [pair for pairs in binding.by_kind.values() for pair in pairs]
    cases = {_case(pair) for pair in pairs if _sensors(pair) & around}
    cases |= {_case(group.pair) for group in binding.groups if _members(group) & around}
    groups = tuple(group for group in binding.groups if _case(group.pair) in cases)
    counted = {pair.place for group in groups for pair in group.of}
    wanted = {pair.place for pair in pairs if _case(pair) in cases} | counted
    by_kind = {
        name: tuple(pair for pair in pairs if pair.place in wanted) for name, pairs in binding.by_kind.items()
    }
    heard = [_sensors(pair) for pairs in by_kind.values() for pair in pairs] + list(map(_members, groups))
    return Circle(around.union(*heard), frozenset(cases), Binding(by_kind, groups))


def _case(pair: Pair) -> CaseKey:
    return pair.asset, pair.rule.hazard


def _sensors(pair: Pair) -> frozenset[int]:
    alone = (each for each in (pair.sensor, pair.beside) if each is not None)
    return frozenset((*alone, *pair.channels, *(seat.sensor for seat in pair.seats)))


def _members(group: GroupPair) -> frozenset[int]:
    return frozenset(member.sensor for member in group.members)
