"""Days on which a city lives otherwise: it gets up later, stays at home, and uses more."""

from simulator.incidents import Incident
from simulator.surroundings import Moment

EASING_S = 3600.0
"""How long a city takes to get into a holiday, and out of it."""


class Holiday(Incident, frozen=True, kw_only=True, tag="holiday"):
    """Everybody is at home: more water and gas are used than on a working day, by these factors."""

    water: float = 1.2
    gas: float = 1.3

    def grown(self, factor: float, since_s: float) -> float:
        """What has become of a factor so long after the start."""
        left_s = self.duration / 1e6 - since_s
        return 1.0 + (factor - 1.0) * min(1.0, max(0.0, since_s / EASING_S), max(0.0, left_s / EASING_S))


def water_factor(moment: Moment) -> float:
    """How many times the usual water is used now."""
    return max((day.grown(day.water, since) for day, since in moment.of(Holiday)), default=1.0)


def gas_factor(moment: Moment) -> float:
    """How many times the usual gas is used now."""
    return max((day.grown(day.gas, since) for day, since in moment.of(Holiday)), default=1.0)
