"""Piers of bridges: how they lean, what they carry, and what is done to them."""

from typing import ClassVar

import numpy as np

from simulator import vibration
from simulator.incidents import AssetIncident
from simulator.places import Floats, Group, Places, of_partner
from simulator.rhythm import Wander, approach
from simulator.surroundings import Moment
from simulator.traffic import Crossing

SETTLING_S, RELIEF_PER_MM = 120.0, 0.01


class BearingSettlement(AssetIncident, frozen=True, kw_only=True, tag="bearing-settlement"):
    """The bearing on a pier settles; the span sags with it and the load moves to the neighbours."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"bridge-pier"})
    settlement_mm: float = 20.0
    tilt_deg: float = 0.25


class ShipImpact(AssetIncident, frozen=True, kw_only=True, tag="ship-impact"):
    """A ship runs into a pier: the span is shaken once, the pier stays out of plumb."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"bridge-pier"})
    peak_ms2: float = 2.0
    tilt_deg: float = 0.4


class Piers:
    """All piers: they lean, carry a share of the load (``dead_load_kn`` and traffic), and may settle.

    sag: what that does to each span, mm.
    """

    def __init__(self, places: Places, spans: Group, rng: np.random.Generator) -> None:
        self._piers = places.of("bridge-pier")
        count = len(self._piers)
        self._carries = places.partner(self._piers, spans)
        self._dead_kn = self._piers.attribute("dead_load_kn", 2000.0)
        self._plumb = rng.normal(0.0, 0.05, count)
        self._lean, self._settled_mm = np.zeros(count), np.zeros(count)
        self._sway = Wander(rng, count, 0.004, 600.0)
        self.sag: Floats = np.zeros(len(spans))

    @property
    def tilt(self) -> Floats:
        """Inclination of each pier, degrees."""
        return self._plumb + self._lean + self._sway.value

    def carry(self, pier: str, span: int) -> bool:
        """Whether a pier carries a span."""
        return len(self._carries) > 0 and int(self._carries[self._piers.index[pier]]) == span

    def bearing(self, crossed: Crossing) -> Floats:
        """Force on each bearing, kN; a settled one gives load away to its neighbours."""
        still = self._dead_kn * (1 - RELIEF_PER_MM * self._settled_mm) * (1 + 0.2 * self._sway.value)
        return still + 0.5 * vibration.GRAVITY * of_partner(self._carries, crossed.heaviest, len(self._piers))

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        lean, settled = np.zeros_like(self._lean), np.zeros_like(self._settled_mm)
        for bearing, _ in moment.of(BearingSettlement):
            lean[self._piers.index[bearing.asset]] += bearing.tilt_deg
            settled[self._piers.index[bearing.asset]] += bearing.settlement_mm
        for impact, _ in moment.of(ShipImpact):
            lean[self._piers.index[impact.asset]] += impact.tilt_deg
        self._lean = approach(self._lean, lean, moment.seconds, SETTLING_S)
        self._settled_mm = approach(self._settled_mm, settled, moment.seconds, SETTLING_S)
        self._sway.step(moment.seconds)
        self.sag = np.zeros_like(self.sag)
        if len(self._carries):
            np.add.at(self.sag, self._carries, 0.5 * self._settled_mm)
