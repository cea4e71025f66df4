"""What can be wrong in a rule set, wherever it comes from."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from rules.bind import parse_parameters
from rules.failure import FAILURE
from rules.hazards import hazards
from rules.kinds import JOINT_KINDS, PARAMETERS, SENSOR_KINDS
from rules.kinds.base import Parameters
from rules.kinds.joint import JointParameters
from rules.kinds.k_of_n import KOfN, KOfNParameters
from rules.model import Names, Rule, RuleSet, Selector
from rules.risk import Group, Matrix, Strength
from rules.thresholds import unreachable
from sensors.lines import Keys
from sensors.model import Domain
from sensors.quantities import QUANTITIES
from sensors.toml import explained

Wrong = tuple[Keys, str]
"""The way to a value, and what was expected there."""

SCORES = 5
"""Likelihood and consequence are 1 to 5."""

MOST_WEIGHT = 10.0


def check(rules: RuleSet) -> Iterator[Wrong]:
    """Everything that is wrong in the set, by its way from the set: ``("rule", 3, "hazard")``."""
    named = {rule.name: rule for rule in reversed(rules.rules)}
    groups = {group.name for group in rules.groups}
    for number, rule in enumerate(rules.rules):
        yield from _below(("rule", number), _wrong_rule(rule, named, groups))
    for number, group in enumerate(rules.groups):
        yield from _below(("group", number), _wrong_group(group))
    yield from _below(("matrix",), _wrong_matrix(rules.matrix))
    for number, learned in enumerate(rules.learned):
        if learned.rule not in named:
            yield ("learned", number, "rule"), f"expected a rule of the set, not {learned.rule!r}"
    yield from _twice("rule", (rule.name for rule in rules.rules))
    yield from _twice("group", (group.name for group in rules.groups))


def _below(place: Keys, wrong: Iterable[Wrong]) -> Iterator[Wrong]:
    return (((*place, *keys), expected) for keys, expected in wrong)


def _twice(section: str, names: Iterable[str]) -> Iterator[Wrong]:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            yield (section, number, "name"), f"{name!r} is there twice"
        seen.add(name)


def _wrong_rule(rule: Rule, named: Mapping[str, Rule], groups: Iterable[str]) -> Iterator[Wrong]:
    if not rule.name.strip() or "\n" in rule.name or rule.name == FAILURE.name:
        yield ("name",), f"expected a name on one line, and not {FAILURE.name!r}"
    if rule.hazard not in hazards():
        yield ("hazard",), f"expected one of {', '.join(hazards())}, not {rule.hazard!r}"
    if rule.group and rule.group not in groups:
        yield ("group",), f"expected a [[group]] of the set, not {rule.group!r}"
    yield from _wrong_selectors(rule)
    yield from _wrong_unit(rule)
    for number, strength in enumerate(rule.evidence):
        yield from _below(("evidence", number), _wrong_strength(strength))
    if rule.kind not in PARAMETERS:
        yield ("kind",), f"expected one of {', '.join(PARAMETERS)}, not {rule.kind!r}"
        return
    yield from _wrong_inputs(rule)
    if rule.kind == KOfN.name and (rule.override or rule.at or rule.select != Selector()):
        key = "override" if rule.override else "at" if rule.at else "select"
        yield (key,), "expected none: the subjects follow from the rule that is counted"
    wrong = list(_wrong_parameters(rule, ("parameters",), rule.parameters, named))
    if not wrong:
        for number, override in enumerate(rule.override):
            merged = {**rule.parameters, **override.parameters}
            wrong += _wrong_parameters(rule, ("override", number, "parameters"), merged, named)
    yield from wrong


def _wrong_inputs(rule: Rule) -> Iterator[Wrong]:
    kind = JOINT_KINDS.get(rule.kind)
    if kind is None:
        if rule.inputs:
            yield ("inputs",), f"expected none: {rule.kind} looks at one sensor"
        return
    for role in kind.needs:
        if role not in rule.inputs:
            yield ("inputs",), f"expected {role!r}, which {rule.kind} needs"
    for role, each in rule.inputs.items():
        if kind.takes is not None and role not in (*kind.needs, *kind.takes):
            yield ("inputs", role), f"expected one of {', '.join((*kind.needs, *kind.takes))}"
        yield from _below(("inputs", role, "select"), _wrong_selector(each.select))
        if each.nearest is not None and each.nearest < 1:
            yield ("inputs", role, "nearest"), f"expected 1 or more, not {each.nearest}"


def _wrong_selectors(rule: Rule) -> Iterator[Wrong]:
    yield from _below(("select",), _wrong_selector(rule.select))
    for number, override in enumerate(rule.override):
        yield from _below(("override", number, "select"), _wrong_selector(override.select))
    if rule.at is not None:
        yield from _below(("at",), _wrong_selector(Selector(domain=rule.at.domain)))


def _wrong_unit(rule: Rule) -> Iterator[Wrong]:
    if rule.unit is None:
        return
    quantities = [name for name in _names(rule.select.quantity) if name in QUANTITIES]
    if not quantities:
        yield ("unit",), "expected none where no quantity is selected"
    for name in quantities:
        if QUANTITIES[name].unit != rule.unit:
            yield ("unit",), f"expected {QUANTITIES[name].unit!r}, the unit of {name}, not {rule.unit!r}"


def _wrong_selector(select: Selector) -> Iterator[Wrong]:
    for name in _names(select.quantity):
        if name not in QUANTITIES:
            yield ("quantity",), f"expected a quantity, not {name!r}"
    for name in _names(select.domain):
        if name not in set(Domain):
            yield ("domain",), f"expected one of {', '.join(Domain)}, not {name!r}"


def _names(given: Names | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given or ()


def _wrong_strength(strength: Strength) -> Iterator[Wrong]:
    fused = strength.llr if strength.llr_file is None else strength.llr_file
    given = [each for each in (fused, strength.likelihood, strength.raises) if each is not None]
    if len(given) != 1:
        yield (), "expected either llr or likelihood or raises"
    elif strength.likelihood is not None and strength.likelihood not in range(1, SCORES + 1):
        yield ("likelihood",), f"expected 1 to {SCORES}, not {strength.likelihood}"
    elif strength.raises is not None and strength.raises not in range(1, SCORES):
        yield ("raises",), f"expected 1 to {SCORES - 1}, not {strength.raises}"


def _wrong_parameters(
    rule: Rule, keys: Keys, table: Mapping[str, Any], named: Mapping[str, Rule]
) -> Iterator[Wrong]:
    try:
        parameters = parse_parameters(rule.kind, table)
    except msgspec.ValidationError as error:
        place, expected = explained(error)
        yield (*keys, *place), expected
        return
    if parameters.learned:
        yield (*keys, "learned"), "expected it in a [[learned]] table, see `lifeline rules learn`"
    if "zone" in table:
        yield (*keys, "zone"), "expected it in the city's registry"
    yield from _wrong_values(rule, keys, parameters)
    if isinstance(parameters, KOfNParameters):
        yield from _below(keys, _wrong_vote(parameters, named.get(parameters.of)))


def _wrong_values(rule: Rule, keys: Keys, parameters: Parameters) -> Iterator[Wrong]:
    if wrong := parameters.mistake():
        yield (*keys, *_steps(wrong[0])), wrong[1]
        return
    if isinstance(parameters, JointParameters) and (unknown := parameters.uses() - rule.inputs.keys()):
        yield ("inputs",), f"expected {', '.join(sorted(unknown))}, which the formula speaks of"
    elif parameters.states != len(rule.evidence):
        yield ("evidence",), f"expected {parameters.states}, one for each state, not {len(rule.evidence)}"
    if getattr(parameters, "relative_to", None) is None:
        for name in _names(rule.select.quantity):
            if name in QUANTITIES:
                yield from _below(keys, unreachable(parameters, name))


def _steps(name: str) -> Keys:
    """The way that a parameter's name such as ``bands[2]`` tells."""
    return tuple(int(step) if step.isdecimal() else step for step in re.findall(r"[^\[\].]+", name))


def _wrong_vote(parameters: KOfNParameters, of: Rule | None) -> Iterator[Wrong]:
    joint = JOINT_KINDS.get(of.kind) if of is not None else None
    if of is None or not (of.kind in SENSOR_KINDS or (joint is not None and joint.centre == "sensor")):
        yield ("of",), f"expected a rule over single sensors, not {parameters.of!r}"
    elif parameters.state > len(of.evidence):
        yield ("state",), f"expected at most {len(of.evidence)}, the states of {of.name!r}"


def _wrong_group(group: Group) -> Iterator[Wrong]:
    if not 0 <= group.correlation <= 1:
        yield ("correlation",), f"expected 0 to 1, not {group.correlation}"
    if not 0 < group.weight <= MOST_WEIGHT:
        yield ("weight",), f"expected more than 0 and at most {MOST_WEIGHT:g}, not {group.weight}"


def _wrong_matrix(matrix: Matrix) -> Iterator[Wrong]:
    levels = matrix.levels
    if len(levels) != SCORES or any(len(row) != SCORES for row in levels):
        yield ("levels",), f"expected {SCORES} rows, by likelihood, of {SCORES} levels, by consequence"
        return
    for lines in (levels, tuple(zip(*levels, strict=True))):
        if any(list(line) != sorted(line, reverse=True) for line in lines):
            yield ("levels",), "expected no level milder than that of a lower likelihood or consequence"
            return
