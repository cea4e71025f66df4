"""Bridges: spans under traffic and temperature, piers, cables, and what is done to them."""

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sensors.readings import SECOND
from simulator import vibration
from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.places import Floats, Group, Ints, Places
from simulator.rhythm import Wander, approach
from simulator.surroundings import Moment
from simulator.traffic import Crossing, crossing

STRAIN_PER_K, DEFLECTION_PER_K = 4.0, 0.15
"""What a degree does to a span at rest: strain in um/m (part of the 10 of free concrete), sag in mm."""
SUN_K, WARMING_S = 8.0, 5400.0
ERECTED_C = 15.0
"""Temperature at which the instruments were set to zero."""
POSITIONS = (1.0, 0.75, 0.75, 0.44, 0.44)
"""Share of the mid-span moment at the strain gauges 1, 2, 3...: mid-span, quarter and eighth points."""
SHAKING_MS2 = 0.004
"""Root mean square of acceleration for the square root of a tonne a second."""
SETTLING_S, RELIEF_PER_MM = 120.0, 0.01
CABLE_PER_K, CABLE_SHARE = -0.0006, 0.25


class OverloadedTruck(AssetIncident, frozen=True, kw_only=True, tag="overloaded-truck"):
    """Vehicles far over the limit cross a span, one after the other."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"bridge-span"})
    weight_t: float = 95.0
    every_s: float = 60.0

    def crosses(self, since_s: float, seconds: float) -> bool:
        """Whether one crosses in the seconds from ``since_s`` after the incident's start on."""
        following = math.ceil(max(since_s, 0.0) / self.every_s) * self.every_s
        return following < min(since_s + seconds, self.duration / SECOND)


class StiffnessLoss(AssetIncident, frozen=True, kw_only=True, tag="stiffness-loss"):
    """A span loses part of its bending stiffness: it gives way more and swings more slowly."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"bridge-span"})
    lost: float = 0.25


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


class Bridge(Physics):
    """Spans (strain1..n, deflection, temp, weight, wind, accel), piers (tilt, bearing), cables (force).

    A span is a simply supported beam of ``length_m`` and ``mass_kg_m`` whose ``frequency_hz`` gives its
    stiffness; ``vehicles_per_h`` cross it. Strain and sag are what the temperature does to it slowly plus
    the heaviest vehicle of the step: gauges hold the peak between two samples, so no truck is missed.
    """

    def __init__(self, places: Places, moment: Moment, rng: np.random.Generator) -> None:
        self._rng, self._moment = rng, moment
        self._spans = spans = places.of("bridge-span")
        self._length = spans.attribute("length_m", 40.0)
        self._frequency = spans.attribute("frequency_hz", 3.0)
        mass = spans.attribute("mass_kg_m", 12_000.0)
        self._bending = vibration.stiffness(self._length, self._frequency, mass)
        self._per_hour = spans.attribute("vehicles_per_h", 400.0)
        self._left = np.ones(len(spans))
        self._warmth = np.full(len(spans), moment.air)
        self._unrest = Wander(rng, len(spans), 0.8, 1800.0)
        self._gust = Wander(rng, len(spans), 0.15, 60.0)
        self._crossing = Crossing(np.zeros(len(spans)), np.zeros(len(spans)))
        self._traffic = np.zeros(len(spans))
        self._piers, self._cables = _Piers(places, spans, rng), _Cables(places, spans, rng)
        self.channels = {
            ("bridge-span", "strain"): self._strain,
            ("bridge-span", "deflection"): self._deflection,
            ("bridge-span", "temp"): lambda at, _: self._warmth[at],
            ("bridge-span", "weight"): lambda at, _: self._crossing.heaviest[at],
            ("bridge-span", "wind"): lambda at, _: self._moment.wind * np.exp(self._gust.value[at]),
            ("bridge-pier", "tilt"): lambda at, _: self._piers.tilt[at],
            ("bridge-pier", "bearing"): lambda at, _: self._piers.bearing(self._crossing)[at],
            ("bridge-cable", "force"): lambda at, _: self._cables.force(self._crossing, self._warmth)[at],
        }
        self.waveforms = {("bridge-span", "accel"): self._acceleration}

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        self._moment = moment
        self._unrest.step(moment.seconds)
        self._gust.step(moment.seconds)
        self._warmth = approach(self._warmth, moment.air + SUN_K * moment.sun, moment.seconds, WARMING_S)
        self._crossing = self._vehicles(moment)
        self._traffic = approach(self._traffic, self._crossing.total / moment.seconds, moment.seconds, 60.0)
        self._left = np.ones(len(self._spans))
        for loss, _ in moment.of(StiffnessLoss):
            self._left[self._spans.index[loss.asset]] = 1 - loss.lost
        self._piers.step(moment)
        self._cables.step(moment)

    def _vehicles(self, moment: Moment) -> Crossing:
        crossed = crossing(self._rng, self._per_hour, moment.hour, moment.seconds)
        for truck, since in moment.of(OverloadedTruck):
            at = self._spans.index[truck.asset]
            if truck.crosses(since, moment.seconds):
                crossed.heaviest[at] = max(crossed.heaviest[at], truck.weight_t)
                crossed.total[at] += truck.weight_t
        return crossed

    def _strain(self, at: Ints, number: Ints) -> Floats:
        share = np.array(POSITIONS)[(number - 1) % len(POSITIONS)]
        load = vibration.strain_um_m(self._crossing.heaviest, self._length, self._bending * self._left)
        still = STRAIN_PER_K * (self._warmth - ERECTED_C) + self._unrest.value + 2.0 * self._piers.sag
        return still[at] + share * load[at]

    def _deflection(self, at: Ints, _: Ints) -> Floats:
        load = vibration.deflection_mm(self._crossing.heaviest, self._length, self._bending * self._left)
        still = DEFLECTION_PER_K * (self._warmth - ERECTED_C) + self._piers.sag
        return (still + load + 0.1 * self._unrest.value)[at]

    def _acceleration(self, at: int, start: int, rate: float, samples: int) -> NDArray[np.float32]:
        frequency = float(self._frequency[at] * np.sqrt(self._left[at]))
        rms = SHAKING_MS2 * float(np.sqrt(max(self._traffic[at], 0.05)))
        shaking = vibration.ambient(self._rng, frequency, rms, rate, samples)
        seconds = np.arange(samples) / rate
        for impact, since in self._moment.of(ShipImpact):
            if self._piers.carry(impact.asset, at):
                struck = self._moment.time - round(since * SECOND)
                shaking += vibration.ringing(frequency, impact.peak_ms2, seconds + (start - struck) / SECOND)
        return shaking.astype(np.float32)


class _Piers:
    """Piers that lean, carry a share of the load (``dead_load_kn`` and traffic), and may settle.

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
        return still + 0.5 * vibration.GRAVITY * _on(self._carries, crossed.heaviest, len(self._piers))

    def step(self, moment: Moment) -> None:
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


class _Cables:
    """Cables whose ``force_kn`` follows the temperature and the load of the span they hold."""

    def __init__(self, places: Places, spans: Group, rng: np.random.Generator) -> None:
        self._cables = places.of("bridge-cable")
        self._holds = places.partner(self._cables, spans)
        self._taut_kn = self._cables.attribute("force_kn", 3000.0)
        self._ripple = Wander(rng, len(self._cables), 0.002, 600.0)

    def force(self, crossed: Crossing, warmth: Floats) -> Floats:
        """Force of each cable, kN."""
        warmer = _on(self._holds, warmth - ERECTED_C, len(self._cables))
        live = CABLE_SHARE * vibration.GRAVITY * _on(self._holds, crossed.heaviest, len(self._cables))
        return self._taut_kn * (1 + CABLE_PER_K * warmer + self._ripple.value) + live

    def step(self, moment: Moment) -> None:
        self._ripple.step(moment.seconds)


def _on(partner: Ints, of_spans: Floats, count: int) -> Floats:
    """What the spans that each of ``count`` hangs on have; nothing where there are no spans."""
    return of_spans[partner] if len(partner) else np.zeros(count)
