"""What is over the water in a manhole: hydrogen sulfide, methane, and the cover."""

from typing import ClassVar

import numpy as np

from simulator.air import accumulate, percent_lel
from simulator.hydraulics import HOUR_S
from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Places
from simulator.rhythm import Wander, approach
from simulator.soil import Soil
from simulator.surroundings import Moment

BIOGAS_LEL, SULFIDE_MG_M3 = 1.2, 1.2
STIRRING_S = 600.0
FALLING_S = 10.0


class CoverMoved(AssetIncident, frozen=True, kw_only=True, tag="cover-moved"):
    """A manhole cover is tilted, as by a truck or a thief."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"manhole"})
    tilt_deg: float = 35.0


class SewerGas(AssetIncident, frozen=True, kw_only=True, tag="sewer-gas"):
    """Stirred-up sludge lets go hydrogen sulfide."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"manhole"})
    h2s_mg_m3: float = 25.0


class SewerAir(Physics):
    """Manholes: ch4, h2s, tilt.

    Methane is a little biogas, and what seeps in from a leak beside the manhole, building up in
    ``volume_m3`` against ``air_changes_per_h``.
    """

    def __init__(self, places: Places, soil: Soil, rng: np.random.Generator) -> None:
        self._soil, self._holes = soil, places.of("manhole")
        count = len(self._holes)
        self._volume = self._holes.attribute("volume_m3", 4.0)
        self._exchange = self._volume * self._holes.attribute("air_changes_per_h", 1.0)
        self._fraction, self._stirred = np.zeros(count), np.zeros(count)
        self._biogas = Wander(rng, count, 0.5, 7200.0)
        self._sulfide = Wander(rng, count, 0.4, 1800.0)
        self._flat = np.abs(rng.normal(0.0, 0.8, count))
        self._tilt = self._flat
        self.channels = {
            ("manhole", "ch4"): lambda at, _: (
                percent_lel(self._fraction) + np.maximum(0.0, BIOGAS_LEL + self._biogas.value)
            )[at],
            ("manhole", "h2s"): lambda at, _: (
                self._stirred + np.maximum(0.0, SULFIDE_MG_M3 + self._sulfide.value)
            )[at],
            ("manhole", "tilt"): lambda at, _: self._tilt[at],
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        self._fraction = accumulate(
            self._fraction,
            self._soil.inflow(self._holes),
            self._exchange,
            self._volume,
            moment.seconds / HOUR_S,
        )
        stirred, tilt = np.zeros_like(self._stirred), self._flat.copy()
        for gas, _ in moment.of(SewerGas):
            stirred[self._holes.index[gas.asset]] = gas.h2s_mg_m3
        for moved, _ in moment.of(CoverMoved):
            tilt[self._holes.index[moved.asset]] = moved.tilt_deg
        self._stirred = approach(self._stirred, stirred, moment.seconds, STIRRING_S)
        self._tilt = approach(self._tilt, tilt, moment.seconds, FALLING_S)
        self._biogas.step(moment.seconds)
        self._sulfide.step(moment.seconds)
