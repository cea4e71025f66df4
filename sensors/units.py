"""Units as UCUM codes, and how a value in one becomes a value in another.

The table is our own: the UCUM libraries at hand refuse what utilities send every day (``NTU``,
``m[H2O]``, ``[pH]``), and ``%VOL`` and ``%LEL`` are no UCUM at all but what is written on every gas
detector. A litre may be written ``L`` or ``l``, as UCUM has it.
"""

from dataclasses import dataclass
from types import MappingProxyType

METHANE_LEL = 5.0
"""Lower explosive limit of methane in %VOL (IEC 60079-20-1 has 4.4, Chinese gas practice takes 5)."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: ``value * factor + offset`` is the value in its dimension's base unit."""

    code: str
    dimension: str
    factor: float = 1.0
    offset: float = 0.0


_TABLE = (
    Unit("%VOL", "volume fraction"),
    Unit("[ppm]", "volume fraction", 1e-4),
    Unit("[ppb]", "volume fraction", 1e-7),
    Unit("%LEL", "explosive fraction"),
    Unit("mg/L", "concentration"),
    Unit("g/L", "concentration", 1e3),
    Unit("g/m3", "concentration"),
    Unit("mg/m3", "concentration", 1e-3),
    Unit("ug/L", "concentration", 1e-3),
    Unit("ug/m3", "concentration", 1e-6),
    Unit("Pa", "pressure"),
    Unit("hPa", "pressure", 1e2),
    Unit("kPa", "pressure", 1e3),
    Unit("MPa", "pressure", 1e6),
    Unit("mbar", "pressure", 1e2),
    Unit("bar", "pressure", 1e5),
    Unit("m[H2O]", "pressure", 9806.65),
    Unit("m3/s", "flow"),
    Unit("m3/h", "flow", 1 / 3600),
    Unit("m3/d", "flow", 1 / 86400),
    Unit("L/s", "flow", 1e-3),
    Unit("L/min", "flow", 1e-3 / 60),
    Unit("L/h", "flow", 1e-3 / 3600),
    Unit("m", "length"),
    Unit("cm", "length", 1e-2),
    Unit("mm", "length", 1e-3),
    Unit("um", "length", 1e-6),
    Unit("m/s", "speed"),
    Unit("cm/s", "speed", 1e-2),
    Unit("km/h", "speed", 1 / 3.6),
    Unit("mm/h", "rain intensity"),
    Unit("mm/min", "rain intensity", 60.0),
    Unit("K", "temperature"),
    Unit("Cel", "temperature", 1.0, 273.15),
    Unit("[degF]", "temperature", 5 / 9, 459.67 * 5 / 9),
    Unit("[pH]", "acidity"),
    Unit("NTU", "turbidity"),
    Unit("uS/cm", "conductivity"),
    Unit("mS/cm", "conductivity", 1e3),
    Unit("S/m", "conductivity", 1e4),
    Unit("V", "voltage"),
    Unit("mV", "voltage", 1e-3),
    Unit("dB", "sound level"),
    Unit("um/m", "strain"),
    Unit("mm/m", "strain", 1e3),
    Unit("deg", "angle"),
    Unit("rad", "angle", 57.29577951308232),
    Unit("mrad", "angle", 0.05729577951308232),
    Unit("m/s2", "acceleration"),
    Unit("cm/s2", "acceleration", 1e-2),
    Unit("[g]", "acceleration", 9.80665),
    Unit("N", "force"),
    Unit("kN", "force", 1e3),
    Unit("MN", "force", 1e6),
    Unit("kg", "mass"),
    Unit("t", "mass", 1e3),
    Unit("%", "ratio"),
    Unit("1", "count"),
    Unit("Hz", "frequency"),
    Unit("W", "power"),
    Unit("kW", "power", 1e3),
)

UNITS = MappingProxyType({unit.code: unit for unit in _TABLE})
"""All units by code, a dimension's base unit first."""


def conversion(unit: str, quantity_unit: str, lel: float | None = METHANE_LEL) -> tuple[float, float]:
    """The factor and offset that make a value in ``unit`` one in ``quantity_unit``.

    ``value * factor + offset``. lel: the gas's lower explosive limit in %VOL, by which %VOL and %LEL
    become one another; none = the quantity is no burning gas, and they do not.

    Raises:
        ValueError: the unit is not known, or not of the quantity's dimension; it names those that are.
    """
    if (given := _unit(unit)) is None or not _commensurable(given, UNITS[quantity_unit], lel):
        raise ValueError(f"expected one of {', '.join(accepted(quantity_unit, lel))}, not {unit!r}")
    wanted = UNITS[quantity_unit]
    factor = given.factor * _crossing(given, wanted, lel) / wanted.factor
    return factor, (given.offset - wanted.offset) / wanted.factor


def accepted(quantity_unit: str, lel: float | None = METHANE_LEL) -> tuple[str, ...]:
    """The codes of the units that :func:`conversion` takes to ``quantity_unit``."""
    wanted = UNITS[quantity_unit]
    return tuple(unit.code for unit in _TABLE if _commensurable(unit, wanted, lel))


def _unit(code: str) -> Unit | None:
    return UNITS.get(code) or UNITS.get(code.replace("l", "L"))


def _commensurable(given: Unit, wanted: Unit, lel: float | None) -> bool:
    dimensions = {given.dimension, wanted.dimension}
    return len(dimensions) == 1 or (
        lel is not None and dimensions == {"volume fraction", "explosive fraction"}
    )


def _crossing(given: Unit, wanted: Unit, lel: float | None) -> float:
    """What a value in the base unit of the one's dimension is in the base unit of the other's."""
    if given.dimension == wanted.dimension or lel is None:
        return 1.0
    return 100 / lel if wanted.dimension == "explosive fraction" else lel / 100
