"""The few formulas of pipe and sewer flow that the physics is made of. Flows in m3/h, heads in m."""

from typing import overload

import numpy as np

from simulator.places import Floats

GRAVITY = 9.81
METRES_PER_MPA = 1e6 / (1000 * GRAVITY)
FRICTION = 0.02
DISCHARGE = 0.6
ROUGHNESS = 0.013
HOUR_S = 3600.0
LEAST_OPENING = 0.001
"""A blocked pipe still lets through so much of its area, for nothing is quite tight."""


def orifice(diameter_m: float) -> float:
    """C in q = C sqrt(h) of a hole, m3/h per m^0.5: C = Cd A sqrt(2 g), Cd 0.6 (Torricelli)."""
    return DISCHARGE * np.pi / 4 * diameter_m**2 * float(np.sqrt(2 * GRAVITY)) * HOUR_S


@overload
def pipe_resistance(diameter_m: float, length_m: float) -> float: ...
@overload
def pipe_resistance(diameter_m: Floats, length_m: Floats) -> Floats: ...
def pipe_resistance(diameter_m: Floats | float, length_m: Floats | float) -> Floats | float:
    """R in h = r q^2, m per (m3/h)^2: r = 8 f L / (pi^2 g d^5), f 0.02 (Darcy-Weisbach)."""
    return 8 * FRICTION * length_m / (np.pi**2 * GRAVITY * diameter_m**5) / HOUR_S**2


def outflow(head: float, coefficient: float, resistance: float) -> tuple[float, float]:
    """Flow out of a hole and the head left at it, where feeding the hole costs head itself.

    h = H - r q^2 and q = C sqrt(h) give h = H / (1 + r C^2).
    """
    left = head / (1 + resistance * coefficient**2)
    return coefficient * float(np.sqrt(left)), left


def full_flow(diameter_m: Floats, slope: Floats) -> Floats:
    """Capacity of a full circular sewer, m3/h: Q = A R^(2/3) sqrt(S) / n, n 0.013 (Manning)."""
    area = np.pi / 4 * diameter_m**2
    return area * (diameter_m / 4) ** (2 / 3) * np.sqrt(slope) / ROUGHNESS * HOUR_S


def filling(depth_ratio: Floats) -> Floats:
    """Flow of a circular sewer filled to h/D, as a share of the full flow (Bretting 1948).

    Q/Qf = 0.46 - 0.5 cos(pi h/D) + 0.04 cos(2 pi h/D), 0 when empty and 1 when full.
    """
    angle = np.pi * depth_ratio
    return 0.46 - 0.5 * np.cos(angle) + 0.04 * np.cos(2 * angle)


def filling_growth(depth_ratio: Floats) -> Floats:
    """The slope of ``filling`` over h/D."""
    angle = np.pi * depth_ratio
    return np.pi * (0.5 * np.sin(angle) - 0.08 * np.sin(2 * angle))


def depth_ratio(share: Floats) -> Floats:
    """The filling h/D at which a sewer carries a share of its full flow: the inverse of ``filling``."""
    ratios = np.linspace(0.0, 1.0, 201)
    return np.interp(share, filling(ratios), ratios)


def gap_loss(opening: float) -> float:
    """K in h = K v^2 / 2g of a pipe that is open for a share of its area, v the speed in the whole pipe.

    K = (1 / (c m) - 1)^2: the jet behind a gap of share m, contracted to c = 0.63 + 0.37 m^3 of it, slows
    down in the pipe (Borda-Carnot, with Weisbach's contraction).
    """
    share = max(opening, LEAST_OPENING)
    return float((1 / ((0.63 + 0.37 * share**3) * share) - 1) ** 2)
