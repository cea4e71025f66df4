"""Drainage: rain that runs off, manholes that fill, pump stations, underpasses under water."""

from typing import ClassVar

import numpy as np

from simulator.hydraulics import HOUR_S
from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Floats, Group, Ints, Places
from simulator.rain import rainfall
from simulator.rhythm import Daily, Wander, approach
from simulator.sewer import Sewer
from simulator.surroundings import Moment

DRY_WEATHER = Daily(
    (0.6, 0.5, 0.45, 0.45, 0.5, 0.6, 0.9, 1.35, 1.45, 1.3, 1.2, 1.2),
    (1.2, 1.1, 1.0, 1.0, 1.05, 1.15, 1.3, 1.4, 1.4, 1.25, 1.0, 0.75),
)
RUNOFF_SHARE = 0.7
RUNOFF_S = 900.0
"""Time constant of the linear reservoir between a roof and the sewer."""
UNREST, UNREST_S = 0.08, 900.0
"""How much dry weather flow wanders about the day, and its correlation time."""
PUMP_ON, PUMP_OFF, WELL_AT_FIRST = 0.4, 0.15, 0.25
"""Levels of a wet well as shares of its depth."""


class Blockage(AssetIncident, frozen=True, kw_only=True, tag="blockage"):
    """The pipe that leaves a manhole is blocked for a share of its capacity."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"manhole"})
    blocked: float = 0.95


class PumpFailure(AssetIncident, frozen=True, kw_only=True, tag="pump-failure"):
    """The pumps of a drainage pump station stand still."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"drainage-pump-station"})


class Backflow(AssetIncident, frozen=True, kw_only=True, tag="backflow"):
    """The water outside rises over an outlet and flows back into the sewer; only where a network says so.

    asset: the manhole whose pipe leads out. stage_m: over the invert of the outlet.
    """

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"manhole"})
    stage_m: float = 2.0


class Drainage(Physics):
    """Manholes (level, flow), pump stations (level, flow), rain gauges (rain), underpasses (ponding).

    Rain on a manhole's catchment (``catchment_m2``) runs off through a linear reservoir and joins the dry
    weather flow (``base_flow_m3h`` times the day); :class:`simulator.sewer.Sewer` carries both along the
    ``flows-to`` edges. What it discharges above a pump station fills its well; what spills from a manhole
    with an edge to an underpass flows into that.
    """

    def __init__(self, places: Places, moment: Moment, rng: np.random.Generator) -> None:
        self._places = places
        self._holes, self._gauges = places.of("manhole"), places.of("rain-gauge")
        self._sewer = _sewer(places, self._holes)
        self._base = self._holes.attribute("base_flow_m3h", 6.0)
        self._catchment = self._holes.attribute("catchment_m2", 6000.0)
        self._stored = np.zeros(len(self._holes))
        self._unrest = Wander(rng, len(self._holes), UNREST, UNREST_S)
        self._sewer.settle(self._base * DRY_WEATHER.at(moment.hour))
        self._rain = np.zeros(len(self._gauges))
        self._underpasses = _Underpasses(places, self._holes)
        self._stations = _PumpStations(places, self._holes)
        self.channels = {
            ("manhole", "level"): lambda at, _: self._sewer.level[at],
            ("manhole", "flow"): lambda at, _: self._sewer.outflow[at],
            ("rain-gauge", "rain"): lambda at, _: self._rain[at],
            ("underpass", "ponding"): lambda at, _: self._underpasses.depth_cm[at],
            ("drainage-pump-station", "level"): lambda at, _: self._stations.level[at],
            ("drainage-pump-station", "flow"): lambda at, _: self._stations.flow[at],
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        opening = np.ones(len(self._holes))
        for blockage, _ in moment.of(Blockage):
            opening[self._holes.index[blockage.asset]] = 1 - blockage.blocked
        discharged = self._sewer.step(self._inflow(moment), opening, moment.seconds)
        self._stations.step(discharged, moment)
        self._rain = rainfall(self._places, self._gauges, moment)
        rain = rainfall(self._places, self._underpasses.group, moment)
        self._underpasses.step(rain, self._sewer.spilled, moment.seconds / HOUR_S)

    def _inflow(self, moment: Moment) -> Floats:
        """Dry weather flow and runoff into each manhole, m3/h."""
        self._unrest.step(moment.seconds)
        dry = self._base * DRY_WEATHER.at(moment.hour) * (1 + self._unrest.value)
        rain = RUNOFF_SHARE * self._catchment * rainfall(self._places, self._holes, moment) / 1000
        before = self._stored
        self._stored = approach(before, rain * RUNOFF_S / HOUR_S, moment.seconds, RUNOFF_S)
        runoff = rain - (self._stored - before) / (moment.seconds / HOUR_S)
        return np.maximum(0.0, dry + runoff)


class _PumpStations:
    """Wet wells (``area_m2``, ``depth_m``), whose pumps (``capacity_m3h``) start and stop by the level."""

    def __init__(self, places: Places, holes: Group) -> None:
        self.group = places.of("drainage-pump-station")
        self._from, self._to = places.linked("flows-to", holes, self.group)
        self._area = self.group.attribute("area_m2", 30.0)
        self._depth = self.group.attribute("depth_m", 6.0)
        self._capacity = self.group.attribute("capacity_m3h", 300.0)
        self._running = np.zeros(len(self.group), np.bool_)
        self.level: Floats = WELL_AT_FIRST * self._depth
        self.flow: Floats = np.zeros(len(self.group))

    def step(self, discharged: Floats, moment: Moment) -> None:
        """discharged: what left the sewer at each manhole, m3."""
        held = self.level * self._area
        np.add.at(held, self._to, discharged[self._from])
        limit = np.where(self._running, PUMP_OFF, PUMP_ON) * self._depth
        self._running = self.level > limit
        for failure, _ in moment.of(PumpFailure):
            self._running[self.group.index[failure.asset]] = False
        hours = moment.seconds / HOUR_S
        pumped = np.minimum(np.where(self._running, self._capacity * hours, 0.0), held)
        self.flow = pumped / hours
        self.level = np.minimum((held - pumped) / self._area, self._depth)


class _Underpasses:
    """Water that stands in underpasses: rain on ``catchment_m2`` and spills less ``drain_m3h``.

    volume in m3, over ``area_m2``.
    """

    def __init__(self, places: Places, holes: Group) -> None:
        self.group = places.of("underpass")
        self._catchment = self.group.attribute("catchment_m2", 4000.0)
        self._pond_m2 = self.group.attribute("area_m2", 500.0)
        self._drain = self.group.attribute("drain_m3h", 150.0)
        self._from, self._to = places.touching(holes, self.group)
        self.volume: Floats = np.zeros(len(self.group))

    @property
    def depth_cm(self) -> Floats:
        """How deep the water stands."""
        return 100.0 * self.volume / self._pond_m2

    def step(self, rain: Floats, spilled: Floats, hours: float) -> None:
        """rain: on each, mm/h. spilled: from each manhole, m3."""
        arrived = self._catchment * rain / 1000 * hours
        np.add.at(arrived, self._to, spilled[self._from])
        self.volume = np.maximum(0.0, self.volume + arrived - self._drain * hours)


def _sewer(places: Places, holes: Group) -> Sewer:
    below: Ints = np.full(len(holes), -1, np.intp)
    upper, lower = places.linked("flows-to", holes, holes)
    below[upper] = lower
    diameter = holes.attribute("pipe_diameter_m", 0.6)
    return Sewer(
        below=below,
        diameter=diameter,
        length=holes.attribute("length_m", 50.0),
        slope=holes.attribute("slope", 0.003),
        rim=np.maximum(holes.attribute("depth_m", 3.0), 1.2 * diameter),
        shaft_m2=holes.attribute("area_m2", 1.3),
    )
