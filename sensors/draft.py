"""A city as it was read, before it is known whether it hangs together."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, TypeVar

from sensors.consequence_scale import ConsequenceScale
from sensors.model import Asset, City, Device, DeviceType, Edge, Sensor, Utility
from sensors.rows import Place, Section

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Entry(Generic[T_co]):
    """Something of the registry, and where it was written."""

    item: T_co
    place: Place


@dataclass(frozen=True, slots=True)
class Draft:
    """A city whose rows have the right form, each by itself."""

    city: Sequence[Entry[City]]
    """One, or none where it was left out or had not the right form."""
    scale: Sequence[Entry[ConsequenceScale]]
    """One, or none where the city keeps to the shipped one."""
    utilities: Sequence[Entry[Utility]]
    assets: Sequence[Entry[Asset]]
    edges: Sequence[Entry[Edge]]
    device_types: Sequence[Entry[DeviceType]]
    devices: Sequence[Entry[Device]]
    sensors: Sequence[Entry[Sensor]]
    broken: Mapping[Section, AbstractSet[str]]
    """Ids of rows that had not the right form: what refers to them is not blamed for it."""
