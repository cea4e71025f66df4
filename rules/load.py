"""Reads rule files and checks them as a whole: a set is taken with no mistake in it, or not at all."""

from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from rules.calibration import Calibrated
from rules.case import Case, wrong_case
from rules.check import check
from rules.duration import durations
from rules.fit import unfit
from rules.model import Learned, Rule, RuleSet
from rules.risk import Group, Matrix, default_matrix
from sensors.errors import Mistake, Mistakes
from sensors.lines import Keys, dotted
from sensors.model import Registry
from sensors.toml import mistake, read

DEMO_RULES = Path(__file__).parent / "demo"
"""The demo city's rules."""

SECTIONS: Mapping[str, type[Any]] = {
    "rule": Rule,
    "group": Group,
    "learned": Learned,
    "matrix": Matrix,
    "case": Case,
}
"""What a rule file may hold, one [matrix] a set of files; [[case]] is no part of the rule set."""


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
        self.mistakes += (
            self.wrong(keys, f"expected a number, not {value}")
            for keys, value in _no_numbers({name: each for name, each in self.data.items() if name != "case"})
        )

    def wrong(self, keys: Keys, expected: str) -> Mistake:
        return Mistake(self.path, self._locate(keys), dotted(keys), expected)

    def each(self, section: str) -> Iterator[tuple[Keys, Any]]:
        """What stands in a section, with its place in the file; what cannot be is noted as a mistake."""
        places: list[tuple[Keys, object]]
        found = self.data.get(section, [])
        if section == "matrix" and section in self.data:
            places = [((section,), found)]
        elif isinstance(found, list):
            places = [((section, number), table) for number, table in enumerate(found)]
        else:
            self.mistakes.append(self.wrong((section,), f"expected [[{section}]]"))
            return
        for place, table in places:
            try:
                yield place, msgspec.convert(table, SECTIONS[section], dec_hook=durations)
            except msgspec.ValidationError as error:
                self.mistakes.append(mistake(self.path, self._locate, error, place))


class _Placed(NamedTuple):
    """A rule, group or matrix, and where it stands."""

    file: _File
    place: Keys
    value: Any

    def wrong(self, keys: Iterable[str | int], expected: str) -> Mistake:
        return self.file.wrong((*self.place, *keys), expected)


def load(paths: Iterable[Path], registry: Registry | None = None, *, measured: bool = True) -> RuleSet:
    """The rule set that the files, or the ``*.toml`` of the folders, hold together.

    measured: whether ratios are read from the files that rules name; without, they count nothing.

    Raises:
        Mistakes: every mistake in them, each with file, line, key and what was expected; with a registry,
            also rules that cannot speak there.
    """
    return load_with_cases(paths, registry, measured=measured)[0]


def load_with_cases(
    paths: Iterable[Path], registry: Registry | None = None, *, measured: bool = True
) -> tuple[RuleSet, tuple[Case, ...]]:
    """The rule set as ``load`` reads it, and the cases that its files bring along to try it by.

    Raises:
        Mistakes: as ``load``.
    """
    files, mistakes = _read(paths)
    placed = {name: [_Placed(file, *each) for file in files for each in file.each(name)] for name in SECTIONS}
    if measured:
        placed["rule"], wrong = _calibrated(placed["rule"])
        mistakes += wrong
    rules, groups, learned, matrices, cases = ([each.value for each in placed[name]] for name in SECTIONS)
    found = RuleSet(
        rules=tuple(rules),
        groups=tuple(groups),
        matrix=[*matrices, default_matrix()][0],
        learned=tuple(learned),
    )
    for file in files:
        mistakes += file.mistakes
    mistakes += (each.wrong((), "it is there twice") for each in placed["matrix"][1:])
    for (section, *keys), expected in check(found):
        number = 0 if section == "matrix" else int(keys.pop(0))
        mistakes.append(placed[str(section)][number].wrong(keys, expected))
    mistakes += (each.wrong(*wrong) for each in placed["case"] for wrong in wrong_case(each.value, found))
    _refuse(mistakes)
    if registry is not None:
        where = {each.value.name: each for each in placed["rule"]}
        _refuse([where[name].wrong(keys, expected) for name, keys, expected in unfit(found, registry)])
    return found, tuple(cases)


def _calibrated(placed: Iterable[_Placed]) -> tuple[list[_Placed], list[Mistake]]:
    """The rules with the ratios that they name files of."""
    calibrated, found = Calibrated(), []
    mistakes: list[Mistake] = []
    for each in placed:
        rule, wrong = calibrated.rule(each.value, each.file.path.parent)
        found.append(each._replace(value=rule))
        mistakes += (each.wrong(*mistake) for mistake in wrong)
    return found, mistakes


def _read(paths: Iterable[Path]) -> tuple[list[_File], list[Mistake]]:
    """The files, or the ``*.toml`` of the folders, and what cannot be read of them."""
    files: list[_File] = []
    mistakes: list[Mistake] = []
    for path in paths:
        inside = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not inside:
            mistakes.append(Mistake(path, None, "file", "expected a folder with *.toml files"))
        for each in inside:
            try:
                files.append(_File(each))
            except Mistake as wrong:
                mistakes.append(wrong)
    return files, mistakes


def _no_numbers(value: object, keys: Keys = ()) -> Iterator[tuple[Keys, float]]:
    """Where TOML's nan and inf stand: no threshold is one, and no JSON holds them."""
    if isinstance(value, float) and not isfinite(value):
        yield keys, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from _no_numbers(each, (*keys, key))


def _refuse(mistakes: list[Mistake]) -> None:
    if mistakes:
        raise Mistakes(mistakes)
