"""Binds a rule set to a registry: which rule speaks of which sensors, with which parameters."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from rules.duration import durations
from rules.kinds import PARAMETERS, SENSOR_KINDS
from rules.kinds.base import Parameters
from rules.kinds.k_of_n import KOfNParameters, Member
from rules.model import Rule, RuleSet
from sensors.errors import ConfigurationError
from sensors.model import Asset, Device, DeviceType, Registry, Sensor
from sensors.readings import SECOND


@dataclass(frozen=True, slots=True)
class Pair:
    """One rule at one subject."""

    rule: Rule
    place: tuple[int, int]
    """The rule's in its set, the subject's in the rule: in this order things found at one moment are told."""
    subject: str
    asset: str
    sensor: int | None
    parameters: Parameters
    fingerprint: str
    """Equal for pairs that would judge alike, so that one may take over the other's memory."""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What must be equal for a pair to be the same one in another version."""
        return self.rule.name, self.subject, self.asset, self.fingerprint


@dataclass(frozen=True, slots=True)
class GroupPair:
    """A rule over several sensors at one group of them."""

    pair: Pair
    members: tuple[Member, ...]
    of: tuple[Pair, ...]
    """Beside ``members``: whose evidence is counted."""


@dataclass(frozen=True, slots=True)
class Binding:
    """All pairs: by kind for single sensors, and the groups."""

    by_kind: Mapping[str, tuple[Pair, ...]]
    groups: tuple[GroupPair, ...]


def parse_parameters(kind: str, parameters: Mapping[str, Any]) -> Parameters:
    """A kind's parameters from a rule file's table.

    Raises:
        msgspec.ValidationError: a key or value is not what the kind takes; the message holds its path.
    """
    return msgspec.convert(dict(parameters), PARAMETERS[kind], dec_hook=durations)


class BindError(ConfigurationError):
    """A rule cannot be bound to a sensor that its selector finds."""

    def __init__(self, rule: str, why: str) -> None:
        self.rule, self.why = rule, why
        super().__init__(f"{rule}: {why}")


class _Registered:
    """The registry, looked up by what selectors ask for."""

    def __init__(self, registry: Registry) -> None:
        self.assets: dict[str, Asset] = {asset.id: asset for asset in registry.assets}
        self.devices: dict[str, Device] = {device.id: device for device in registry.devices}
        self.types: dict[str, DeviceType] = {type_.id: type_ for type_ in registry.device_types}
        self.by_quantity: dict[str, list[Sensor]] = defaultdict(list)
        self.sensors = registry.sensors
        self.by_id = {sensor.id: sensor for sensor in registry.sensors}
        for sensor in registry.sensors:
            self.by_quantity[sensor.quantity].append(sensor)
        self._fingerprints: dict[tuple[str, Parameters], str] = {}
        self.edges: dict[tuple[str, str], set[str]] = defaultdict(set)
        for edge in registry.edges:
            self.edges[edge.relation, edge.target].add(edge.source)
            self.edges[edge.relation, edge.source].add(edge.target)

    def selected(self, rule: Rule) -> Iterator[Sensor]:
        quantity = rule.select.quantity
        names = (quantity,) if isinstance(quantity, str) else quantity
        candidates = self.sensors if names is None else [s for name in names for s in self.by_quantity[name]]
        for sensor in candidates:
            if rule.select.matches(sensor, self.devices[sensor.device], self.assets[sensor.asset]):
                yield sensor

    def upload_us(self, sensor: Sensor) -> int:
        return round(self.types[self.devices[sensor.device].type].upload_s * SECOND)

    def fingerprint(self, rule: Rule, parameters: Parameters) -> str:
        """Computed once for all subjects with the same parameters, of which there are few."""
        key = rule.name, parameters
        if key not in self._fingerprints:
            self._fingerprints[key] = _fingerprint(rule, parameters)
        return self._fingerprints[key]


def bind(rules: RuleSet, registry: Registry) -> Binding:
    """Every rule at every subject that its selector finds; rules must have been checked.

    Raises:
        BindError: a subject lacks what the rule's parameters are relative to, or it makes them impossible.
    """
    registered = _Registered(registry)
    by_kind: dict[str, list[Pair]] = {name: [] for name in SENSOR_KINDS}
    by_rule: dict[str, list[Pair]] = {}
    for order, rule in enumerate(rules.rules):
        if rule.kind in SENSOR_KINDS:
            by_rule[rule.name] = list(_pairs(rule, order, registered))
            by_kind[rule.kind] += by_rule[rule.name]
    groups = [
        group
        for order, rule in enumerate(rules.rules)
        if rule.kind not in SENSOR_KINDS
        for group in _groups(rule, order, by_rule, registered)
    ]
    return Binding({name: tuple(pairs) for name, pairs in by_kind.items()}, tuple(groups))


def _pairs(rule: Rule, order: int, registered: _Registered) -> Iterator[Pair]:
    parsed: dict[tuple[int, ...], Parameters] = {}
    for number, sensor in enumerate(registered.selected(rule)):
        device, asset = registered.devices[sensor.device], registered.assets[sensor.asset]
        applying = tuple(i for i, o in enumerate(rule.override) if o.select.matches(sensor, device, asset))
        if applying not in parsed:
            merged = dict(rule.parameters)
            for each in applying:
                merged |= rule.override[each].parameters
            parsed[applying] = parse_parameters(rule.kind, merged)
        try:
            parameters = parsed[applying].at(asset, registered.types[device.type].upload_s)
        except LookupError as error:
            raise BindError(rule.name, str(error.args[0])) from None
        if wrong := parameters.mistake():
            raise BindError(rule.name, f"{wrong[0]} at {asset.id}: {wrong[1]}")
        fingerprint = registered.fingerprint(rule, parameters)
        yield Pair(rule, (order, number), sensor.name, sensor.asset, sensor.id, parameters, fingerprint)


def _fingerprint(rule: Rule, *more: object) -> str:
    says = (rule.kind, rule.hazard, rule.group, rule.evidence, more)
    content = msgspec.json.encode(says, order="deterministic", enc_hook=int)
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _groups(
    rule: Rule, order: int, by_rule: Mapping[str, Iterable[Pair]], registered: _Registered
) -> Iterator[GroupPair]:
    parameters = parse_parameters(rule.kind, rule.parameters)
    assert isinstance(parameters, KOfNParameters)
    at_asset: dict[str, list[Pair]] = defaultdict(list)
    for pair in by_rule[parameters.of]:
        at_asset[pair.asset].append(pair)
    for number, centre in enumerate(at_asset if parameters.by == "asset" else registered.assets):
        around = set() if parameters.by == "asset" else registered.edges[parameters.by, centre]
        of = [pair for asset in sorted({centre, *around}) for pair in at_asset.get(asset, ())]
        if len(of) >= parameters.k and (parameters.by == "asset" or around):
            yield _group(rule, (order, number), centre, parameters, of, registered)


def _group(
    rule: Rule,
    place: tuple[int, int],
    centre: str,
    parameters: KOfNParameters,
    of: list[Pair],
    registered: _Registered,
) -> GroupPair:
    sensors = [registered.by_id[pair.sensor or 0] for pair in of]
    members = tuple(Member(s.id, round(parameters.intervals * registered.upload_us(s))) for s in sensors)
    fingerprint = _fingerprint(rule, rule.parameters, [pair.key for pair in of])
    return GroupPair(Pair(rule, place, centre, centre, None, parameters, fingerprint), members, tuple(of))
