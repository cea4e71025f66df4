"""Scenario files, read and held against the city that they are to happen in."""

import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from sensors import toml
from sensors.errors import Mistake, Mistakes
from sensors.lines import Keys, Locate, dotted
from sensors.model import Domain, Registry
from sensors.readings import DAY, HOUR, MINUTE, SECOND
from simulator.incidents import (
    LEVELS,
    AssetIncident,
    DeviceIncident,
    Forbidden,
    Incident,
    SensorIncident,
    Span,
    Wanted,
)
from simulator.scenario import KINDS, LIBRARY, Scenario

T = TypeVar("T")

_UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(s|min|h|d)")
_CLOCK = re.compile(r"(\d+):([0-5]\d)")


def find(scenario: str) -> Path:
    """The file of a scenario: the name of one that comes with lifeline, or a path.

    Raises:
        Mistake: there is neither.
    """
    own, path = LIBRARY / f"{scenario}.toml", Path(scenario)
    if path.is_file() or not own.is_file():
        if not path.is_file():
            names = ", ".join(sorted(each.stem for each in LIBRARY.glob("*.toml")))
            raise Mistake(path, None, "file", f"expected a file, or one of {names}")
        return path
    return own


def read_scenario(path: Path, registry: Registry, hazards: Collection[str] | None = None) -> Scenario:
    """The scenario of a file, checked against the city that it is to happen in.

    hazards: those that an alert can be of; any if not given.

    Raises:
        Mistakes: everything that is wrong with it, by file and line.
    """
    data, locate = toml.read(path)
    reader = _Reader(path, locate, registry, hazards)
    scenario = reader.scenario(data)
    if reader.mistakes or scenario is None:
        raise Mistakes(reader.mistakes)
    return scenario


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    duration: Span
    about: str = ""
    start: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    devices: Annotated[int, msgspec.Meta(ge=1)] | None = None
    domains: tuple[Domain, ...] = ()
    sensors_in_alarm: Annotated[int, msgspec.Meta(ge=0)] = 0
    leave_out: dict[str, str] = {}
    incident: list[dict[str, Any]] = []
    expect: list[dict[str, Any]] = []
    forbid: list[dict[str, Any]] = []


class _Reader:
    """Reads one file and gathers what is wrong with it."""

    def __init__(
        self, path: Path, locate: Locate, registry: Registry, hazards: Collection[str] | None
    ) -> None:
        self._path, self._locate, self._hazards = path, locate, hazards
        self._kinds = {asset.id: asset.kind for asset in registry.assets}
        self._devices = {device.id for device in registry.devices}
        self._sensors = {sensor.name for sensor in registry.sensors}
        self.mistakes: list[Mistake] = []

    def scenario(self, data: dict[str, object]) -> Scenario | None:
        head = self._convert(data, _Head, ())
        if head is None:
            return None
        incidents = [self._incident(raw, at, head.duration) for at, raw in enumerate(head.incident)]
        self._check_together(incidents)
        expect = [
            self._alert(raw, Wanted, ("expect", at), head.duration) for at, raw in enumerate(head.expect)
        ]
        forbid = [
            self._alert(raw, Forbidden, ("forbid", at), head.duration) for at, raw in enumerate(head.forbid)
        ]
        return Scenario(
            name=head.name,
            about=head.about,
            duration=head.duration,
            start=None if head.start is None else round(head.start.timestamp() * SECOND),
            devices=head.devices,
            domains=head.domains,
            sensors_in_alarm=head.sensors_in_alarm,
            leave_out=head.leave_out,
            incidents=tuple(incident for incident in incidents if incident is not None),
            expect=tuple(each for each in expect if each is not None),
            forbid=tuple(each for each in forbid if each is not None),
        )

    def _incident(self, raw: dict[str, Any], number: int, duration: int) -> Incident | None:
        at = ("incident", number)
        kind = KINDS.get(raw.get("kind", ""))
        if kind is None:
            self._wrong((*at, "kind"), f"expected one of {', '.join(sorted(KINDS))}, not {raw.get('kind')!r}")
            return None
        incident = self._convert(raw, kind, at)
        if incident is not None:
            self._check_place(incident, at)
            if incident.end > duration:
                self._wrong((*at, "duration"), "expected to end within the scenario's duration")
            for each, expect in enumerate(incident.expect):
                here = (*at, "expect", each)
                self._check_asset(expect.asset, (*here, "asset"))
                self._check_hazard(expect.hazard, (*here, "hazard"))
                if incident.start + expect.within > duration:
                    self._wrong((*here, "within"), "expected to end within the scenario's duration")
        return incident

    def _alert(self, raw: dict[str, Any], kind: type[T], at: Keys, duration: int) -> T | None:
        found = self._convert(raw, kind, at)
        if isinstance(found, Wanted | Forbidden):
            if found.asset is not None:
                self._check_asset(found.asset, (*at, "asset"))
            if found.hazard is not None:
                self._check_hazard(found.hazard, (*at, "hazard"))
            if found.before is not None and found.before > duration:
                self._wrong((*at, "before"), "expected to lie within the scenario's duration")
            if found.after >= (duration if found.before is None else found.before):
                self._wrong((*at, "after"), "expected to lie before the window's end")
            if isinstance(found, Wanted) and LEVELS[found.at_most] > LEVELS[found.level]:
                self._wrong((*at, "at_most"), f"expected {found.level} or worse, as level says")
        return found

    def _check_together(self, incidents: list[Incident | None]) -> None:
        """Two incidents of one sort cannot be at one place at a time."""
        until: dict[tuple[str, str], tuple[int, int]] = {}
        there = [(each.start, at, each) for at, each in enumerate(incidents) if each is not None]
        for _, at, each in sorted(there, key=lambda entry: entry[:2]):
            key = each.place, each.excludes or each.kind
            end, other = until.get(key, (0, 0))
            if each.start < end:
                where = f" at {each.place}" if each.place else ""
                self._wrong(
                    ("incident", at, "start"), f"expected to begin after incident[{other}]{where} is over"
                )
            until[key] = max(until.get(key, (0, 0)), (each.end, at))

    def _check_place(self, incident: Incident, at: Keys) -> None:
        match incident:
            case AssetIncident():
                if self._check_asset(incident.asset, (*at, "asset")):
                    self._check_kind(incident, (*at, "asset"))
            case DeviceIncident() if incident.device not in self._devices:
                self._wrong((*at, "device"), f"expected a device of the city, not {incident.device!r}")
            case SensorIncident() if incident.sensor not in self._sensors:
                self._wrong((*at, "sensor"), f"expected a sensor as device/key, not {incident.sensor!r}")

    def _check_asset(self, asset: str, at: Keys) -> bool:
        if asset not in self._kinds:
            self._wrong(at, f"expected an asset of the city, not {asset!r}")
        return asset in self._kinds

    def _check_hazard(self, hazard: str, at: Keys) -> None:
        if self._hazards is not None and hazard not in self._hazards:
            self._wrong(at, f"expected one of {', '.join(sorted(self._hazards))}, not {hazard!r}")

    def _check_kind(self, incident: AssetIncident, at: Keys) -> None:
        kind = self._kinds[incident.asset]
        if kind not in incident.asset_kinds:
            wanted = " or ".join(sorted(incident.asset_kinds))
            self._wrong(at, f"expected a {wanted}, but {incident.asset} is a {kind}")

    def _convert(self, raw: object, kind: type[T], at: Keys) -> T | None:
        try:
            return msgspec.convert(raw, kind, dec_hook=_span)
        except msgspec.ValidationError as error:
            self.mistakes.append(toml.mistake(self._path, self._locate, error, at))
            return None

    def _wrong(self, at: Keys, expected: str) -> None:
        self.mistakes.append(Mistake(self._path, self._locate(at), dotted(at), expected))


def _span(kind: type, raw: object) -> Span:
    """Minutes as a number, ``"MM:SS"``, or a number with a unit."""
    assert kind is Span
    if isinstance(raw, int | float) and not isinstance(raw, bool) and raw >= 0:
        return Span(round(raw * MINUTE))
    if isinstance(raw, str) and (clock := _CLOCK.fullmatch(raw)):
        return Span(int(clock[1]) * MINUTE + int(clock[2]) * SECOND)
    if isinstance(raw, str) and (length := _LENGTH.fullmatch(raw)):
        return Span(round(float(length[1]) * _UNITS[length[2]]))
    raise ValueError(f'expected minutes, "MM:SS" or a length such as "90s" or "10min", not {raw!r}')
