"""Heating: the supply pipe in its chambers, and what a leak does to it."""

from typing import ClassVar

import numpy as np

from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Places
from simulator.rhythm import Wander, approach
from simulator.surroundings import Moment

MILD_C, PER_K = 5.0, 0.8
"""Air temperature at which the supply has its usual temperature, and what a colder degree adds to it."""
SETTLING_S = 60.0


class HeatLeak(AssetIncident, frozen=True, kw_only=True, tag="heat-leak"):
    """The supply pipe leaks: it loses pressure, and the cold water that replaces what is lost cools it."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"heat-chamber"})
    pressure_drop_mpa: float = 0.3
    cooling_c: float = 10.0


class Heating(Physics):
    """Heat chambers: temp and pressure of the supply pipe.

    Both are plain signals around ``supply_temperature_cel`` and ``static_pressure_mpa``; the plant heats
    more when it is cold outside.
    """

    def __init__(self, places: Places, moment: Moment, rng: np.random.Generator) -> None:
        self._chambers = places.of("heat-chamber")
        count = len(self._chambers)
        self._supply = self._chambers.attribute("supply_temperature_cel", 105.0)
        self._static = self._chambers.attribute("static_pressure_mpa", 1.0)
        self._colder = MILD_C - moment.air
        self._drop, self._cooling = np.zeros(count), np.zeros(count)
        self._warmth, self._pulse = Wander(rng, count, 0.5, 3600.0), Wander(rng, count, 0.008, 600.0)
        self.channels = {
            ("heat-chamber", "temp"): lambda at, _: (
                self._supply + PER_K * max(self._colder, -MILD_C) - self._cooling + self._warmth.value
            )[at],
            ("heat-chamber", "pressure"): lambda at, _: (self._static - self._drop + self._pulse.value)[at],
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        drop, cooling = np.zeros(len(self._chambers)), np.zeros(len(self._chambers))
        for leak, _ in moment.of(HeatLeak):
            at = self._chambers.index[leak.asset]
            drop[at], cooling[at] = leak.pressure_drop_mpa, leak.cooling_c
        self._drop = approach(self._drop, drop, moment.seconds, SETTLING_S)
        self._cooling = approach(self._cooling, cooling, moment.seconds, 5 * SETTLING_S)
        self._colder = MILD_C - moment.air
        self._warmth.step(moment.seconds)
        self._pulse.step(moment.seconds)
