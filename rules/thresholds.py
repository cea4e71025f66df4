"""The thresholds that readings themselves are held against, and whether a reading can reach them."""

from collections.abc import Iterator

from rules.kinds.base import Parameters
from rules.kinds.limit import LimitParameters
from rules.kinds.trend import TrendParameters
from sensors.lines import Keys
from sensors.quantities import QUANTITIES

Threshold = tuple[Keys, float]
"""The way to it among the parameters, and its value in the quantity's own unit."""


def thresholds(parameters: Parameters) -> Iterator[Threshold]:
    """Those of kinds that compare readings themselves; others' are of what they make of readings."""
    if (
        type(parameters) is LimitParameters
    ):  # kinds that judge something else by bands have parameters like it
        for number, band in enumerate(parameters.bands):
            for side, value in (("above", band.above), ("below", band.below)):
                if value is not None:
                    yield ("bands", number, side), value
    if isinstance(parameters, TrendParameters):
        for side, value in (("above", parameters.above), ("below", parameters.below)):
            if value is not None:
                yield (side,), value


def unreachable(parameters: Parameters, quantity: str) -> Iterator[tuple[Keys, str]]:
    """Thresholds beyond what the quantity can be: a reading there is flagged and never judged by them."""
    known = QUANTITIES[quantity]
    for keys, value in thresholds(parameters):
        if value < known.low or value > known.high:
            span = f"{known.low:g} to {known.high:g} {known.unit}"
            yield keys, f"expected {span}, what {quantity} can be, not {value:g}"
