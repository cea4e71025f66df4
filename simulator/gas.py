"""Gas: methane building up in ventilated valve chambers, pressure and flow at regulator stations."""

from typing import ClassVar

import numpy as np

from simulator.air import accumulate, percent_lel
from simulator.holiday import gas_factor
from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Floats, Places
from simulator.rhythm import Daily, Wander, approach
from simulator.soil import Soil
from simulator.surroundings import Moment

DEMAND = Daily(
    (0.4, 0.35, 0.35, 0.35, 0.4, 0.6, 1.1, 1.4, 1.2, 0.9, 0.9, 1.3),
    (1.4, 1.0, 0.8, 0.8, 1.0, 1.5, 1.8, 1.6, 1.2, 0.9, 0.7, 0.5),
)
"""Household gas: cooking three times a day, heating water in the evening."""

BACKGROUND_LEL = 0.4
GROUND_C = 16.0
INLET_DROP, OUTLET_DROP = 0.04, 0.02
"""Share of the pressure lost at mean flow, growing with its square."""


class ChamberAired(AssetIncident, frozen=True, kw_only=True, tag="chamber-aired"):
    """A crew opens a chamber and airs it with a fan."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"valve-chamber"})
    air_changes_per_h: float = 20.0


class Gas(Physics):
    """Valve chambers (ch4, temp) and regulator stations (p_in, p_out, flow).

    A chamber of volume V (``volume_m3``) breathes ``air_changes_per_h`` and fills as
    :func:`simulator.air.accumulate` says. A station's flow follows the city's day around
    ``base_flow_m3h`` plus the leaks behind it; its pressures (``inlet_kpa``, ``outlet_kpa``) sag with the
    square of the flow. A street leak is far below what the gauges of a station can tell from demand.
    """

    def __init__(self, places: Places, moment: Moment, soil: Soil, rng: np.random.Generator) -> None:
        self._soil = soil
        self._chambers = places.of("valve-chamber")
        self._volume = self._chambers.attribute("volume_m3", 6.0)
        self._changes = self._chambers.attribute("air_changes_per_h", 0.3)
        self._fraction = np.zeros(len(self._chambers))
        self._background = Wander(rng, len(self._chambers), 0.12, 3600.0)
        self._temperature = np.full(len(self._chambers), _ground(moment))

        self._stations = places.of("regulator-station")
        self._supplied_by = places.partner(self._chambers, self._stations)
        self._base_flow = self._stations.attribute("base_flow_m3h", 800.0)
        self._inlet = self._stations.attribute("inlet_kpa", 380.0)
        self._outlet = self._stations.attribute("outlet_kpa", 200.0)
        self._unrest = Wander(rng, len(self._stations), 0.04, 900.0)
        self._flow = self._demand(moment)

        self.channels = {
            ("valve-chamber", "ch4"): lambda at, _: self._methane()[at],
            ("valve-chamber", "temp"): lambda at, _: self._temperature[at],
            ("regulator-station", "p_in"): lambda at, _: self._pressure(self._inlet, INLET_DROP)[at],
            ("regulator-station", "p_out"): lambda at, _: self._pressure(self._outlet, OUTLET_DROP)[at],
            ("regulator-station", "flow"): lambda at, _: self._flow[at],
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        leak = self._soil.inflow(self._chambers)
        self._fraction = accumulate(
            self._fraction, leak, self._exchange(moment), self._volume, moment.seconds / 3600
        )
        self._background.step(moment.seconds)
        self._temperature = approach(self._temperature, _ground(moment), moment.seconds, 7200.0)
        self._unrest.step(moment.seconds)
        self._flow = self._demand(moment)
        if len(self._stations):
            np.add.at(self._flow, self._supplied_by, leak)

    def _methane(self) -> Floats:
        return percent_lel(self._fraction) + np.maximum(0.0, BACKGROUND_LEL + self._background.value)

    def _exchange(self, moment: Moment) -> Floats:
        changes = self._changes
        for incident, _ in moment.of(ChamberAired):
            changes = changes.copy()
            changes[self._chambers.index[incident.asset]] += incident.air_changes_per_h
        return changes * self._volume

    def _demand(self, moment: Moment) -> Floats:
        usual = self._base_flow * DEMAND.at(moment.hour) * gas_factor(moment)
        return usual * np.maximum(0.0, 1 + self._unrest.value)

    def _pressure(self, nominal: Floats, drop: float) -> Floats:
        return nominal * (1 - drop * (self._flow / self._base_flow) ** 2)


def _ground(moment: Moment) -> float:
    """A chamber is half way between the air and the ground below it."""
    return 0.5 * (moment.air + GROUND_C)
