"""The tables of the assessment: read from TOML, checked as a whole, refused with every mistake in them."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Annotated, Literal

import msgspec

from rules.hazards import hazards
from rules.levels import RiskLevel
from sensors.errors import Mistake, Mistakes
from sensors.lines import Keys, dotted
from sensors.quantities import QUANTITIES
from sensors.toml import mistake, read

TABLES = Path(__file__).parent / "tables.toml"
"""The tables that come with the project."""

WORSENING = frozenset({"age_y", "condition", "defects"})
"""Attributes of which more is never better: their factors may not fall."""

Positive = Annotated[float, msgspec.Meta(gt=0)]


class Factor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many times as often an asset fails, by one attribute of it."""

    attribute: str
    name: str
    name_en: str
    part: Literal["gff", "Df", "Fms"]
    unit: str = ""
    words: Mapping[str, Positive] = {}
    steps: tuple[tuple[float, Positive], ...] = ()
    """(from, factor), ascending: below the first, the first holds."""
    unknown: Positive
    source: str


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often an asset of this kind fails, and what should watch it."""

    name: str
    name_en: str
    hazards: tuple[str, ...]
    per_year: Positive
    per_km: bool = False
    """The rate is that of a kilometre: it is multiplied by ``length_m``."""
    factors: tuple[str, ...]
    source: str
    watch: tuple[tuple[str, ...], ...]
    """Quantities that should be measured there; of a choice, any one is enough."""
    watch_source: str
    measure: str
    measure_en: str


class Review(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done about assets of a level, and after how long they are assessed again."""

    months: Annotated[int, msgspec.Meta(ge=1, le=120)]
    measures: str
    measures_en: str


class Scale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From failures a year to the likelihood: where 2, 3, 4 and 5 begin."""

    steps: tuple[float, float, float, float]
    source: str

    def likelihood(self, per_year: float) -> int:
        """1-5."""
        return 1 + sum(per_year >= step for step in self.steps)


class Reviews(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What follows from each level."""

    source: str
    major: Review
    serious: Review
    general: Review
    low: Review

    def of(self, level: RiskLevel) -> Review:
        """What follows from this level."""
        return {1: self.major, 2: self.serious, 3: self.general, 4: self.low}[level.value]


class Tables(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that an assessment is computed with."""

    version: str
    source: str
    likelihood: Scale
    review: Reviews
    factor: Mapping[str, Factor]
    kind: Mapping[str, Kind]
    names: Mapping[str, str] = {}
    """The words of attributes in Chinese; in English they stand for themselves."""


def read_tables(path: Path = TABLES) -> Tables:
    """The tables in a file.

    Raises:
        Mistakes: everything that is wrong with them, each with line, key and what was expected.
    """
    try:
        data, locate = read(path)
    except Mistake as error:
        raise Mistakes([error]) from None
    try:
        tables = msgspec.convert(data, Tables)
    except msgspec.ValidationError as error:
        raise Mistakes([mistake(path, locate, error)]) from None
    wrong = [Mistake(path, locate(keys), dotted(keys), expected) for keys, expected in _check(tables)]
    if wrong:
        raise Mistakes(wrong)
    return tables


@cache
def default_tables() -> Tables:
    """Those that come with the project."""
    return read_tables()


def _check(tables: Tables) -> Iterator[tuple[Keys, str]]:
    steps = (0.0, *tables.likelihood.steps)
    if not all(low < high < float("inf") for low, high in pairwise(steps)):
        yield ("likelihood", "steps"), "expected four ascending rates above 0"
    for name, factor in tables.factor.items():
        for key, expected in _wrong_factor(factor):
            yield ("factor", name, key), expected
    for name, kind in tables.kind.items():
        for key, expected in _wrong_kind(kind, tables):
            yield ("kind", name, key), expected


def _wrong_factor(factor: Factor) -> Iterator[tuple[str, str]]:
    if bool(factor.words) == bool(factor.steps):
        yield "attribute", "expected either words or steps"
        return
    values = [*factor.words.values(), *(times for _, times in factor.steps)]
    if not all(map(isfinite, (*values, *(start for start, _ in factor.steps), factor.unknown))):
        yield "attribute", "expected finite numbers only"
    if any(low >= high for (low, _), (high, _) in pairwise(factor.steps)):
        yield "steps", "expected ascending values"
    if factor.attribute in WORSENING and any(low > high for (_, low), (_, high) in pairwise(factor.steps)):
        yield "steps", f"expected factors that do not fall: more {factor.attribute} is never better"
    if factor.unknown < median(values):
        yield "unknown", f"expected at least the middle factor of {median(values):g}: not to know is no merit"


def _wrong_kind(kind: Kind, tables: Tables) -> Iterator[tuple[str, str]]:
    catalogues: tuple[tuple[str, tuple[str, ...], Mapping[str, object]], ...] = (
        ("factors", kind.factors, tables.factor),
        ("hazards", kind.hazards, hazards()),
        ("watch", tuple(quantity for choice in kind.watch for quantity in choice), QUANTITIES),
    )
    for key, named, catalogue in catalogues:
        for name in named:
            if name not in catalogue:
                yield key, f"expected some of {', '.join(catalogue)}, not {name!r}"
    if not kind.hazards:
        yield "hazards", "expected at least one hazard"
    if not all(kind.watch):
        yield "watch", "expected at least one quantity in each choice"
