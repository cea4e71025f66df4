"""A bridge as a beam, and how it shakes: acceleration as a sum of modes under the noise of traffic."""

import math

import numpy as np
from numpy.typing import NDArray

from simulator.places import Floats

GRAVITY = 9.81
DAMPING = 0.015
MODES = (1.0, 4.0, 9.0)
"""Natural frequencies of a simply supported beam over its first: n^2."""
RESOLVED = 2.0
"""Times the inverse of a mode's width: how long a series must be for its frequencies to show it."""
SENSOR_AT = 0.25
"""Where on the span the accelerometer is; a third would be a node of the third mode."""
SHARES = tuple(abs(math.sin(n * math.pi * SENSOR_AT)) / n**2 for n in (1, 2, 3))
"""Part of each mode in the shaking there: its shape sin(n pi x / L), and a push of traffic that falls with
the frequency."""


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


def ambient(
    rng: np.random.Generator, frequency_hz: float, rms: float, rate: float, samples: int
) -> NDArray[np.float64]:
    """Acceleration under broad-band excitation, m/s2: each mode's resonance in white noise, summed.

    Made in the frequency domain: |H|^2 = f^4 / ((fn^2 - f^2)^2 + (2 z fn f)^2) for acceleration, random
    phases, scaled to the root mean square asked for. Modes above half the rate are left out. A short block is
    cut from a series long enough for the modes to be as narrow as they are.
    """
    resolved = RESOLVED * rate / (DAMPING * frequency_hz)
    period = max(samples, 1 << math.ceil(math.log2(resolved)))
    frequencies = np.fft.rfftfreq(period, 1 / rate)
    response = np.zeros_like(frequencies)
    for order, share in zip(MODES, SHARES, strict=True):
        mode = order * frequency_hz
        if mode < rate / 2:
            bell = (mode**2 - frequencies**2) ** 2 + (2 * DAMPING * mode * frequencies) ** 2
            response += share**2 * 4 * DAMPING**2 * frequencies**4 / bell
    noise = rng.standard_normal((2, len(frequencies)))
    series = np.fft.irfft(np.sqrt(response) * (noise[0] + 1j * noise[1]), period)
    spread = float(series.std())
    return series[:samples] * (rms / spread if spread > 0 else 1.0)


def ringing(frequency_hz: float, peak: float, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Acceleration after a blow at second 0, m/s2: the first mode, dying away by its damping."""
    angle = 2 * np.pi * frequency_hz * seconds
    decay = np.exp(-DAMPING * np.maximum(angle, 0.0))
    return np.where(seconds < 0, 0.0, peak * decay * np.sin(angle))
