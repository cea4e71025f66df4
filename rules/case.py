"""A rule file's own cases: small series with the transitions and levels that they must make.

A case brings its own assets and sensors, so that it holds in every city. Its values are in the quantities'
own units; what is compared are all transitions of the rules that it tries, in event time.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal

import msgspec

from rules.check import Wrong
from rules.duration import Duration, lasting
from rules.hazards import hazards
from rules.model import Names, RuleSet
from rules.referred import referred
from sensors.lines import Keys
from sensors.model import Consequence, Domain, Edge
from sensors.quantities import QUANTITIES

BEGINNING = datetime(2025, 1, 6, tzinfo=UTC)
"""A Monday: kinds that know the hour of the week are tried at a known one."""

LevelName = Literal["none", "low", "general", "serious", "major"]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables of a case are."""


class CaseAsset(_Part, frozen=True, kw_only=True):
    """An asset of the case: what selectors, relative parameters and the matrix ask for."""

    id: str
    kind: str
    domain: Domain
    district: str = "case"
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, float | str] = {}
    consequence: Consequence = Consequence()


class Run(_Part, frozen=True, kw_only=True):
    """Several values in a row: the same one, or in equal steps ``to`` another."""

    value: float
    count: int
    to: float | None = None

    def values(self) -> Iterator[float]:
        """Each of them."""
        step = 0.0 if self.to is None or self.count == 1 else (self.to - self.value) / (self.count - 1)
        return (self.value + number * step for number in range(self.count))


class CaseSensor(_Part, frozen=True, kw_only=True):
    """A sensor of the case and all that it says."""

    id: str
    asset: str
    quantity: str
    key: str = "value"
    device_type: str | None = None
    """Where a rule's selector asks for it."""
    every: Duration = lasting("1min")
    """Between two values; also the upload interval that its silence is judged by."""
    start: Duration = lasting("0s")
    """When it says the first value, after the case's own start."""
    values: tuple[float | Run, ...]
    """In the quantity's own unit; nan = the sensor spoke and had no value."""
    times: tuple[Duration, ...] = ()
    """When each value is measured, where it is not ``every``; in order of arrival, so it may go back."""

    @property
    def type(self) -> str:
        """The type of its device."""
        return self.device_type or f"case-{self.every}"

    @property
    def name(self) -> str:
        """As rules and transitions name it."""
        return f"{self.id}/{self.key}"

    def readings(self) -> list[tuple[int, float]]:
        """Time (us after the case's start) and value of each."""
        values = [v for each in self.values for v in (each.values() if isinstance(each, Run) else (each,))]
        times = self.times or range(self.start, self.start + len(values) * self.every, self.every)
        return list(zip(times, values, strict=True))


class Expected(_Part, frozen=True, kw_only=True):
    """A transition that must come; rule and subject where there is more than one."""

    at: Duration
    state: int
    rule: str | None = None
    subject: str | None = None
    """A sensor of the case, or what else the rule's subjects are."""


class ExpectedLevel(_Part, frozen=True, kw_only=True):
    """A change of risk that must come; asset and hazard where there is more than one."""

    at: Duration
    level: LevelName
    asset: str | None = None
    hazard: str | None = None


class Case(_Part, frozen=True, kw_only=True):
    """One small story and what the rules must say of it."""

    name: str
    rules: Names | None = None
    """Whose transitions are compared, and who alone is heard; None = all rules of the set."""
    asset: tuple[CaseAsset, ...]
    sensor: tuple[CaseSensor, ...]
    edge: tuple[Edge, ...] = ()
    start: datetime = BEGINNING
    timezone: str = "Asia/Shanghai"
    lasts: Duration = lasting("0s")
    """How long time goes on after the start, if that is longer than the values."""
    expect: tuple[Expected, ...] = ()
    """All transitions, in any order."""
    level: tuple[ExpectedLevel, ...] | None = None
    """All changes of level; None = they are not compared."""

    def tried(self, rules: RuleSet) -> frozenset[str]:
        """The names of the rules that are compared."""
        if self.rules is None:
            return frozenset(rule.name for rule in rules.rules)
        return frozenset((self.rules,) if isinstance(self.rules, str) else self.rules)


def heard(case: Case, rules: RuleSet) -> RuleSet:
    """The rules that the case tries, with those that they look at."""
    return referred(rules, case.tried(rules))


def wrong_case(case: Case, rules: RuleSet) -> Iterator[Wrong]:
    """Everything in a case that cannot be."""
    for name in sorted(case.tried(rules) - {rule.name for rule in rules.rules}):
        yield ("rules",), f"expected a rule of the set, not {name!r}"
    yield from _twice("asset", (asset.id for asset in case.asset))
    yield from _twice("sensor", (sensor.id for sensor in case.sensor))
    assets = {asset.id for asset in case.asset}
    for number, sensor in enumerate(case.sensor):
        yield from _below(("sensor", number), _wrong_sensor(sensor, assets))
    yield from _wrong_intervals(case)
    for number, edge in enumerate(case.edge):
        for key, asset in (("source", edge.source), ("target", edge.target)):
            if asset not in assets:
                yield ("edge", number, key), f"expected an asset of the case, not {asset!r}"
    yield from _wrong_expectations(case, rules)


def _below(place: Keys, wrong: Iterable[Wrong]) -> Iterator[Wrong]:
    return (((*place, *keys), expected) for keys, expected in wrong)


def _wrong_intervals(case: Case) -> Iterator[Wrong]:
    every = {sensor.type: sensor.every for sensor in reversed(case.sensor)}
    for number, sensor in enumerate(case.sensor):
        if sensor.every != every[sensor.type]:
            yield ("sensor", number, "every"), f"expected {every[sensor.type]}, as others of that device_type"


def _wrong_expectations(case: Case, rules: RuleSet) -> Iterator[Wrong]:
    for number, expected in enumerate(case.expect):
        if expected.rule is not None and expected.rule not in case.tried(rules):
            yield ("expect", number, "rule"), f"expected a rule that the case tries, not {expected.rule!r}"
    for number, level in enumerate(case.level or ()):
        if level.hazard is not None and level.hazard not in hazards():
            yield ("level", number, "hazard"), f"expected one of {', '.join(hazards())}, not {level.hazard!r}"


def _wrong_sensor(sensor: CaseSensor, assets: Iterable[str]) -> Iterator[Wrong]:
    if sensor.asset not in assets:
        yield ("asset",), f"expected an asset of the case, not {sensor.asset!r}"
    if sensor.quantity not in QUANTITIES:
        yield ("quantity",), f"expected a quantity, not {sensor.quantity!r}"
    if not sensor.every:
        yield ("every",), "expected more than 0"
    for number, each in enumerate(sensor.values):
        if isinstance(each, Run) and each.count < 1:
            yield ("values", number, "count"), f"expected 1 or more, not {each.count}"
    count = sum(max(each.count, 0) if isinstance(each, Run) else 1 for each in sensor.values)
    if sensor.times and len(sensor.times) != count:
        yield ("times",), f"expected {count}, one for each value, not {len(sensor.times)}"


def _twice(section: str, names: Iterable[str]) -> Iterator[tuple[Keys, str]]:
    seen: set[str] = set()
    for number, name in enumerate(names):
        if name in seen:
            yield (section, number, "id"), f"{name!r} is there twice"
        seen.add(name)
