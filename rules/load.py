"""Reads rule files and checks them as a whole: a set is taken with no mistake in it, or not at all."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from rules.bind import BindError, bind, parse_parameters
from rules.hazards import hazards
from rules.kinds import PARAMETERS, SENSOR_KINDS
from rules.kinds.base import Parameters
from rules.kinds.k_of_n import KOfNParameters
from rules.model import Rule, RuleSet, Selector
from rules.risk import Group, Matrix, Strength, default_matrix
from sensors.errors import Mistake, Mistakes
from sensors.lines import Keys
from sensors.model import Registry
from sensors.quantities import QUANTITIES
from sensors.toml import explained, mistake, read

SECTIONS = ("rule", "group", "matrix")


class _File:
    """One rule file: what it holds, and where its mistakes stand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data, self._locate = read(path)
        self.mistakes: list[Mistake] = [
            self.wrong((name,), f"expected one of {', '.join(SECTIONS)}")
            for name in self.data
            if name not in SECTIONS
        ]

    def wrong(self, keys: Keys, expected: str) -> Mistake:
        field = ".".join(str(key) for key in keys if not isinstance(key, int))
        return Mistake(self.path, self._locate(keys), field, expected)

    def each(self, section: str, type_: type[Any]) -> Iterator[tuple[int, Any]]:
        """The tables of a section as types; those that are none are noted as mistakes."""
        tables = self.data.get(section, [])
        if not isinstance(tables, list):
            self.mistakes.append(self.wrong((section,), f"expected [[{section}]]"))
            return
        for number, table in enumerate(tables):
            try:
                yield number, msgspec.convert(table, type_)
            except msgspec.ValidationError as error:
                self.mistakes.append(mistake(self.path, self._locate, error, (section, number)))

    def matrix(self) -> Matrix | None:
        if "matrix" not in self.data:
            return None
        try:
            return msgspec.convert(self.data["matrix"], Matrix)
        except msgspec.ValidationError as error:
            self.mistakes.append(mistake(self.path, self._locate, error, ("matrix",)))
            return None


def load(paths: Iterable[Path], registry: Registry | None = None) -> RuleSet:
    """The rule set that the files, or the ``*.toml`` of the folders, hold together.

    Raises:
        Mistakes: every mistake in them, each with file, line, key and what was expected; with a registry,
            also rules whose selector finds nothing there.
    """
    files = [_File(path) for path in _toml(paths)]
    placed: dict[str, tuple[_File, int, Rule]] = {}
    groups: list[Group] = []
    for file in files:
        for number, rule in file.each("rule", Rule):
            if rule.name in placed:
                file.mistakes.append(file.wrong(("rule", number, "name"), f"{rule.name!r} is there twice"))
            placed.setdefault(rule.name, (file, number, rule))
        groups += (group for _, group in file.each("group", Group))
    for file, number, rule in placed.values():
        file.mistakes += (
            file.wrong(("rule", number, *keys), expected) for keys, expected in _wrong_in(rule, placed)
        )
    matrices = [matrix for file in files if (matrix := file.matrix())]
    rules = tuple(rule for _, _, rule in placed.values())
    found = RuleSet(rules=rules, groups=tuple(groups), matrix=(matrices or [default_matrix()])[-1])
    _refuse(file.mistakes for file in files)
    if registry is not None:
        try:
            bound = bind(found, registry)
        except BindError as error:
            file, number, _ = placed[error.rule]
            raise Mistakes([file.wrong(("rule", number, "parameters"), error.why)]) from None
        speaking = {pair.rule.name for pairs in bound.by_kind.values() for pair in pairs}
        speaking |= {group.pair.rule.name for group in bound.groups}
        _refuse(
            [file.wrong(("rule", number, "select"), "expected to find a sensor in this city")]
            for name, (file, number, _) in placed.items()
            if name not in speaking
        )
    return found


def _toml(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(path.glob("*.toml")) if path.is_dir() else [path]


def _refuse(mistakes: Iterable[Iterable[Mistake]]) -> None:
    every = [mistake for some in mistakes for mistake in some]
    if every:
        raise Mistakes(every)


def _wrong_in(rule: Rule, placed: Mapping[str, tuple[object, int, Rule]]) -> Iterator[tuple[Keys, str]]:
    """What is wrong in one rule, beside the others of its set: (keys below the rule, what was expected)."""
    if rule.hazard not in hazards():
        yield ("hazard",), f"expected one of {', '.join(hazards())}, not {rule.hazard!r}"
    yield from _wrong_selector(rule)
    for number, strength in enumerate(rule.evidence):
        yield from _wrong_strength(number, strength)
    if rule.kind not in PARAMETERS:
        yield ("kind",), f"expected one of {', '.join(PARAMETERS)}, not {rule.kind!r}"
        return
    if rule.kind not in SENSOR_KINDS and (rule.override or rule.select != Selector()):
        yield ("name",), "expected neither select nor override: its subjects follow from the rule it counts"
    variants: list[tuple[Keys, Mapping[str, Any]]] = [(("parameters",), rule.parameters)]
    variants += [
        (("override", number, "parameters"), {**rule.parameters, **override.parameters})
        for number, override in enumerate(rule.override)
    ]
    for keys, table in variants:
        try:
            parameters = parse_parameters(rule.kind, table)
        except msgspec.ValidationError as error:
            place, expected = explained(error)
            yield (*keys, *place), expected
        else:
            yield from _wrong_parameters(rule, parameters, keys, placed)


def _wrong_selector(rule: Rule) -> Iterator[tuple[Keys, str]]:
    wanted = rule.select.quantity
    for name in (wanted,) if isinstance(wanted, str) else wanted or ():
        if name not in QUANTITIES:
            yield ("select", "quantity"), f"expected a quantity, not {name!r}"


def _wrong_strength(number: int, strength: Strength) -> Iterator[tuple[Keys, str]]:
    if (strength.llr is None) == (strength.likelihood is None):
        yield ("evidence", number), "expected either llr or likelihood"
    elif strength.likelihood is not None and strength.likelihood not in range(1, 6):
        yield ("evidence", number, "likelihood"), f"expected 1 to 5, not {strength.likelihood}"


def _wrong_parameters(
    rule: Rule, parameters: Parameters, keys: Keys, placed: Mapping[str, tuple[object, int, Rule]]
) -> Iterator[tuple[Keys, str]]:
    if wrong := parameters.mistake():
        yield (*keys, wrong[0]), wrong[1]
    elif parameters.states != len(rule.evidence):
        yield ("evidence",), f"expected {parameters.states}, one for each state, not {len(rule.evidence)}"
    if isinstance(parameters, KOfNParameters):
        of = placed.get(parameters.of)
        if of is None or of[2].kind not in SENSOR_KINDS:
            yield (*keys, "of"), f"expected a rule over single sensors, not {parameters.of!r}"
