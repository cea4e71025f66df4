"""Scenario files: a timeline of what happens where and when, and which alerts must follow."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from sensors import toml
from sensors.errors import Mistake, Mistakes
from sensors.lines import Keys, Locate, dotted
from sensors.model import Registry
from sensors.readings import DAY, HOUR, MINUTE, SECOND
from simulator import (
    bridge,
    drainage,
    gas,
    heating,
    instruments,
    links,
    quality,
    rain,
    sewer_air,
    soil,
    tunnel,
    water,
)
from simulator.incidents import (
    LEVELS,
    AssetIncident,
    DeviceIncident,
    Expectation,
    Incident,
    SensorIncident,
    Span,
)

DEMO = Path(__file__).parent / "scenarios" / "demo.toml"
"""Two hours in the demo city in which all four domains have incidents and all four levels are reached."""

KINDS: Mapping[str, type[Incident]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        soil.GasLeak,
        gas.ChamberAired,
        water.Burst,
        water.PumpTrip,
        water.HydrantDraw,
        quality.Contamination,
        rain.Storm,
        drainage.Blockage,
        drainage.PumpFailure,
        sewer_air.CoverMoved,
        sewer_air.SewerGas,
        bridge.OverloadedTruck,
        bridge.StiffnessLoss,
        bridge.BearingSettlement,
        bridge.ShipImpact,
        heating.HeatLeak,
        tunnel.Intrusion,
        tunnel.SumpInflow,
        links.Silent,
        links.Outage,
        instruments.Stuck,
        instruments.Drift,
        instruments.Spike,
    )
}
"""Every kind of incident by the name that scenario files give it."""

T = TypeVar("T")

_UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(s|min|h|d)")
_CLOCK = re.compile(r"(\d+):([0-5]\d)")


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What happens within ``duration``; a longer run plays it again, and again."""

    name: str
    duration: Span
    incidents: tuple[Incident, ...] = ()


QUIET = Scenario(name="quiet", duration=Span(DAY))
"""Nothing happens."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A scenario from a start, in microseconds since 1970 UTC, played round after round.

    Noise, traffic and the time of day go on, so that no two rounds are alike.
    """

    scenario: Scenario
    start: int

    def live(self, time: int, seconds: float) -> tuple[tuple[Incident, float], ...]:
        """The incidents that touch the step, with the seconds since each one's start (negative: to it)."""
        now = (time - self.start) % self.scenario.duration
        until = now + seconds * SECOND
        return tuple(
            (incident, (now - incident.start) / SECOND)
            for incident in self.scenario.incidents
            if incident.start < until and now < incident.end
        )

    def truth(self, until: int) -> tuple[Expectation, ...]:
        """The alerts that must be raised by incidents starting before a time, by the start of the window."""
        rounds = range(self.start, until, self.scenario.duration)
        found = [expected for start in rounds for expected in self._round(start) if expected.after < until]
        return tuple(sorted(found, key=lambda expected: expected.after))

    def _round(self, start: int) -> Iterator[Expectation]:
        for incident in self.scenario.incidents:
            begin = start + incident.start
            for expect in incident.expect:
                level = LEVELS[expect.level]
                yield Expectation(expect.asset, expect.hazard, level, begin, begin + expect.within)


def read_scenario(path: Path, registry: Registry) -> Scenario:
    """The scenario of a file, checked against the city that it is to happen in.

    Raises:
        Mistakes: everything that is wrong with it, by file and line.
    """
    data, locate = toml.read(path)
    reader = _Reader(path, locate, registry)
    scenario = reader.scenario(data)
    if reader.mistakes or scenario is None:
        raise Mistakes(reader.mistakes)
    return scenario


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    duration: Span
    incident: list[dict[str, Any]]


class _Reader:
    """Reads one file and gathers what is wrong with it."""

    def __init__(self, path: Path, locate: Locate, registry: Registry) -> None:
        self._path, self._locate = path, locate
        self._kinds = {asset.id: asset.kind for asset in registry.assets}
        self._devices = {device.id for device in registry.devices}
        self._sensors = {sensor.name for sensor in registry.sensors}
        self.mistakes: list[Mistake] = []

    def scenario(self, data: dict[str, object]) -> Scenario | None:
        head = self._convert(data, _Head, ())
        if head is None:
            return None
        incidents = [self._incident(raw, ("incident", at)) for at, raw in enumerate(head.incident)]
        for at, incident in enumerate(incidents):
            if incident is not None and incident.end > head.duration:
                self._wrong(("incident", at, "duration"), "expected to end within the scenario's duration")
        known = tuple(incident for incident in incidents if incident is not None)
        return Scenario(name=head.name, duration=head.duration, incidents=known)

    def _incident(self, raw: dict[str, Any], at: Keys) -> Incident | None:
        kind = KINDS.get(raw.get("kind", ""))
        if kind is None:
            self._wrong((*at, "kind"), f"expected one of {', '.join(sorted(KINDS))}, not {raw.get('kind')!r}")
            return None
        incident = self._convert(raw, kind, at)
        if incident is not None:
            self._check_place(incident, at)
            for number, expect in enumerate(incident.expect):
                self._check_asset(expect.asset, (*at, "expect", number, "asset"))
        return incident

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
