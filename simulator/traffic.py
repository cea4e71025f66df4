"""Vehicles that cross bridges: Poisson arrivals over the day, most of them light."""

from typing import NamedTuple

import numpy as np

from simulator.places import Floats
from simulator.rhythm import Daily

RUSH = Daily(
    (0.25, 0.18, 0.15, 0.15, 0.2, 0.5, 1.0, 1.9, 2.0, 1.4, 1.2, 1.1),
    (1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 1.9, 1.3, 0.9, 0.7, 0.5, 0.4),
)
TRUCKS = 0.12
CAR_T, TRUCK_T, TRUCK_SPREAD = 1.6, 16.0, 0.5
HEAVIEST_T = 46.0
"""Heaviest vehicle of ordinary traffic, under the gross weight limit of 49 t (GB 1589)."""


class Crossing(NamedTuple):
    """What crossed each of n bridges during a step: the heaviest vehicle and all together, tonnes."""

    heaviest: Floats
    total: Floats


def crossing(rng: np.random.Generator, per_hour: Floats, hour: float, seconds: float) -> Crossing:
    """The vehicles of a step; the mixture is 88 % cars and 12 % trucks, log-normal around 16 t."""
    arrived = rng.poisson(per_hour * RUSH.at(hour) * seconds / 3600)
    bridge = np.repeat(np.arange(len(per_hour)), arrived)
    truck = rng.random(len(bridge)) < TRUCKS
    spread = np.exp(rng.standard_normal(len(bridge)) * np.where(truck, TRUCK_SPREAD, 0.2))
    weight = np.minimum(np.where(truck, TRUCK_T, CAR_T) * spread, HEAVIEST_T)
    heaviest = np.zeros(len(per_hour))
    np.maximum.at(heaviest, bridge, weight)
    return Crossing(heaviest, np.bincount(bridge, weight, len(per_hour)).astype(np.float64))
