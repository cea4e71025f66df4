"""Tries the cases of rule files: each in a small city of its own, through the engine as it is."""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

import numpy as np

from ingest import validate
from ingest.index import Index
from lifeline.rehearsal import Rehearsal
from rules.bind import BindError
from rules.case import Case, CaseAsset, CaseSensor, heard
from rules.duration import Duration
from rules.engine import Engine
from rules.levels import RiskLevel
from rules.load import load_with_cases
from rules.model import RiskChange, RuleSet, Transition
from sensors.errors import Mistakes
from sensors.model import Asset, City, Device, DeviceType, Registry, Sensor, Utility
from sensors.quantities import QUANTITIES
from sensors.readings import SECOND, Readings
from sensors.toml import read_text

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a case: what was expected and not said, and what was said and not expected."""

    name: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the rules say what the case expects."""
        return not self.missing and not self.unexpected


@dataclass(frozen=True, slots=True)
class _Line:
    """Something said, or expected: when, of whom (None = of anyone), and what."""

    at: int
    of: tuple[str | None, str | None]
    what: str
    why: str = ""

    def is_met_by(self, said: "_Line") -> bool:
        same = all(mine in (None, theirs) for mine, theirs in zip(self.of, said.of, strict=True))
        return same and (self.at, self.what) == (said.at, said.what)

    def __str__(self) -> str:
        of = " at ".join(each for each in self.of if each is not None)
        why = f" ({self.why})" if self.why else ""
        return f"{_offset(self.at)}: {of + ': ' if of else ''}{self.what}{why}"


def cases_of(paths: Sequence[Path]) -> tuple[RuleSet, tuple[Case, ...]]:
    """The rules of the files, or folders of them, and the cases that they bring along.

    Files that do not stand alone are read with the others of their folders; the cases are their own.

    Raises:
        Mistakes: every mistake in them, read alone.
    """
    try:
        return load_with_cases(paths)
    except Mistakes as mistakes:
        folders = {path if path.is_dir() else path.parent for path in paths}
        try:
            rules, cases = load_with_cases(sorted(folders))
        except Mistakes:
            raise mistakes from None
    own = {case["name"] for path in paths for case in tomllib.loads(read_text(path)).get("case", ())}
    return rules, tuple(case for case in cases if case.name in own)


def try_case(case: Case, rules: RuleSet) -> Tried:
    """Play a case, and compare what its rules say with what is expected."""
    registry = city_of(case)
    start = (case.start - _EPOCH) // _US
    try:
        engine = Engine(registry, heard(case, rules))
    except BindError as error:
        return Tried(case.name, (f"{error.rule} cannot be bound: {error.why}",), ())
    rehearsal = Rehearsal(engine)
    rehearsal.hear(_readings(case, registry, start))
    rehearsal.until(start + case.lasts)
    tried = case.tried(rules)
    said = [each for each in rehearsal.transitions if each.rule in tried]
    missing, unexpected = _compare(_expected(case), (_transition(each, start) for each in said))
    if case.level is not None:
        levels = _compare(_levels(case), (_level(each, start) for each in rehearsal.risk_changes))
        missing, unexpected = [*missing, *levels[0]], [*unexpected, *levels[1]]
    return Tried(case.name, tuple(missing), tuple(unexpected))


def city_of(case: Case) -> Registry:
    """The case's assets and sensors, each sensor on a device of its own."""
    assets = {asset.id: asset for asset in case.asset}
    return Registry(
        city=City(id="case", name="例", name_en="case", timezone=case.timezone, longitude=0.0, latitude=0.0),
        utilities=(Utility(id="case", name="例", name_en="case"),),
        assets=tuple(map(_asset, case.asset)),
        edges=case.edge,
        device_types=tuple({each.type: _device_type(each) for each in case.sensor}.values()),
        devices=tuple(_device(each, assets[each.asset]) for each in case.sensor),
        sensors=tuple(_sensor(each, number) for number, each in enumerate(case.sensor, 1)),
    )


def _asset(asset: CaseAsset) -> Asset:
    return Asset(
        id=asset.id,
        name=asset.id,
        name_en=asset.id,
        kind=asset.kind,
        domain=asset.domain,
        utility="case",
        district=asset.district,
        grid="case",
        longitude=0.0,
        latitude=0.0,
        consequence=asset.consequence,
        tags=asset.tags,
        attributes=asset.attributes,
    )


def _device_type(sensor: CaseSensor) -> DeviceType:
    seconds = sensor.every / SECOND
    return DeviceType(id=sensor.type, name="例", name_en="case", sample_s=seconds, upload_s=seconds)


def _device(sensor: CaseSensor, asset: CaseAsset) -> Device:
    return Device(id=sensor.id, type=sensor.type, domain=asset.domain, district=asset.district)


def _sensor(sensor: CaseSensor, number: int) -> Sensor:
    return Sensor(
        id=number,
        device=sensor.id,
        key=sensor.key,
        asset=sensor.asset,
        quantity=sensor.quantity,
        unit=QUANTITIES[sensor.quantity].unit,
    )


def _readings(case: Case, registry: Registry, start: int) -> Readings:
    """All that is said, in order of time; what one sensor says, in its own order."""
    index = Index(registry)
    said = [
        (arrival, number, start + time, value)
        for number, sensor in enumerate(case.sensor, 1)
        for arrival, (time, value) in zip(_arrivals(sensor), sensor.readings(), strict=True)
    ]
    said.sort(key=lambda each: each[:2])
    sensor = np.array([number for _, number, _, _ in said], np.int32)
    value = np.array([value for *_, value in said], np.float64)
    flag = validate.flags(value, index.low[sensor], index.high[sensor])
    return Readings(sensor, np.array([time for _, _, time, _ in said], np.int64), value, flag)


def _arrivals(sensor: CaseSensor) -> Iterator[int]:
    """When each value comes: what was measured earlier than the one before comes right after it."""
    return accumulate((time for time, _ in sensor.readings()), max)


def _expected(case: Case) -> list[_Line]:
    names = {sensor.id: sensor.name for sensor in case.sensor}
    return [
        _Line(each.at, (each.rule, names.get(each.subject or "", each.subject)), f"state {each.state}")
        for each in case.expect
    ]


def _transition(said: Transition, start: int) -> _Line:
    return _Line(said.time - start, (said.rule, said.subject), f"state {said.state}", said.reason)


def _levels(case: Case) -> list[_Line]:
    return [_Line(each.at, (each.hazard, each.asset), each.level) for each in case.level or ()]


def _level(said: RiskChange, start: int) -> _Line:
    level = "none" if said.level is None else RiskLevel(said.level).english
    graded = f"likelihood {said.likelihood}, consequence {said.consequence}"
    return _Line(said.time - start, (said.hazard, said.asset), level, graded)


def _compare(expected: Iterable[_Line], said: Iterable[_Line]) -> tuple[list[str], list[str]]:
    """What was expected and not said, and what was said and not expected."""
    missing, left = [], list(said)
    for line in expected:
        met = next((each for each in left if line.is_met_by(each)), None)
        if met is None:
            missing.append(str(line))
        else:
            left.remove(met)
    return missing, [str(each) for each in left]


def _offset(time: int) -> str:
    """A time after the start, as rule files write it."""
    return f"{'-' if time < 0 else ''}{Duration(abs(time))}"
