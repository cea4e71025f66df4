"""What can be made to happen, as types: each kind of incident is one class with its parameters.

The classes themselves stand beside the physics that they act on; :mod:`simulator.scenario` knows them all.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import msgspec

LEVELS = {"major": 1, "serious": 2, "general": 3, "low": 4}
"""The four risk levels by their English names; 1 is the worst."""


class Span(int):
    """A length of time in microseconds; in files ``"90s"``, ``"10min"``, ``"2h"``, ``"06:30"`` or minutes."""

    __slots__ = ()


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert that must follow an incident."""

    asset: str
    hazard: str
    level: Literal["major", "serious", "general", "low"]
    """The case must become at least this severe."""
    within: Span
    """From the incident's start."""


class Incident(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Something that happens from ``start``, counted from the scenario's, for ``duration``."""

    start: Span
    duration: Span
    expect: tuple[Expect, ...] = ()

    @property
    def end(self) -> int:
        """When it is over, in microseconds after the scenario's start."""
        return self.start + self.duration


class AssetIncident(Incident, frozen=True, kw_only=True):
    """An incident that happens at an asset of one of certain kinds."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset()
    asset: str


class DeviceIncident(Incident, frozen=True, kw_only=True):
    """An incident of a device."""

    device: str


class SensorIncident(Incident, frozen=True, kw_only=True):
    """An incident of a sensor, named ``device/key``."""

    sensor: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """The ground truth: an alert for ``hazard`` at ``asset`` that must be raised in a window.

    level: 1-4, the case must become this severe or worse (1 is the worst). after, before: event times
    in microseconds since 1970 UTC.
    """

    asset: str
    hazard: str
    level: int
    after: int
    before: int
