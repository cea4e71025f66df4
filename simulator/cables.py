"""Stay cables: their force, how they ring with it, and what lets them go slack."""

import math
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulator.incidents import AssetIncident
from simulator.places import Floats, Group
from simulator.rhythm import Wander
from simulator.surroundings import Moment
from simulator.vibration import Modes, Shaking

CABLE_PER_K = -0.0006
"""Share of its force that a cable gains with a degree of the deck's warmth."""
HARMONICS = 6
DAMPING = 0.003
"""Of a cable, as a share of the critical."""
SENSOR_AT = 1 / 16
"""Where on the cable the accelerometer is, from the deck: as high as somebody reaches."""
SHAKING_MS2, WIND_MS2 = 0.02, 0.003
"""Root mean square of acceleration: for the root of a tonne a second on the deck, and for (m/s)^2 of wind."""
SLACK = 0.02
"""Share of its force as built below which a cable hangs, and does not ring."""


class CableForceLoss(AssetIncident, frozen=True, kw_only=True, tag="cable-force-loss"):
    """Strands of a cable corrode through, or slip from their anchor, and bear nothing any more.

    lost: share of its strands. A deck that cables hold up gives way there, and the others take over.
    """

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"bridge-cable"})
    lost: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.25


class Cables:
    """All c cables: their force follows the temperature, the load, and what has become of them.

    lost: [c], share of each cable's strands.
    """

    def __init__(self, cables: Group, rng: np.random.Generator) -> None:
        self._cables = cables
        self._taut_kn = cables.attribute("force_kn", 3000.0)
        self._length = cables.attribute("length_m", 100.0)
        self._mass = cables.attribute("mass_kg_m", 60.0)
        self._ripple = Wander(rng, len(cables), 0.002, 600.0)
        self._shaking = [Shaking(rng) for _ in range(len(cables))]
        self.lost: Floats = np.zeros(len(cables))

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        self._ripple.step(moment.seconds)
        self.lost = np.zeros(len(self._cables))
        for loss, _ in moment.of(CableForceLoss):
            self.lost[self._cables.index[loss.asset]] = loss.lost

    def still(self, warmer: Floats, moved: Floats) -> Floats:
        """Force of each cable without traffic, kN.

        warmer: [c], degrees above the temperature at which they were built. moved: [c], kN, what they have
        taken over.
        """
        return self._taut_kn * (1 - self.lost) * (1 + CABLE_PER_K * warmer + self._ripple.value) + moved

    def acceleration(
        self, at: int, force_kn: float, rms: float, rate: float, samples: int
    ) -> NDArray[np.float32]:
        """The next samples of a cable at such a force."""
        if force_kn < SLACK * self._taut_kn[at]:
            return np.zeros(samples, np.float32)
        modes = string(float(self._length[at]), float(self._mass[at]), force_kn)
        return self._shaking[at].block(modes, rms, rate, samples)


def string(length_m: float, mass_kg_m: float, force_kn: float) -> Modes:
    """A taut string's modes as its accelerometer sees them: f = n / (2 L) sqrt(T / m)."""
    order = np.arange(1, HARMONICS + 1)
    frequency = order / (2 * length_m) * np.sqrt(1e3 * force_kn / mass_kg_m)
    return Modes.seen(frequency, np.sin(order * np.pi * SENSOR_AT), DAMPING)


def loudness(traffic: float, wind: float) -> float:
    """Root mean square of acceleration, m/s2, for tonnes a second on the deck and m/s of wind."""
    return math.hypot(SHAKING_MS2 * math.sqrt(traffic), WIND_MS2 * wind**2)
