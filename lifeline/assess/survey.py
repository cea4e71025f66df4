"""The assessment of a whole city: each asset's inherent risk, worst first, and how it is watched. Pure."""

from calendar import monthrange
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from lifeline.assess.coverage import Coverage, Watch, coverage, measured, watch
from lifeline.assess.likelihood import Estimate, estimate
from lifeline.assess.tables import Tables
from rules.hazards import hazards
from rules.levels import RiskLevel
from rules.risk import Matrix
from sensors.consequence import with_scores
from sensors.model import Asset, City, Edge, Registry, Utility

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Risk:
    """The inherent risk of one asset, what made it, and what watches it."""

    asset: Asset
    hazards: tuple[str, ...]
    estimate: Estimate
    consequence: int
    factors: tuple[str, ...]
    """Those of the consequence's factors that are the worst; none where the hazard sets it."""
    level: RiskLevel
    review: date
    watch: Watch


@dataclass(frozen=True, slots=True)
class Survey:
    """What an assessment found; the risks are sorted, the worst first."""

    city: City
    day: date
    tables: Tables
    matrix: Matrix
    risks: tuple[Risk, ...]
    coverage: tuple[Coverage, ...]
    utilities: Mapping[str, Utility]
    edges: tuple[Edge, ...]

    @property
    def levels(self) -> Mapping[RiskLevel, int]:
        """How many assets are at each level, the worst first."""
        counts = Counter(risk.level for risk in self.risks)
        return {level: counts[level] for level in RiskLevel}


def assess(registry: Registry, tables: Tables, matrix: Matrix, day: date) -> Survey:
    """Assess every asset of the city as of that day; its consequence as the city's scale scores it."""
    registry = with_scores(registry)
    seen = measured(registry)
    risks = [
        _risk(asset, tables, matrix, day, watch(asset, tables, seen.get(asset.id, frozenset())))
        for asset in registry.assets
    ]
    return Survey(
        registry.city,
        day,
        tables,
        matrix,
        tuple(sorted(risks, key=_worst_first)),
        coverage((risk.asset, risk.watch, risk.level) for risk in risks),
        {utility.id: utility for utility in registry.utilities},
        tuple(sorted(registry.edges, key=lambda edge: (edge.source, edge.relation, edge.target))),
    )


def _risk(asset: Asset, tables: Tables, matrix: Matrix, day: date, seen: Watch) -> Risk:
    kind = tables.kind.get(asset.kind)
    named = kind.hazards if kind is not None else ()
    found = estimate(asset, tables, day.year)
    consequence, factors = _consequence(asset, named)
    level = matrix.level(found.likelihood, consequence)
    review = later(day, tables.review.of(level).months)
    return Risk(asset, named, found, consequence, factors, level, review, seen)


def _consequence(asset: Asset, named: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """The worst over its hazards, and the asset's factors that are that bad."""
    worst = asset.consequence.worst
    fixed = [hazards()[name].consequence for name in named]
    if fixed and None not in fixed:
        return max(score for score in fixed if score is not None), ()
    factors = asset.consequence.__struct_fields__
    return worst, tuple(name for name in factors if getattr(asset.consequence, name) == worst)


def later(day: date, months: int) -> date:
    """The day so many months later; the month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, MONTHS)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _worst_first(risk: Risk) -> tuple[int, int, float, str]:
    rate = risk.estimate.per_year or 0.0
    return risk.level.value, -risk.estimate.likelihood * risk.consequence, -rate, risk.asset.id
