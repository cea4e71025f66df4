"""How a bridge's parts shake: acceleration as a sum of modes under the noise of traffic and wind."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from simulator.places import Floats

GRAVITY = 9.81
DAMPING = 0.015
"""Of a span, as a share of the critical."""
MODES = (1.0, 4.0, 9.0)
"""Natural frequencies of a simply supported beam over its first: n^2."""
SENSOR_AT = 0.25
"""Where on the span the accelerometer is; a third would be a node of the third mode."""
SHAPES = tuple(math.sin(n * math.pi * SENSOR_AT) for n in (1, 2, 3))
"""Of the simply supported beam's modes at the accelerometer."""
RESOLVED = 2.0
"""Times the inverse of a mode's width: how long a series must be for its frequencies to show it."""
UNMOVED = 0.002
"""Share of its frequency by which a mode may move before a new series is made."""


def stiffness(length_m: Floats, frequency_hz: Floats, mass_kg_m: Floats) -> Floats:
    """Bending stiffness EI in N m2 of a simply supported beam: f = pi/(2 L^2) sqrt(EI/m), solved for EI."""
    return mass_kg_m * (2 * frequency_hz * length_m**2 / np.pi) ** 2


def deflection_mm(tonnes: Floats, length_m: Floats, bending: Floats) -> Floats:
    """Deflection at mid-span under a load at mid-span: P L^3 / (48 EI)."""
    return 1e3 * (1e3 * GRAVITY * tonnes) * length_m**3 / (48 * bending)


def strain_um_m(tonnes: Floats, length_m: Floats, bending: Floats) -> Floats:
    """Strain of the lower edge at mid-span under a load there: M y / EI, M = P L / 4, y = L / 40.

    L / 20 is the usual depth of a beam bridge.
    """
    return 1e6 * (1e3 * GRAVITY * tonnes) * length_m / 4 * (length_m / 40) / bending


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """n modes as an accelerometer sees them: frequency [n] in Hz, share [n] of each, damping of all."""

    frequency: Floats
    share: Floats
    damping: float

    @classmethod
    def seen(cls, frequency: Floats, shape: Floats, damping: float) -> Self:
        """Modes of a ``shape`` [n] where the sensor is, under a push that falls with the frequency."""
        return cls(frequency, np.abs(shape) * frequency[0] / frequency, damping)


def beam(frequency_hz: float) -> Modes:
    """A simply supported span with its first mode there."""
    return Modes.seen(frequency_hz * np.array(MODES), np.array(SHAPES), DAMPING)


class Shaking:
    """The shaking of one structure, going on from block to block.

    A series is made at a time, as :func:`series` does, and given out until it is used up or the modes have
    moved from where they were.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._series: NDArray[np.float32] = np.empty(0, np.float32)
        self._given, self._frequency, self._rate = 0, np.empty(0), 0.0

    def block(self, modes: Modes, rms: float, rate: float, samples: int) -> NDArray[np.float32]:
        """The next samples in m/s2; ``rms`` is their size in the long run."""
        end = self._given + samples
        if end > len(self._series) or rate != self._rate or self._moved(modes.frequency):
            self._series = series(self._rng, modes, rate, samples)
            self._frequency, self._rate, end = modes.frequency, rate, samples
        self._given = end
        return np.float32(rms) * self._series[end - samples : end]

    def _moved(self, frequency: Floats) -> bool:
        return bool((np.abs(frequency - self._frequency) > UNMOVED * self._frequency).any())


def series(rng: np.random.Generator, modes: Modes, rate: float, samples: int) -> NDArray[np.float32]:
    """At least so many samples of acceleration under broad-band excitation, of root mean square 1.

    Made in the frequency domain: |H|^2 = f^4 / ((fn^2 - f^2)^2 + (2 d fn f)^2) for acceleration, each mode's
    peak as its share, summed, with random phases. Modes above half the rate are left out. The series is so
    long that its frequencies show the modes as narrow as they are.
    """
    resolved = RESOLVED * rate / (modes.damping * modes.frequency[0])
    period = max(samples, 1 << math.ceil(math.log2(resolved)))
    frequencies = np.fft.rfftfreq(period, 1 / rate)
    response = np.zeros_like(frequencies)
    for mode, share in zip(modes.frequency.tolist(), modes.share.tolist(), strict=True):
        if mode < rate / 2:
            bell = (mode**2 - frequencies**2) ** 2 + (2 * modes.damping * mode * frequencies) ** 2
            response += share**2 * 4 * modes.damping**2 * frequencies**4 / bell
    noise = rng.standard_normal((2, len(frequencies)))
    made = np.fft.irfft(np.sqrt(response) * (noise[0] + 1j * noise[1]), period)
    spread = float(made.std())
    return (made / spread if spread else made).astype(np.float32)


def ringing(frequency_hz: float, peak: float, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Acceleration after a blow at second 0, m/s2: the first mode, dying away by its damping."""
    angle = 2 * np.pi * frequency_hz * seconds
    decay = np.exp(-DAMPING * np.maximum(angle, 0.0))
    return np.where(seconds < 0, 0.0, peak * decay * np.sin(angle))
