"""Which of the quantities that should be measured at an asset are, and where one is missing. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from lifeline.assess.tables import Tables
from rules.levels import RiskLevel
from sensors.model import Asset, Registry

DANGEROUS = frozenset({RiskLevel.MAJOR, RiskLevel.SERIOUS})
"""The levels at which a missing sensor is named."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What watches one asset: choices of quantities that are there, and those that are missing."""

    present: tuple[tuple[str, ...], ...]
    missing: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well the assets of one kind in one district are watched.

    assets: how many there are; watched: with all that they should have; wanted, present: quantities over
    all assets; dangerous, dangerous_watched: the same of those at red and orange.
    """

    kind: str
    district: str
    assets: int
    watched: int
    wanted: int
    present: int
    dangerous: int
    dangerous_watched: int

    @property
    def share(self) -> float:
        """Of the quantities that should be measured, those that are; 1 where none should."""
        return self.present / self.wanted if self.wanted else 1.0


def measured(registry: Registry) -> Mapping[str, frozenset[str]]:
    """The quantities that are measured at each asset."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for sensor in registry.sensors:
        found[sensor.asset].add(sensor.quantity)
    return {asset: frozenset(quantities) for asset, quantities in found.items()}


def watch(asset: Asset, tables: Tables, quantities: Collection[str]) -> Watch:
    """What of the asset's kind's table is measured there."""
    kind = tables.kind.get(asset.kind)
    choices = kind.watch if kind is not None else ()
    there = [any(quantity in quantities for quantity in choice) for choice in choices]
    return Watch(
        tuple(choice for choice, is_there in zip(choices, there, strict=True) if is_there),
        tuple(choice for choice, is_there in zip(choices, there, strict=True) if not is_there),
    )


def coverage(rows: Iterable[tuple[Asset, Watch, RiskLevel]]) -> tuple[Coverage, ...]:
    """The coverage by kind and district, in the order of their names."""
    groups: defaultdict[tuple[str, str], list[tuple[Watch, RiskLevel]]] = defaultdict(list)
    for asset, seen, level in rows:
        groups[asset.kind, asset.district].append((seen, level))
    return tuple(_summed(*key, groups[key]) for key in sorted(groups))


def _summed(kind: str, district: str, rows: list[tuple[Watch, RiskLevel]]) -> Coverage:
    dangerous = [seen for seen, level in rows if level in DANGEROUS]
    return Coverage(
        kind,
        district,
        assets=len(rows),
        watched=sum(not seen.missing for seen, _ in rows),
        wanted=sum(len(seen.present) + len(seen.missing) for seen, _ in rows),
        present=sum(len(seen.present) for seen, _ in rows),
        dangerous=len(dangerous),
        dangerous_watched=sum(not seen.missing for seen in dangerous),
    )
