"""Water: zones (DMA) with their daily demand, pressures, bursts, pumps, the noise of leaks."""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import ClassVar

import numpy as np

from sensors.readings import SECOND
from simulator.holiday import water_factor
from simulator.hydraulics import METRES_PER_MPA, orifice, outflow, pipe_resistance
from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Floats, Group, Ints, Places
from simulator.rhythm import Daily, Wander, approach
from simulator.surroundings import Moment

DEMAND = Daily(
    (0.42, 0.36, 0.33, 0.33, 0.38, 0.6, 1.15, 1.6, 1.5, 1.25, 1.15, 1.2),
    (1.2, 1.05, 0.95, 0.95, 1.05, 1.3, 1.55, 1.6, 1.45, 1.2, 0.9, 0.6),
)

LOSS_MPA = 0.02
"""Pressure lost between the works and a gauge at mean flow, growing with the flow's square."""
REACH_M = 700.0
"""Distance over which a burst's pressure drop falls to 1/e."""
SETTLING_S = 20.0
"""How fast pressures and flows settle after something opened or closed."""
PUMP_S = 120.0
"""How fast a zone sinks to what the tank still holds when its pump trips."""
TRAFFIC_DB = 4.0
LEAK_DB, ATTENUATION_DB_PER_M = 62.0, 0.05
"""Noise of a leak of 100 m3/h at the pipe, and what a metre of ductile iron takes of it."""


class Burst(AssetIncident, frozen=True, kw_only=True, tag="burst"):
    """A main or a junction breaks open: a hole of a diameter."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"main", "junction"})
    excludes = "hole"
    hole_mm: float = 100.0


class SlowLeak(AssetIncident, frozen=True, kw_only=True, tag="slow-leak"):
    """A hole in a main or at a junction that grows from nothing, in area evenly, to a diameter."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"main", "junction"})
    excludes = "hole"
    hole_mm: float = 20.0


class ValveClosed(AssetIncident, frozen=True, kw_only=True, tag="valve-closed"):
    """A valve on a main is shut that should be open. Only a main of a network can have one."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"main"})


class PumpTrip(AssetIncident, frozen=True, kw_only=True, tag="pump-trip"):
    """The pump of a zone stops; a share of the pressure is left."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"dma"})
    pressure_left: float = 0.6


class HydrantDraw(AssetIncident, frozen=True, kw_only=True, tag="hydrant-draw"):
    """Water is taken on purpose, as from a hydrant: like a leak, and yet none."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"dma"})
    draw_m3h: float = 40.0


class Water(Physics):
    """Zones (flow, pressure), junctions (pressure) and mains (pressure, noise).

    A gauge's pressure is its static one (``static_pressure_mpa``) less a loss that grows with the square
    of the zone's flow (``base_flow_m3h`` times the city's day) less what a burst takes: an orifice fed
    through the pipe's own resistance (``diameter_m``, ``length_m``), its drop decaying with the distance
    within the zone. What runs out is added to the flow into the zone and heard on the mains near by, over
    their own ``background_db``.
    """

    def __init__(self, places: Places, moment: Moment, rng: np.random.Generator) -> None:
        self._zones, self._mains = places.of("dma"), places.of("main")
        gauges = {kind: places.of(kind) for kind in ("dma", "junction", "main")}
        self._base_flow = _or_one(self._zones.attribute("base_flow_m3h", 120.0), 120.0)
        self._demand_unrest = Wander(rng, len(self._base_flow), 0.04, 900.0)
        self._head_left = np.ones_like(self._base_flow)
        self._drawn, self._lost = np.zeros_like(self._base_flow), np.zeros_like(self._base_flow)
        self._used = self._demand(moment)

        self._gauge = {
            name: at for at, name in enumerate(chain.from_iterable(g.index for g in gauges.values()))
        }
        self._zone = np.concatenate([_zone(places, group, self._zones) for group in gauges.values()])
        self._static = _joined(gauges, "static_pressure_mpa", 0.36)
        self._resistance = pipe_resistance(
            _joined(gauges, "diameter_m", 0.3), _joined(gauges, "length_m", 1500.0)
        )
        self._x = np.concatenate([group.x for group in gauges.values()])
        self._y = np.concatenate([group.y for group in gauges.values()])
        self._unrest = Wander(rng, len(self._static), 0.002, 300.0)
        self._drop = np.zeros_like(self._static)

        self._quiet_db = self._mains.attribute("background_db", 28.0)
        self._rattle = Wander(rng, len(self._mains), 1.2, 600.0)
        self._noise = self._quiet_db
        starts = np.cumsum([0, *(len(group) for group in gauges.values())]).tolist()
        self.channels = {
            ("dma", "flow"): lambda at, _: (self._used + self._lost)[at],
            ("main", "noise"): lambda at, _: (self._noise + self._rattle.value)[at],
            **{
                (kind, "pressure"): partial(self._pressure, start)
                for kind, start in zip(gauges, starts, strict=False)
            },
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        for wander in (self._demand_unrest, self._unrest, self._rattle):
            wander.step(moment.seconds)
        self._supply(moment)
        self._leak(moment)

    def _supply(self, moment: Moment) -> None:
        left, drawn = np.ones_like(self._head_left), np.zeros_like(self._drawn)
        for trip, _ in moment.of(PumpTrip):
            left[self._zones.index[trip.asset]] = trip.pressure_left
        for draw, _ in moment.of(HydrantDraw):
            drawn[self._zones.index[draw.asset]] += draw.draw_m3h
        self._head_left = approach(self._head_left, left, moment.seconds, PUMP_S)
        self._drawn = approach(self._drawn, drawn, moment.seconds, SETTLING_S)
        self._used = self._demand(moment) * np.sqrt(self._head_left) + self._drawn

    def _leak(self, moment: Moment) -> None:
        lost, drop = np.zeros_like(self._lost), np.zeros_like(self._drop)
        sound = 10 ** ((self._quiet_db + TRAFFIC_DB * DEMAND.at(moment.hour)) / 10)
        unbroken = self._unbroken()
        for asset, coefficient in holes(moment):
            at = self._gauge[asset]
            head = float(unbroken[at]) * METRES_PER_MPA
            flow, left = outflow(head, coefficient, float(self._resistance[at]))
            lost[self._zone[at]] += flow
            reach = np.exp(-np.hypot(self._x - self._x[at], self._y - self._y[at]) / REACH_M)
            drop += np.where(self._zone == self._zone[at], (head - left) / METRES_PER_MPA * reach, 0.0)
            distance = self._mains.distance(self._x[at], self._y[at])
            sound += flow / 100 * 10 ** ((LEAK_DB - ATTENUATION_DB_PER_M * distance) / 10)
        self._lost = approach(self._lost, lost, moment.seconds, SETTLING_S)
        self._drop = approach(self._drop, drop, moment.seconds, SETTLING_S)
        self._noise = 10 * np.log10(sound)

    def _demand(self, moment: Moment) -> Floats:
        unrest = np.maximum(0.0, 1 + self._demand_unrest.value)
        return self._base_flow * DEMAND.at(moment.hour) * water_factor(moment) * unrest

    def _unbroken(self) -> Floats:
        """The pressures as they would be with nothing broken, MPa."""
        loss = LOSS_MPA * (self._used / self._base_flow) ** 2
        static: Floats = self._static * self._head_left[self._zone]
        unbroken: Floats = np.maximum(0.0, static - loss[self._zone] + self._unrest.value)
        return unbroken

    def _pressure(self, start: int, at: Ints, _: Ints) -> Floats:
        pressure: Floats = np.maximum(0.0, self._unbroken() - self._drop)[start + at]
        return pressure


def holes(moment: Moment) -> Iterator[tuple[str, float]]:
    """Each asset with a hole in it, and the hole's C in q = C sqrt(h)."""
    for burst, _ in moment.of(Burst):
        yield burst.asset, orifice(burst.hole_mm / 1000)
    for leak, since in moment.of(SlowLeak):
        yield leak.asset, orifice(leak.hole_mm / 1000) * min(1.0, max(0.0, since) * SECOND / leak.duration)


def _zone(places: Places, group: Group, zones: Group) -> Ints:
    """The zone of each asset; where there are none, all are in one."""
    if group.kind == "dma":
        return np.arange(len(zones))
    return places.partner(group, zones) if len(zones) else np.zeros(len(group), np.intp)


def _or_one(values: Floats, default: float) -> Floats:
    return values if len(values) else np.array([default])


def _joined(groups: dict[str, Group], attribute: str, default: float) -> Floats:
    return np.concatenate([group.attribute(attribute, default) for group in groups.values()])
