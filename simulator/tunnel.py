"""Utility tunnels: the air in their compartments, the sumps, and who comes in."""

from typing import ClassVar

import numpy as np

from simulator.air import accumulate, percent_lel
from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Floats, Places
from simulator.rhythm import Wander
from simulator.soil import Soil
from simulator.surroundings import Moment

OXYGEN = 20.9
HUMIDITY, TUNNEL_C = 70.0, 21.0
SUMP_M2, SEEPAGE_M3H, PUMP_M3H = 4.0, 0.6, 20.0
PUMP_ON, PUMP_OFF = 0.6, 0.2
"""Levels between which the pump works, as shares of the sump's depth."""


class Intrusion(AssetIncident, frozen=True, kw_only=True, tag="intrusion"):
    """Somebody is in a compartment who should not be."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"tunnel-compartment"})


class SumpInflow(AssetIncident, frozen=True, kw_only=True, tag="sump-inflow"):
    """Water runs into a compartment faster than its pump can lift it."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"tunnel-compartment"})
    inflow_m3h: float = 30.0


class Tunnel(Physics):
    """Compartments: o2, ch4, humidity, temp, sump, intrusion.

    Gas that seeps in builds up in ``volume_m3`` against ``air_changes_per_h`` and takes the oxygen's place;
    the sump fills slowly and is pumped down between two levels.
    """

    def __init__(self, places: Places, soil: Soil, rng: np.random.Generator) -> None:
        self._soil = soil
        self._rooms = places.of("tunnel-compartment")
        count = len(self._rooms)
        self._volume = self._rooms.attribute("volume_m3", 1500.0)
        self._exchange = self._volume * self._rooms.attribute("air_changes_per_h", 2.0)
        self._fraction = np.zeros(count)
        self._depth = self._rooms.attribute("sump_depth_m", 1.5)
        self._sump: Floats = self._depth * rng.uniform(PUMP_OFF, PUMP_ON, count)
        self._pumping = np.zeros(count, np.bool_)
        self._intruded = np.zeros(count)
        self._oxygen = Wander(rng, count, 0.05, 1800.0)
        self._damp = Wander(rng, count, 4.0, 7200.0)
        self._warmth = Wander(rng, count, 0.6, 7200.0)
        self.channels = {
            ("tunnel-compartment", "o2"): lambda at, _: (OXYGEN * (1 - self._fraction) + self._oxygen.value)[
                at
            ],
            ("tunnel-compartment", "ch4"): lambda at, _: percent_lel(self._fraction)[at],
            ("tunnel-compartment", "humidity"): lambda at, _: (HUMIDITY + self._damp.value)[at],
            ("tunnel-compartment", "temp"): lambda at, _: (TUNNEL_C + self._warmth.value)[at],
            ("tunnel-compartment", "sump"): lambda at, _: self._sump[at],
            ("tunnel-compartment", "intrusion"): lambda at, _: self._intruded[at],
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        hours = moment.seconds / 3600
        self._fraction = accumulate(
            self._fraction, self._soil.inflow(self._rooms), self._exchange, self._volume, hours
        )
        inflow = np.full(len(self._rooms), SEEPAGE_M3H)
        for water, _ in moment.of(SumpInflow):
            inflow[self._rooms.index[water.asset]] += water.inflow_m3h
        self._pumping = np.where(
            self._pumping, self._sump > PUMP_OFF * self._depth, self._sump > PUMP_ON * self._depth
        )
        net = inflow - np.where(self._pumping, PUMP_M3H, 0.0)
        self._sump = np.clip(self._sump + net * hours / SUMP_M2, 0.0, self._depth)
        self._intruded = np.zeros(len(self._rooms))
        for intruder, _ in moment.of(Intrusion):
            self._intruded[self._rooms.index[intruder.asset]] = 1.0
        for wander in (self._oxygen, self._damp, self._warmth):
            wander.step(moment.seconds)
