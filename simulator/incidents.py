"""What can be made to happen, as types: each kind of incident is one class with its parameters.

The classes themselves stand beside the physics that they act on; :mod:`simulator.scenario` knows them all.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import msgspec

Level = Literal["major", "serious", "general", "low"]

LEVELS: dict[Level, int] = {"major": 1, "serious": 2, "general": 3, "low": 4}
"""The four risk levels by their English names; 1 is the worst."""


class Span(int):
    """A length of time in microseconds; in files ``"90s"``, ``"10min"``, ``"2h"``, ``"06:30"`` or minutes."""

    __slots__ = ()


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alert that must follow an incident."""

    asset: str
    hazard: str
    level: Level
    """The case must become at least this severe."""
    within: Span
    """From the incident's start."""
    known: str = ""
    """Why it is known not to come today."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[expect]]``: an alert that must be raised in a window, counted from the scenario's start."""

    asset: str
    hazard: str
    level: Level = "low"
    """At least this severe."""
    at_most: Level = "major"
    """And in the whole window never worse than this."""
    after: Span = Span(0)
    before: Span | None = None
    """None: the scenario's end."""
    known: str = ""
    """Why it is known not to come today."""


class Forbidden(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[forbid]]``: in a window no alert may be on that is as severe as this, or worse.

    asset: None: wherever the scenario does not speak of the hazard by itself. hazard: None: any.
    """

    asset: str | None = None
    hazard: str | None = None
    level: Level = "low"
    after: Span = Span(0)
    before: Span | None = None
    known: str = ""
    """Why it is known to come today."""


class Incident(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Something that happens from ``start``, counted from the scenario's, for ``duration``."""

    excludes: ClassVar[str] = ""
    """Of the incidents that name the same here only one can be at one place at a time; else of one kind."""

    start: Span
    duration: Span
    expect: tuple[Expect, ...] = ()

    @property
    def end(self) -> int:
        """When it is over, in microseconds after the scenario's start."""
        return self.start + self.duration

    @property
    def place(self) -> str:
        """The asset, device or sensor that it befalls; nothing where that is the whole city."""
        return ""

    @property
    def kind(self) -> str:
        """What scenario files call it."""
        return str(self.__struct_config__.tag)


class AssetIncident(Incident, frozen=True, kw_only=True):
    """An incident that happens at an asset of one of certain kinds."""

    asset_kinds: ClassVar[frozenset[str]] = frozenset()
    asset: str

    @property
    def place(self) -> str:  # noqa: D102
        return self.asset


class DeviceIncident(Incident, frozen=True, kw_only=True):
    """An incident of a device."""

    device: str

    @property
    def place(self) -> str:  # noqa: D102
        return self.device


class SensorIncident(Incident, frozen=True, kw_only=True):
    """An incident of a sensor, named ``device/key``."""

    sensor: str

    @property
    def place(self) -> str:  # noqa: D102
        return self.sensor


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
