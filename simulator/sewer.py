"""A gravity sewer as trees of manholes that store water and pass it on."""

import numpy as np

from simulator.hydraulics import HOUR_S, depth_ratio, filling, filling_growth, full_flow
from simulator.places import Floats, Ints

SUBSTEP_S = 10.0
GULLIES_M2 = 10.0
"""Plan area of the gullies and house connections that fill with a shaft."""
STEEPEST = 4.0
"""Most that surcharge can raise the driving head, as a multiple of the pipe's fall."""
GENTLE = 0.2
"""Relative head below which flow grows with it rather than with its root."""


class Sewer:
    """n manholes, each with the pipe that leaves it; volumes in m3, flows in m3/h, levels in m.

    below: each manhole's next one, -1 where the pipe leads out. The level in a manhole rises through its
    pipe's own volume (pi/4 D L per metre), then through the shaft's. A pipe carries its full flow times
    Bretting's filling curve; under surcharge the full flow times the root of the head between this
    manhole and the next over the pipe's fall, so that a blocked or overloaded pipe backs the water up.
    What would stand above the rim is spilled. Water is neither made nor lost:
    sum(inflow) = change of sum(volume) + discharged + sum(spilled).
    """

    def __init__(
        self, below: Ints, diameter: Floats, length: Floats, slope: Floats, rim: Floats, shaft_m2: Floats
    ) -> None:
        self._layers, self._below = _layers(below)
        self._inner = np.flatnonzero(self._below >= 0)
        self._diameter, self._rim, self._fall = diameter, rim, length * slope
        self._full = full_flow(diameter, slope)
        self._pipe_m2 = np.pi / 4 * diameter * length
        self._shaft_m2 = shaft_m2 + GULLIES_M2
        self.volume: Floats = np.zeros_like(diameter)
        self.outflow: Floats = np.zeros_like(diameter)
        self.spilled: Floats = np.zeros_like(diameter)
        """Water that came out over each rim during the last step, m3."""

    def settle(self, inflow: Floats) -> None:
        """Start from where a steady inflow into each manhole would have brought it."""
        carried = inflow.copy()
        for layer in self._layers:
            np.add.at(carried, self._below[layer], carried[layer])
        self.outflow = np.minimum(carried, self._full)
        self.volume = depth_ratio(self.outflow / self._full) * self._diameter * self._pipe_m2

    @property
    def level(self) -> Floats:
        """Water level above each manhole's invert, m."""
        crown = self._diameter * self._pipe_m2
        below, above = np.minimum(self.volume, crown), np.maximum(self.volume - crown, 0.0)
        return below / self._pipe_m2 + above / self._shaft_m2

    def step(self, inflow: Floats, opening: Floats, seconds: float) -> Floats:
        """Go on; inflow: from outside into each manhole. opening: share of each pipe that is free.

        Returns the volume that left where a pipe leads out, m3 by manhole.
        """
        count = max(1, round(seconds / SUBSTEP_S))
        hours = seconds / count / HOUR_S
        discharged = np.zeros_like(inflow)
        self.spilled = np.zeros_like(inflow)
        for _ in range(count):
            passed = self._pass_on(inflow, opening, hours)
            discharged += np.where(self._below < 0, passed, 0.0)
        return discharged

    def _pass_on(self, inflow: Floats, opening: Floats, hours: float) -> Floats:
        """One substep, linearly implicit in all levels, as full shafts are stiff; the volumes passed on."""
        level, up, down = self.level, self._inner, self._below[self._inner]
        area = np.where(level < self._diameter, self._pipe_m2, self._shaft_m2)
        flow, by_level, by_tailwater = self._carried(level, opening)
        rise = self._solve(
            area, hours * (inflow + self._received(flow) - flow), hours * by_level, hours * by_tailwater
        )
        flow = flow + by_level * rise
        flow[up] -= by_tailwater[up] * rise[down]
        passed = np.clip(flow * hours, 0.0, self.volume)
        self.outflow = passed / hours
        self.volume = self.volume - passed + inflow * hours + self._received(passed)
        excess = np.maximum(0.0, self.level - self._rim) * self._shaft_m2
        self.volume = self.volume - excess
        self.spilled += excess
        return passed

    def _carried(self, level: Floats, opening: Floats) -> tuple[Floats, Floats, Floats]:
        """Flow at these levels, how it grows with the level, and shrinks with the tailwater, per m."""
        surcharge = np.maximum(0.0, level - self._diameter)
        tailwater = np.zeros_like(level)
        tailwater[self._inner] = surcharge[self._below[self._inner]]
        head = np.clip(1.0 + (surcharge - tailwater) / self._fall, 0.0, STEEPEST)
        drive, steeper = _drive(head)
        ratio = np.minimum(level / self._diameter, 1.0)
        filled = filling(ratio)
        capacity = self._full * opening
        pressed = filled * np.where(head < STEEPEST, steeper, 0.0) / self._fall
        by_level = np.where(surcharge > 0, pressed, drive * filling_growth(ratio) / self._diameter)
        by_tailwater = np.where(tailwater > 0, pressed, 0.0)
        return capacity * filled * drive, capacity * by_level, capacity * by_tailwater

    def _solve(self, area: Floats, gain: Floats, by_level: Floats, by_tailwater: Floats) -> Floats:
        """The rise of each level when all flows follow their levels.

        (A + a) x - b x_below - sum over those above (a' x' - b' x) = gain, solved exactly along the
        trees: eliminated from the ends down to the outlets, then put in from there up.
        """
        own = area + by_level
        np.add.at(own, self._below[self._inner], by_tailwater[self._inner])
        gain = gain.copy()
        for layer in self._layers:
            onward = by_level[layer] / own[layer]
            np.add.at(gain, self._below[layer], onward * gain[layer])
            np.subtract.at(own, self._below[layer], onward * by_tailwater[layer])
        rise: Floats = gain / own
        for layer in reversed(self._layers):
            rise[layer] += by_tailwater[layer] / own[layer] * rise[self._below[layer]]
        return rise

    def _received(self, outflow: Floats) -> Floats:
        received = np.zeros_like(outflow)
        np.add.at(received, self._below[self._inner], outflow[self._inner])
        return received


def _layers(below: Ints) -> tuple[list[Ints], Ints]:
    """The manholes that have one below them, the farthest from an outlet first; and ``below`` without rings.

    Where pipes lead in a ring, as a mistaken registry may say, its manholes lead out instead.
    """
    reached = below < 0
    layers: list[Ints] = []
    while (layer := np.flatnonzero(~reached & reached[below])).size:
        reached[layer] = True
        layers.insert(0, layer)
    return layers, np.where(reached, below, -1)


def _drive(head: Floats) -> tuple[Floats, Floats]:
    """The root of a relative head, 1 at 1, and its slope; straight near 0, where a root is too steep."""
    root = np.sqrt((1 + GENTLE) / (head + GENTLE))
    return head * root, root * (1 - 0.5 * head / (head + GENTLE))
