"""From what the registry knows of its assets to the scores of their consequence factors. Pure.

A factor's score is the worst of what was written at the asset, what the scale makes of its attributes and
tags, and, for the cascade, what an asset of another system beside, above or below it would take along. Only
the neighbour's own factors are looked at, so nothing is handed on from neighbour to neighbour.

Source: the worst factor counts, not their mean (science facts §3); the scale's own sources stand in it.
"""

from collections import defaultdict

from msgspec.structs import replace

from sensors.consequence_scale import FACTORS
from sensors.model import Asset, Consequence, Registry

NEIGHBOURLY = ("beside", "above")
"""The edges across which one system's failure hits another; what flows on is one system."""


def scored(registry: Registry) -> dict[str, Consequence]:
    """Every asset's factors as scores, by its id."""
    own = {asset.id: _own(asset, registry) for asset in registry.assets}
    domain = {asset.id: asset.domain for asset in registry.assets}
    cascade: dict[str, int] = defaultdict(int)
    for edge in registry.edges:
        if edge.relation in NEIGHBOURLY and domain[edge.source] != domain[edge.target]:
            for here, there in ((edge.source, edge.target), (edge.target, edge.source)):
                cascade[here] = max(cascade[here], _taken(own[there], registry))
    return {name: replace(scores, cascade=max(scores.cascade, cascade[name])) for name, scores in own.items()}


def with_scores(registry: Registry) -> Registry:
    """The registry with each asset's scores in the place of what was written there."""
    scores = scored(registry)
    assets = tuple(replace(asset, consequence=scores[asset.id]) for asset in registry.assets)
    return replace(registry, assets=assets)


def _own(asset: Asset, registry: Registry) -> Consequence:
    written = asset.consequence
    found = {
        name: max(getattr(written, name), factor.score(asset.attributes, asset.tags))
        for name, factor in registry.consequence.factors.items()
    }
    return replace(written, **found)


def _taken(neighbour: Consequence, registry: Registry) -> int:
    """What a neighbour's own factors come to here."""
    worst: int = max(getattr(neighbour, name) for name in FACTORS)
    rule = registry.consequence.cascade
    return worst - rule.less if worst >= rule.least else 0
