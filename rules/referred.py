"""Some rules of a set, with those that they look at."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from rules.model import RuleSet


def referred(rules: RuleSet, names: Iterable[str]) -> RuleSet:
    """The set with only these rules, and those whose names stand among the parameters of one of them."""
    by_name = {rule.name: rule for rule in rules.rules}
    wanted, waiting = set[str](), set(names)
    while waiting:
        name = waiting.pop()
        wanted.add(name)
        waiting |= {each for each in _words(by_name[name].parameters) if each in by_name} - wanted
    return msgspec.structs.replace(rules, rules=tuple(rule for rule in rules.rules if rule.name in wanted))


def _words(value: Any) -> Iterator[str]:  # noqa: ANN401, whatever a rule's table may hold
    """All strings in a table, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (word for each in value.values() for word in _words(each))
    elif isinstance(value, list | tuple):
        yield from (word for each in value for word in _words(each))
