"""The scale of consequences: which facts of an asset give which score. Configuration, with its source."""

import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import isfinite

import msgspec

SCORES = range(1, 6)
"""1 (slight) to 5 (disastrous)."""


class Factor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of an asset speaks of one factor: a number by steps, its tags, or both."""

    source: str
    attribute: str | None = None
    """The attribute that is measured, in the unit its name ends with."""
    steps: tuple[float, ...] = ()
    """The values from which the score is 2, 3, 4 and 5."""
    tags: Mapping[str, int] = {}
    """The score that a tag gives."""

    def score(self, attributes: Mapping[str, float | str], tags: Iterable[str]) -> int:
        """The worst that speaks of the asset, or 1."""
        value = attributes.get(self.attribute) if self.attribute is not None else None
        measured = 1 + bisect_right(self.steps, value) if isinstance(value, int | float) else 1
        return max(measured, *(self.tags.get(tag, 1) for tag in tags), 1)


class Cascade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an asset takes over from one of another system beside, above or below it."""

    source: str
    least: int
    """The least score of the neighbour that is taken over."""
    less: int
    """By how much the score is lower here."""


class ConsequenceScale(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The scale of every factor."""

    version: str
    people: Factor
    critical_users: Factor
    cost: Factor
    adjacent_spaces: Factor
    cascade: Cascade

    @property
    def factors(self) -> dict[str, Factor]:
        """Those that follow from the asset itself, by name."""
        return {name: getattr(self, name) for name in FACTORS}


FACTORS = ("people", "critical_users", "cost", "adjacent_spaces")


@cache
def default_scale() -> ConsequenceScale:
    """The scale as shipped."""
    text = files("sensors").joinpath("consequence.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), ConsequenceScale)


def wrong(scale: ConsequenceScale) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong in a scale: the way to it, and what was expected there."""
    for name, factor in scale.factors.items():
        yield from (((name, *keys), expected) for keys, expected in _wrong_factor(factor))
    if scale.cascade.least not in SCORES:
        yield ("cascade", "least"), f"expected a score of 1 to 5, not {scale.cascade.least}"
    if scale.cascade.less not in range(SCORES[-1]):
        yield ("cascade", "less"), f"expected 0 to 4, not {scale.cascade.less}"


def _wrong_factor(factor: Factor) -> Iterator[tuple[tuple[str, ...], str]]:
    rising = all(low < high for low, high in pairwise(factor.steps))
    if factor.attribute is None and not factor.steps and not factor.tags:
        yield (), "expected an attribute with steps, or tags"
    if (factor.attribute is None) != (not factor.steps):
        yield ("attribute" if factor.steps else "steps",), "expected attribute and steps together"
    elif factor.steps and (len(factor.steps) != SCORES[-1] - 1 or not rising):
        yield ("steps",), "expected 4 rising numbers, from which the score is 2, 3, 4 and 5"
    elif not all(map(isfinite, factor.steps)):
        yield ("steps",), "expected finite numbers"
    for tag, score in factor.tags.items():
        if score not in SCORES:
            yield ("tags", tag), f"expected a score of 1 to 5, not {score}"
