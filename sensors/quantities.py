"""What can be measured, as the table ``quantities.toml`` beside this file has it."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

import msgspec


class Quantity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of thing that sensors measure, with the one unit its values have inside the system."""

    id: str
    name: str
    """In Chinese, as the console and the alerts show it."""
    name_en: str
    unit: str
    low: float
    high: float
    """Physical range in ``unit``; a reading outside it cannot be true."""
    max_rate: float
    """Fastest plausible change, ``unit`` per second; what a real burst or plume does stays below it."""
    interval_s: float
    """Usual seconds between two readings."""
    lel: float | None = None
    """Lower explosive limit in %VOL, where it is a burning gas: it takes %VOL and %LEL alike."""
    source: str
    """Of range and interval; says so where there is none."""


def _read() -> Mapping[str, Quantity]:
    table = tomllib.loads(files("sensors").joinpath("quantities.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {name: msgspec.convert({"id": name} | row, Quantity) for name, row in table.items()}
    )


QUANTITIES = _read()
"""All quantities by id."""
