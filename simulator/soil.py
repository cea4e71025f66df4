"""Gas on its way through the ground: from a leak into the space it is in, and into those beside it."""

from typing import ClassVar

import numpy as np

from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Floats, Group, Ints, Places
from simulator.rhythm import approach
from simulator.surroundings import Moment

SPACES = ("valve-chamber", "manhole", "tunnel-compartment")
SEEPING_SHARE = 0.05
"""Of a leak's gas, what reaches each space beside it: diluted, as soil and street let most of it out."""
SEEPING_S = 300.0
"""Time constant of each of the two lags in a row that make the delay (10 min in the mean)."""


class GasLeak(AssetIncident, frozen=True, kw_only=True, tag="gas-leak"):
    """Gas escapes into a space under ground, and on through the soil into those beside it."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset(SPACES)
    leak_m3h: float = 0.5


class Soil(Physics):
    """The methane that flows into every space under ground, in m3/h.

    A space beside a leak gets ``SEEPING_SHARE`` of it, delayed by two first-order lags in a row, which
    is how arrival through soil looks: nothing at first, then a rise that flattens. Concentrations a few
    metres from a leak rise within 3 h (INSENSE measurements); ducts are faster, and we take ducts.
    """

    def __init__(self, places: Places) -> None:
        groups = [places.of(kind) for kind in SPACES]
        self._number = {asset: int(group.number[at]) for group in groups for asset, at in group.index.items()}
        self._from, self._to = _ways(places)
        self._underway = np.zeros(len(self._from))
        self._seeping = np.zeros(len(self._from))
        self._inflow = np.zeros(places.count)

    def inflow(self, group: Group) -> Floats:
        """Methane that flows into each of the group's spaces, m3/h."""
        return self._inflow[group.number]

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        leak = np.zeros_like(self._inflow)
        for incident, _ in moment.of(GasLeak):
            leak[self._number[incident.asset]] += incident.leak_m3h
        self._underway = approach(self._underway, SEEPING_SHARE * leak[self._from], moment.seconds, SEEPING_S)
        self._seeping = approach(self._seeping, self._underway, moment.seconds, SEEPING_S)
        np.add.at(leak, self._to, self._seeping)
        self._inflow = leak


def _ways(places: Places) -> tuple[Ints, Ints]:
    groups = [places.of(kind) for kind in SPACES]
    sources, targets = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for one in groups:
        for other in groups:
            here, there = places.linked("beside", one, other)
            sources += [one.number[here], other.number[there]]
            targets += [other.number[there], one.number[here]]
    return np.concatenate(sources), np.concatenate(targets)
