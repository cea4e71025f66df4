"""From live evidence to likelihood, from likelihood and consequence to a risk level. Pure.

Fusion: logit P = logit prior + sum over groups of w * sum_i q_i clip(llr_i) / (1 + (n - 1) rho), with n the
number of pieces of evidence in a group of like physics and rho their correlation; without that division
five sensors with rho = 0.5 claim P = 0.76 where the truth is 0.08. A life-safety limit is not fused: it sets
the likelihood outright. Evidence that says nothing of the event itself but of how sure or how near it is (k
of n agree, a limit is reached within the time that a crew needs) raises the likelihood that the rest makes.

Of the pieces that speak for the event only the strongest of a group are counted, as many as together say the
most: with all of them a weak one beside a strong one would take from it, and one more sensor in alarm would
lower the level. Pieces of equal strength, and all that speak against, are always counted.

Source: naive Bayes in log-odds with the design effect 1 + (n - 1) rho of Kish (1965), which is exact for
Gaussian sensors of equal strength and correlation; the figures are our own simulation. Likelihood from P: our
proposal, configuration, no standard.
"""

import math
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate

import msgspec

from rules.levels import RiskLevel
from sensors.model import Flag

CLIP = 3.0
"""The most that one piece of evidence may add to the log-odds, so that one faulty sensor decides nothing."""

STEPS = (0.01, 0.10, 0.40, 0.80)
"""Probabilities at which the likelihood becomes 2, 3, 4 and 5."""

MOST = 5
"""The highest likelihood."""

_LARGEST_EXPONENT = 700.0

QUALITY: Mapping[int, float] = {Flag.GOOD: 1.0, Flag.UNKNOWN: 0.8, Flag.SUSPECT: 0.5}
"""Weight of evidence by the flag of the reading that made it; worse ones are shown only to kinds that judge
the data itself, for which they are full evidence."""


class Strength(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one state of evidence says; one of the three."""

    llr: float | None = None
    """A log-likelihood ratio to be fused."""
    llr_file: str | None = None
    """The file beside the rule file that it was measured in; :mod:`rules.calibration` reads it at loading."""
    likelihood: int | None = None
    """A likelihood set outright: limits on life safety."""
    raises: int | None = None
    """By how much it raises the likelihood that all else makes; alone, that of the prior. Once a group."""

    @property
    def speaks_for(self) -> bool:
        """Whether it says that the event may be; what only speaks against one makes no case."""
        return self.llr is None or self.llr > 0


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
    raised: int
    """By how much the likelihood is higher than what was fused or set outright."""
    weights: Mapping[tuple[str, str], float]
    """By (rule, subject): what each piece added to the log-odds."""


def fuse(prior: float, evidence: Iterable[Evidence], groups: Mapping[str, Group]) -> Likelihood:
    """The likelihood that the live evidence of one (asset, hazard) makes."""
    by_group: dict[str, list[Evidence]] = defaultdict(list)
    raises: dict[str, int] = defaultdict(int)
    outright = 0
    for piece in evidence:
        if piece.strength.likelihood is not None:
            outright = max(outright, piece.strength.likelihood)
        elif piece.strength.raises is not None:
            raises[piece.group] = max(raises[piece.group], piece.strength.raises)
        else:
            by_group[piece.group].append(piece)
    weights: dict[tuple[str, str], float] = {}
    for name, pieces in by_group.items():
        weights |= _weights(pieces, groups.get(name, Group(name=name)))
    odds = math.log(prior / (1 - prior)) + math.fsum(weights[key] for key in sorted(weights))
    probability = 1 / (1 + math.exp(min(-odds, _LARGEST_EXPONENT)))
    unraised = max(1 + sum(probability >= step for step in STEPS), outright)
    likelihood = min(unraised + sum(raises.values()), MOST)
    return Likelihood(likelihood, probability, outright, likelihood - unraised, weights)


def _weights(pieces: Iterable[Evidence], group: Group) -> dict[tuple[str, str], float]:
    """What each piece of a group adds to the log-odds."""
    says = {
        (piece.rule, piece.subject): piece.quality * max(-CLIP, min(CLIP, piece.strength.llr or 0.0))
        for piece in pieces
    }
    if len(says) == 1:  # most often it is, and a storm makes thousands
        return {key: group.weight * each for key, each in says.items()}
    pro = sorted((key for key in says if says[key] > 0), key=lambda key: (-says[key], key))
    contra = [key for key in says if says[key] < 0]
    sums = accumulate((says[key] for key in pro), initial=math.fsum(says[key] for key in contra))
    totals = [each * _share(number + len(contra), group) for number, each in enumerate(sums)]
    most = max(range(len(totals)), key=lambda number: (totals[number], number))
    share = _share(most + len(contra), group)
    return dict.fromkeys(says, 0.0) | {key: share * says[key] for key in (*pro[:most], *contra)}


def _share(pieces: int, group: Group) -> float:
    """What of each of so many pieces counts."""
    return group.weight / (1 + max(pieces - 1, 0) * group.correlation)


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
