"""Storms: how much rain falls when, and where."""

from typing import ClassVar

import numpy as np

from simulator.incidents import AssetIncident
from simulator.places import Floats, Group, Places
from simulator.surroundings import Moment

B_MIN, N, PEAK = 20.0, 0.7, 0.4
"""The Chicago storm's constants, and the part of its duration before the peak."""


class Storm(AssetIncident, frozen=True, kw_only=True, tag="storm"):
    """Rain over the city, heaviest at a rain gauge and less with the distance from it."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset({"rain-gauge"})
    depth_mm: float = 50.0
    radius_km: float = 5.0

    def intensity(self, since_s: float) -> float:
        """Rain at the centre in mm/h: the Chicago storm, scaled to its depth.

        i(x) = A ((1 - n) x + b) / (x + b)^(1 + n), where x is the minutes from the peak over the part of
        the storm on that side of it; b 20 min, n 0.7, peak after 40 % of the duration. The integral over
        both sides is A T / (T + b)^n. Source: Keifer & Chu (1957), as Chinese design storms have it.
        """
        minutes = self.duration / 60e6
        offset = since_s / 60 - PEAK * minutes
        x = -offset / PEAK if offset < 0 else offset / (1 - PEAK)
        if x > minutes:
            return 0.0
        amount = minutes / (minutes + B_MIN) ** N
        return float(60.0 * self.depth_mm / amount * ((1 - N) * x + B_MIN) / (x + B_MIN) ** (1 + N))


def rainfall(places: Places, group: Group, moment: Moment) -> Floats:
    """Rain at each of a group's assets now, mm/h."""
    rain = np.zeros(len(group))
    for storm, since in moment.of(Storm):
        distance = group.distance(*places.where(storm.asset))
        rain += storm.intensity(since) * np.exp(-((distance / (1000 * storm.radius_km)) ** 2))
    return rain
