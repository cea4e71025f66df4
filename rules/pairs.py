"""Which sensors a rule looks at where it speaks of a subject."""

from collections.abc import Iterable, Iterator
from itertools import chain

from rules.bind import BindError, Binding, Pair, bind
from rules.model import RuleSet
from rules.referred import referred
from sensors.model import Registry


def pairs(
    rules: RuleSet, registry: Registry, names: Iterable[str]
) -> dict[tuple[str, str], tuple[Pair, tuple[int, ...]]]:
    """Some rules' pairs in a city by (rule, subject), each with its sensors; none where they do not fit."""
    some = referred(rules, set(names) & {rule.name for rule in rules.rules})
    try:
        bound = bind(some, registry)
    except BindError:
        return {}
    return {(pair.rule.name, pair.subject): (pair, sensors) for pair, sensors in _bound(bound)}


def _bound(bound: Binding) -> Iterator[tuple[Pair, tuple[int, ...]]]:
    for pair in chain.from_iterable(bound.by_kind.values()):
        own = () if pair.sensor is None else (pair.sensor,)
        yield pair, tuple(dict.fromkeys((*own, *(seat.sensor for seat in pair.seats), *pair.channels)))
    for group in bound.groups:
        yield group.pair, tuple(member.sensor for member in group.members)
