"""Gas in a ventilated space."""

import numpy as np

from sensors.units import METHANE_LEL
from simulator.places import Floats


def accumulate(fraction: Floats, inflow: Floats, exchange: Floats, volume: Floats, hours: float) -> Floats:
    """The volume fraction of gas after some hours of inflow q into a well mixed, ventilated volume V.

    V dC/dt = q (1 - C) - Qv C, integrated exactly: C tends to q / (q + Qv) with the rate (q + Qv) / V.
    inflow q and exchange Qv in m3/h, volume in m3. Source: the well-mixed room of ventilation practice.
    """
    turnover = inflow + exchange
    limit = np.divide(inflow, turnover, out=np.zeros_like(fraction), where=turnover > 0)
    settled = limit + (fraction - limit) * np.exp(-turnover / volume * hours)
    return np.where(turnover > 0, settled, fraction)


def percent_lel(fraction: Floats) -> Floats:
    """A methane volume fraction in percent of its lower explosive limit."""
    return fraction * 1e4 / METHANE_LEL
