"""From live evidence to likelihood, from likelihood and consequence to a risk level. Pure.

Fusion: logit P = logit prior + sum over groups of w * sum_i q_i clip(llr_i) / (1 + (n - 1) rho), with n the
number of pieces of evidence in a group of like physics and rho their correlation; without that division
five sensors with rho = 0.5 claim P = 0.76 where the truth is 0.08. A life-safety limit is not fused: it sets
the likelihood outright.

Source: naive Bayes in log-odds with the design effect 1 + (n - 1) rho of Kish (1965); the figures are our
own simulation. Likelihood from P: our proposal, configuration, no standard.
"""

import math
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import msgspec

from rules.levels import RiskLevel
from sensors.model import Flag

CLIP = 3.0
"""The most that one piece of evidence may add to the log-odds, so that one faulty sensor decides nothing."""

STEPS = (0.01, 0.10, 0.40, 0.80)
"""Probabilities at which the likelihood becomes 2, 3, 4 and 5."""

_LARGEST_EXPONENT = 700.0

QUALITY: Mapping[int, float] = {Flag.GOOD: 1.0, Flag.UNKNOWN: 0.8, Flag.SUSPECT: 0.5}
"""Weight of evidence by the flag of the reading that made it; worse ones are shown only to kinds that judge
the data itself, for which they are full evidence."""


class Strength(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one state of evidence says: a log-likelihood ratio to be fused, or a likelihood set outright."""

    llr: float | None = None
    likelihood: int | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of evidence by like physics, whose errors go together."""

    name: str
    correlation: float = 0.5
    weight: float = 1.0


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule says of one subject now."""

    rule: str
    subject: str
    group: str
    state: int
    strength: Strength
    quality: float
    value: float | None
    time: int
    reason: str


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The likelihood (1-5) of an event now, and what made it."""

    likelihood: int
    probability: float
    outright: int
    weights: Mapping[tuple[str, str], float]
    """By (rule, subject): what each piece added to the log-odds."""


def fuse(prior: float, evidence: Iterable[Evidence], groups: Mapping[str, Group]) -> Likelihood:
    """The likelihood that the live evidence of one (asset, hazard) makes."""
    by_group: dict[str, list[Evidence]] = defaultdict(list)
    outright = 0
    for piece in evidence:
        if piece.strength.likelihood is not None:
            outright = max(outright, piece.strength.likelihood)
        elif piece.strength.llr is not None:
            by_group[piece.group].append(piece)
    weights = {}
    for name, pieces in by_group.items():
        group = groups.get(name, Group(name=name))
        share = group.weight / (1 + (len(pieces) - 1) * group.correlation)
        for piece in pieces:
            llr = max(-CLIP, min(CLIP, piece.strength.llr or 0.0))
            weights[piece.rule, piece.subject] = share * piece.quality * llr
    odds = math.log(prior / (1 - prior)) + math.fsum(weights[key] for key in sorted(weights))
    probability = 1 / (1 + math.exp(min(-odds, _LARGEST_EXPONENT)))
    fused = 1 + sum(probability >= step for step in STEPS)
    return Likelihood(max(fused, outright), probability, outright, weights)


class Matrix(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The versioned table of levels."""

    version: str
    source: str
    levels: tuple[tuple[RiskLevel, ...], ...]
    """[likelihood - 1][consequence - 1]."""

    def level(self, likelihood: int, consequence: int) -> RiskLevel:
        """The risk level of a likelihood (1-5) at a consequence (1-5)."""
        return self.levels[likelihood - 1][consequence - 1]


@cache
def default_matrix() -> Matrix:
    """Scheme A, as shipped."""
    return msgspec.convert(
        tomllib.loads(files("rules").joinpath("matrix.toml").read_text(encoding="utf-8")), Matrix
    )
