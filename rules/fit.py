"""Whether a rule set can speak in a city."""

from collections.abc import Iterable, Iterator

from rules.bind import BindError, Binding, Pair, bind
from rules.kinds.k_of_n import KOfN
from rules.model import Rule, RuleSet
from rules.referred import referred
from rules.registered import Registered
from rules.thresholds import unreachable
from sensors.lines import Keys
from sensors.model import Registry

Unfit = tuple[str, Keys, str]
"""A rule's name, the way to a value in it, and what was expected there."""


def unfit(rules: RuleSet, registry: Registry) -> Iterator[Unfit]:
    """Everything that keeps the set from holding in this city; the set must have been checked."""
    try:
        bound = bind(rules, registry)
    except BindError:
        yield from _unbound(rules, registry)
        return
    registered = Registered(registry)
    yield from _silent(rules, bound)
    for rule in rules.rules:
        yield from _idle_overrides(rule, registered)
    yield from _unreachable(bound, registered)


def _unbound(rules: RuleSet, registry: Registry) -> Iterator[Unfit]:
    """The rules that cannot be bound, found one by one."""
    told = set[str]()
    for rule in rules.rules:
        try:
            bind(referred(rules, [rule.name]), registry)
        except BindError as error:
            if error.rule not in told:
                yield error.rule, ("parameters",), error.why
            told.add(error.rule)


def _silent(rules: RuleSet, bound: Binding) -> Iterator[Unfit]:
    """Rules that are bound nowhere."""
    speaking = {pair.rule.name for pair in _pairs(bound)}
    for rule in rules.rules:
        if rule.name not in speaking:
            counts = rule.kind == KOfN.name
            expected = "to find a group of so many sensors" if counts else "to find a sensor"
            yield rule.name, ("parameters" if counts else "select",), f"expected {expected} in this city"


def _idle_overrides(rule: Rule, registered: Registered) -> Iterator[Unfit]:
    """Overrides for none of their rule's sensors."""
    sensors = list(registered.selected(rule.select)) if rule.override else []
    for number, override in enumerate(rule.override):
        matches = (
            override.select.matches(each, registered.devices[each.device], registered.assets[each.asset])
            for each in sensors
        )
        if sensors and not any(matches):
            expected = "expected to find one of the rule's sensors in this city"
            yield rule.name, ("override", number, "select"), expected


def _unreachable(bound: Binding, registered: Registered) -> Iterator[Unfit]:
    """Thresholds that are impossible at an asset; the first of each rule."""
    told, quantities = set[str](), {sensor.name: sensor.quantity for sensor in registered.sensors}
    for pair in _pairs(bound):
        if pair.subject not in quantities or pair.rule.name in told:
            continue
        for keys, expected in unreachable(pair.parameters, quantities[pair.subject]):
            told.add(pair.rule.name)
            yield pair.rule.name, ("parameters", *keys), f"{expected} at {pair.asset}"
            break


def _pairs(bound: Binding) -> Iterable[Pair]:
    yield from (pair for pairs in bound.by_kind.values() for pair in pairs)
    yield from (group.pair for group in bound.groups)
