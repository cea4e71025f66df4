"""Where the assets stand and how they hang together, as arrays that physics can compute with."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sensors.errors import ConfigurationError
from sensors.model import Asset, Registry, Relation

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

METRES_PER_DEGREE = 111_320.0
"""Length of a degree of latitude; cities are small enough to be flat."""

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """All n assets of one kind, in the registry's order.

    index: an asset's place in the group. number: int [n], its place in the registry. x, y: float [n],
    metres east and north of the city's centre.
    """

    kind: str
    assets: tuple[Asset, ...]
    index: Mapping[str, int]
    number: Ints
    x: Floats
    y: Floats

    def __len__(self) -> int:
        return len(self.assets)

    def attribute(self, name: str, default: float) -> Floats:
        """The attribute of each asset, ``default`` where it has none.

        Raises:
            ConfigurationError: an asset's attribute is not a number.
        """
        values = [asset.attributes.get(name, default) for asset in self.assets]
        for asset, value in zip(self.assets, values, strict=True):
            if isinstance(value, str):
                raise ConfigurationError(f"asset {asset.id}: {name}: expected a number, not {value!r}")
        return np.array(values, np.float64)

    def distance(self, x: float, y: float) -> Floats:
        """Metres from a point to each asset."""
        return np.hypot(self.x - x, self.y - y)


class Places:
    """The registry's assets by kind, and their edges."""

    def __init__(self, registry: Registry) -> None:
        self.count = len(registry.assets)
        self.asset = {asset.id: asset for asset in registry.assets}
        self._number = {asset.id: number for number, asset in enumerate(registry.assets)}
        self._of_kind: dict[str, list[Asset]] = defaultdict(list)
        for asset in registry.assets:
            self._of_kind[asset.kind].append(asset)
        self._groups: dict[str, Group] = {}
        self._edges = registry.edges
        self._touching: dict[str, list[str]] = defaultdict(list)
        for edge in registry.edges:
            self._touching[edge.source].append(edge.target)
            self._touching[edge.target].append(edge.source)
        self._origin = (registry.city.longitude, registry.city.latitude)

    def of(self, kind: str) -> Group:
        """The assets of a kind; there may be none."""
        if kind not in self._groups:
            self._groups[kind] = self._group(kind)
        return self._groups[kind]

    def where(self, asset: str) -> tuple[float, float]:
        """Metres east and north of the city's centre."""
        x, y = self._metres([self.asset[asset]])
        return float(x[0]), float(y[0])

    def linked(self, relation: Relation, sources: Group, targets: Group) -> tuple[Ints, Ints]:
        """The edges of a relation from one group to another, as places in each."""
        return _pairs(
            (sources.index[edge.source], targets.index[edge.target])
            for edge in self._edges
            if edge.relation == relation and edge.source in sources.index and edge.target in targets.index
        )

    def touching(self, group: Group, others: Group) -> tuple[Ints, Ints]:
        """The pairs of one group and another that an edge of any relation and direction joins."""
        return _pairs(
            (here, others.index[name])
            for asset, here in group.index.items()
            for name in dict.fromkeys(self._touching[asset])
            if name in others.index
        )

    def partner(self, group: Group, others: Group) -> Ints:
        """For each asset the one of ``others`` that it hangs on; empty if there are none.

        That is the one fewest edges away through assets of the same domain, else the nearest.
        """
        if len(others) == 0:
            return np.empty(0, np.intp)
        reached = self._spread(others)
        partner = np.array([reached.get(asset.id, -1) for asset in group.assets], np.intp)
        apart = np.flatnonzero(partner < 0)
        partner[apart] = _nearest(group.x[apart], group.y[apart], others)
        return partner

    def _spread(self, others: Group) -> dict[str, int]:
        """Which of ``others`` each asset is fewest edges away from, without leaving its domain."""
        reached = dict(others.index)
        front = list(others.index)
        while front:
            beyond = [(far, reached[near]) for near in front for far in self._touching[near]]
            front = []
            for far, index in beyond:
                if far not in reached and self.asset[far].domain == others.assets[index].domain:
                    reached[far] = index
                    front.append(far)
        return reached

    def _group(self, kind: str) -> Group:
        assets = self._of_kind[kind]
        x, y = self._metres(assets)
        return Group(
            kind=kind,
            assets=tuple(assets),
            index={asset.id: index for index, asset in enumerate(assets)},
            number=np.array([self._number[asset.id] for asset in assets], np.intp),
            x=x,
            y=y,
        )

    def _metres(self, assets: Sequence[Asset]) -> tuple[Floats, Floats]:
        longitude, latitude = self._origin
        x = np.array([asset.longitude - longitude for asset in assets], np.float64)
        y = np.array([asset.latitude - latitude for asset in assets], np.float64)
        return x * METRES_PER_DEGREE * float(np.cos(np.radians(latitude))), y * METRES_PER_DEGREE


def of_partner(partner: Ints, values: Floats, count: int) -> Floats:
    """What the partners of ``count`` assets have; nothing where there are no partners."""
    return values[partner] if len(partner) else np.zeros(count)


def _pairs(pairs: Iterable[tuple[int, int]]) -> tuple[Ints, Ints]:
    array = np.array(list(pairs), np.intp).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _nearest(x: Floats, y: Floats, others: Group) -> Ints:
    nearest = np.empty(len(x), np.intp)
    for start in range(0, len(x), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        nearest[rows] = np.argmin(np.hypot(x[rows, None] - others.x, y[rows, None] - others.y), axis=1)
    return nearest
