"""Drinking water at the end of the network, and what gets into it."""

from typing import ClassVar

import numpy as np

from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Floats, Places
from simulator.rhythm import Wander, approach
from simulator.surroundings import Moment
from simulator.water import DEMAND

DECAY_PER_H, TRAVEL_H = 0.02, 8.0
MIXING_S = 300.0
AGEING_S, WARMING_S = 4 * 3600.0, 24 * 3600.0


class Contamination(AssetIncident, frozen=True, kw_only=True, tag="contamination"):
    """Foreign water gets in: free chlorine is used up, turbidity and conductivity rise."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"quality-station"})
    chlorine_left: float = 0.1
    turbidity_ntu: float = 4.0
    conductivity_us_cm: float = 180.0


class Quality(Physics):
    """Quality stations: chlorine, turbidity, ph, conductivity, temp.

    Free chlorine (``free_chlorine_mgl`` at the usual age) decays by first order over the time the water is
    on its way, which is long at night. The others stay around their own attributes. What gets in mixes in
    with a time constant of some minutes.
    """

    def __init__(self, places: Places, moment: Moment, rng: np.random.Generator) -> None:
        self._stations = places.of("quality-station")
        count = len(self._stations)
        self._chlorine = self._stations.attribute("free_chlorine_mgl", 0.5)
        turbidity = self._stations.attribute("turbidity_ntu", 0.25)
        acidity = self._stations.attribute("ph", 7.5)
        conductivity = self._stations.attribute("conductivity_uscm", 420.0)
        self._age_h = np.full(count, TRAVEL_H)
        self._left, self._mud, self._salt = np.ones(count), np.zeros(count), np.zeros(count)
        self._unrest = Wander(rng, count, 0.05, 3600.0)
        self._temperature = np.full(count, _ground(moment))
        self.channels = {
            ("quality-station", "chlorine"): lambda at, _: self._free_chlorine()[at],
            ("quality-station", "turbidity"): lambda at, _: (
                turbidity * np.exp(self._unrest.value) + self._mud
            )[at],
            ("quality-station", "ph"): lambda at, _: (acidity + 0.5 * self._unrest.value)[at],
            ("quality-station", "conductivity"): lambda at, _: (
                conductivity * (1 + 0.2 * self._unrest.value) + self._salt
            )[at],
            ("quality-station", "temp"): lambda at, _: self._temperature[at],
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        left, mud, salt = np.ones_like(self._left), np.zeros_like(self._mud), np.zeros_like(self._salt)
        for foreign, _ in moment.of(Contamination):
            at = self._stations.index[foreign.asset]
            left[at], mud[at], salt[at] = (
                foreign.chlorine_left,
                foreign.turbidity_ntu,
                foreign.conductivity_us_cm,
            )
        self._left = approach(self._left, left, moment.seconds, MIXING_S)
        self._mud = approach(self._mud, mud, moment.seconds, MIXING_S)
        self._salt = approach(self._salt, salt, moment.seconds, MIXING_S)
        self._age_h = approach(self._age_h, TRAVEL_H / DEMAND.at(moment.hour), moment.seconds, AGEING_S)
        self._temperature = approach(self._temperature, _ground(moment), moment.seconds, WARMING_S)
        self._unrest.step(moment.seconds)

    def _free_chlorine(self) -> Floats:
        aged = np.exp(-DECAY_PER_H * (self._age_h - TRAVEL_H))
        return self._chlorine * aged * (1 + self._unrest.value) * self._left


def _ground(moment: Moment) -> float:
    """Water in the ground follows the season, less than the air does."""
    return 0.6 * moment.air + 6.0
