"""Bridges: spans under traffic and temperature, piers, cables, and what is done to them."""

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sensors.readings import SECOND
from simulator import vibration
from simulator.cables import Cables, loudness
from simulator.decks import GAUGES_AT, Decks
from simulator.incidents import AssetIncident
from simulator.physics import Physics
from simulator.piers import Piers, ShipImpact
from simulator.places import Floats, Ints, Places, of_partner
from simulator.rhythm import Wander, approach
from simulator.surroundings import Moment
from simulator.traffic import Crossing, crossing
from simulator.vibration import Shaking

STRAIN_PER_K, DEFLECTION_PER_K = 4.0, 0.15
"""What a degree does to a span at rest: strain in um/m (part of the 10 of free concrete), sag in mm."""
SUN_K, WARMING_S = 8.0, 5400.0
ERECTED_C = 15.0
"""Temperature at which the instruments were set to zero."""
SHAKING_MS2, WIND_MS2 = 0.004, 0.0001
"""Root mean square of acceleration: for the root of a tonne a second, and of decks that cables hold up for
(m/s)^2 of wind."""


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


class Bridge(Physics):
    """Spans (strain1..n, deflection, temp, weight, wind, accel), piers, cables (force, accel).

    A span is a simply supported beam of ``length_m`` and ``mass_kg_m`` whose ``frequency_hz`` gives its
    stiffness, or a deck held up by the cables that say where on it they are anchored (``anchor_m``);
    ``vehicles_per_h`` cross it. Strain, sag and what cables bear are what the temperature does slowly plus
    the heaviest vehicle of the step: gauges hold the peak between two samples, so no truck is missed.
    """

    def __init__(self, places: Places, moment: Moment, rng: np.random.Generator) -> None:
        self._rng, self._moment = rng, moment
        self._spans = spans = places.of("bridge-span")
        cables = places.of("bridge-cable")
        self._holds = places.partner(cables, spans)
        self._decks, self._cables = Decks(spans, cables, self._holds), Cables(cables, rng)
        self._shaking = [Shaking(rng) for _ in range(len(spans))]
        self._per_hour = spans.attribute("vehicles_per_h", 400.0)
        self._warmth = np.full(len(spans), moment.air)
        self._unrest = Wander(rng, len(spans), 0.8, 1800.0)
        self._gust = Wander(rng, len(spans), 0.15, 60.0)
        self._crossing = Crossing(np.zeros(len(spans)), np.zeros(len(spans)))
        self._traffic = np.zeros(len(spans))
        self._piers = Piers(places, spans, rng)
        self.channels = {
            ("bridge-span", "strain"): self._strain,
            ("bridge-span", "deflection"): self._deflection,
            ("bridge-span", "temp"): lambda at, _: self._warmth[at],
            ("bridge-span", "weight"): lambda at, _: self._crossing.heaviest[at],
            ("bridge-span", "wind"): lambda at, _: self._moment.wind * np.exp(self._gust.value[at]),
            ("bridge-pier", "tilt"): lambda at, _: self._piers.tilt[at],
            ("bridge-pier", "bearing"): lambda at, _: self._piers.bearing(self._crossing)[at],
            ("bridge-cable", "force"): lambda at, _: self._force()[at],
        }
        self.waveforms = {
            ("bridge-span", "accel"): self._acceleration,
            ("bridge-cable", "accel"): self._ringing,
        }

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        self._moment = moment
        self._unrest.step(moment.seconds)
        self._gust.step(moment.seconds)
        self._warmth = approach(self._warmth, moment.air + SUN_K * moment.sun, moment.seconds, WARMING_S)
        self._crossing = self._vehicles(moment)
        self._traffic = approach(self._traffic, self._crossing.total / moment.seconds, moment.seconds, 60.0)
        self._piers.step(moment)
        self._cables.step(moment)
        left = np.ones(len(self._spans))
        for loss, _ in moment.of(StiffnessLoss):
            left[self._spans.index[loss.asset]] = 1 - loss.lost
        self._decks.harm(left, self._cables.lost)

    def _vehicles(self, moment: Moment) -> Crossing:
        crossed = crossing(self._rng, self._per_hour, moment.hour, moment.seconds)
        for truck, since in moment.of(OverloadedTruck):
            at = self._spans.index[truck.asset]
            if truck.crosses(since, moment.seconds):
                crossed.heaviest[at] = max(crossed.heaviest[at], truck.weight_t)
                crossed.total[at] += truck.weight_t
        return crossed

    def _strain(self, at: Ints, number: Ints) -> Floats:
        of_a_tonne = self._decks.strain[at, (number - 1) % len(GAUGES_AT)]
        still = STRAIN_PER_K * (self._warmth - ERECTED_C) + self._unrest.value + 2.0 * self._piers.sag
        return still[at] + self._crossing.heaviest[at] * of_a_tonne

    def _deflection(self, at: Ints, _: Ints) -> Floats:
        still = DEFLECTION_PER_K * (self._warmth - ERECTED_C) + self._piers.sag + self._decks.sunk
        return (still + self._decks.sag * self._crossing.heaviest + 0.1 * self._unrest.value)[at]

    def _still(self) -> Floats:
        warmer = of_partner(self._holds, self._warmth - ERECTED_C, len(self._decks.moved))
        return self._cables.still(warmer, self._decks.moved)

    def _force(self) -> Floats:
        return self._still() + self._decks.live * of_partner(
            self._holds, self._crossing.heaviest, len(self._decks.live)
        )

    def _acceleration(self, at: int, start: int, rate: float, samples: int) -> NDArray[np.float32]:
        modes = self._decks.modes[at]
        rms = SHAKING_MS2 * math.sqrt(max(self._traffic[at], 0.05))
        if self._decks.stayed(at):
            rms = math.hypot(rms, WIND_MS2 * self._moment.wind**2)
        shaking = self._shaking[at].block(modes, rms, rate, samples)
        seconds = np.arange(samples) / rate
        for impact, since in self._moment.of(ShipImpact):
            if self._piers.carry(impact.asset, at):
                struck = self._moment.time - round(since * SECOND)
                blow = vibration.ringing(
                    float(modes.frequency[0]), impact.peak_ms2, seconds + (start - struck) / SECOND
                )
                shaking += blow.astype(np.float32)
        return shaking

    def _ringing(self, at: int, start: int, rate: float, samples: int) -> NDArray[np.float32]:
        del start
        traffic = float(self._traffic[self._holds[at]]) if len(self._holds) else 0.0
        rms = loudness(traffic, self._moment.wind)
        return self._cables.acceleration(at, float(self._still()[at]), rms, rate, samples)
