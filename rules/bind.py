"""Binds a rule set to a registry: which rule speaks of which sensors, with which parameters."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from rules.duration import durations
from rules.kinds import JOINT_KINDS, PARAMETERS, SENSOR_KINDS
from rules.kinds.base import Kind, Parameters
from rules.kinds.joint import CENTRE, JointParameters
from rules.kinds.k_of_n import KOfNParameters, Member
from rules.kinds.waveform import WaveformKind, WaveformParameters
from rules.model import Rule, RuleSet
from rules.registered import ByPlace, Registered, fingerprint_of
from sensors.errors import ConfigurationError
from sensors.model import Registry, Sensor
from sensors.readings import SECOND


@dataclass(frozen=True, slots=True)
class Seat:
    """A sensor that a subject of several looks at, in which role, and how long (us) it may be silent."""

    role: str
    sensor: int
    patience: int


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
    seats: tuple[Seat, ...] = ()
    """Of kinds over several sensors."""
    channels: tuple[int, ...] = ()
    """Of kinds over waveforms: the sensors whose blocks are taken together, ``sensor`` the first."""
    beside: int | None = None
    """Of kinds over waveforms: the sensor whose last reading is shown with each block."""

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
    """All pairs, by kind, and the groups that count the evidence of others."""

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


def bind(rules: RuleSet, registry: Registry) -> Binding:
    """Every rule at every subject that its selector finds; rules must have been checked.

    Raises:
        BindError: a subject lacks what the rule's parameters are relative to, or it makes them impossible.
    """
    registered = Registered(registry)
    by_kind: dict[str, list[Pair]] = {name: [] for name in (*SENSOR_KINDS, *JOINT_KINDS)}
    by_rule: dict[str, list[Pair]] = {}
    learned = {(each.rule, _measured(each.subject)): each.values for each in rules.learned}
    for order, rule in enumerate(rules.rules):
        if rule.kind in by_kind:
            pairs = _pairs if rule.kind in SENSOR_KINDS else _joint_pairs
            if issubclass(SENSOR_KINDS.get(rule.kind, Kind), WaveformKind):
                pairs = _channel_pairs
            by_rule[rule.name] = list(_counting(pairs(rule, order, registered, learned), rule, registered))
            by_kind[rule.kind] += by_rule[rule.name]
    groups = [
        group
        for order, rule in enumerate(rules.rules)
        if rule.kind not in by_kind
        for group in _groups(rule, order, by_rule, registered)
    ]
    return Binding({name: tuple(pairs) for name, pairs in by_kind.items()}, tuple(groups))


def _counting(pairs: Iterable[Pair], rule: Rule, registered: Registered) -> Iterator[Pair]:
    """The pairs at the assets at which their evidence counts: where it was measured, or at its neighbours.

    At a neighbour the subject's name says so, for each of them has evidence of its own.
    """
    if rule.at is None:
        yield from pairs
        return
    ways = ((pair, asset) for pair in pairs for asset in registered.neighbours(pair.asset, rule.at))
    for number, (pair, asset) in enumerate(ways):
        subject = f"{pair.subject}@{asset}"
        yield replace(pair, place=(pair.place[0], number), subject=subject, asset=asset)


def _measured(subject: str) -> str:
    """The subject without the neighbour at which it counts; ids hold no @."""
    return subject.partition("@")[0]


_Known = Mapping[tuple[str, str], tuple[float, ...]]
"""What was learned, by rule and subject."""


class _Parameters:
    """A rule's parameters at each of its subjects."""

    def __init__(self, rule: Rule, registered: Registered, learned: _Known) -> None:
        self._rule, self._registered, self._learned = rule, registered, learned
        self._parsed: dict[tuple[int, ...], Parameters] = {}

    def at(self, sensor: Sensor, subject: str, upload_s: float) -> Parameters:
        rule, asset = self._rule, self._registered.assets[sensor.asset]
        device = self._registered.devices[sensor.device]
        applying = tuple(i for i, o in enumerate(rule.override) if o.select.matches(sensor, device, asset))
        if applying not in self._parsed:
            merged = dict(rule.parameters)
            for each in applying:
                merged |= rule.override[each].parameters
            zone = self._registered.zone
            self._parsed[applying] = msgspec.structs.replace(parse_parameters(rule.kind, merged), zone=zone)
        try:
            parameters = self._parsed[applying].at(asset, upload_s)
        except LookupError as error:
            raise BindError(rule.name, str(error.args[0])) from None
        if wrong := parameters.mistake():
            raise BindError(rule.name, f"{wrong[0]} at {asset.id}: {wrong[1]}")
        known = self._learned.get((rule.name, subject))
        return parameters if known is None else msgspec.structs.replace(parameters, learned=known)


def _pairs(rule: Rule, order: int, registered: Registered, learned: _Known) -> Iterator[Pair]:
    parameters_at = _Parameters(rule, registered, learned)
    for number, sensor in enumerate(registered.selected(rule.select)):
        upload_s = registered.types[registered.devices[sensor.device].type].upload_s
        parameters = parameters_at.at(sensor, sensor.name, upload_s)
        fingerprint = registered.fingerprint(rule, parameters)
        yield Pair(rule, (order, number), sensor.name, sensor.asset, sensor.id, parameters, fingerprint)


def _channel_pairs(rule: Rule, order: int, registered: Registered, learned: _Known) -> Iterator[Pair]:
    """The channels of a device at an asset are one subject, told of at the first, unless each is its own."""
    kind = SENSOR_KINDS[rule.kind]
    assert issubclass(kind, WaveformKind)
    together: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for pair in _pairs(rule, order, registered, learned):
        whose = registered.by_id[pair.sensor or 0].device if kind.together else pair.subject
        together[whose, pair.asset].append(pair)
    for (_, asset), every in together.items():
        channels = tuple(sorted(pair.sensor or 0 for pair in every))
        pair = next(pair for pair in every if pair.sensor == channels[0])
        parameters = pair.parameters
        assert isinstance(parameters, WaveformParameters)
        if wrong := parameters.unfit(len(channels)):
            raise BindError(rule.name, f"{wrong[0]} at {pair.subject}: {wrong[1]}")
        beside = None if parameters.beside is None else registered.measuring(asset, parameters.beside)
        if parameters.beside is not None and beside is None:
            raise BindError(rule.name, f"{asset} has no sensor of {parameters.beside!r}")
        print_ = fingerprint_of(rule, parameters, channels, beside)
        yield replace(pair, channels=channels, beside=beside, fingerprint=print_)


def _joint_pairs(rule: Rule, order: int, registered: Registered, learned: _Known) -> Iterator[Pair]:
    kind, parameters_at = JOINT_KINDS[rule.kind], _Parameters(rule, registered, learned)
    inputs = {role: (each, ByPlace(each.select, registered)) for role, each in rule.inputs.items()}
    seen: set[str] = set()
    for number, sensor in enumerate(registered.selected(rule.select)):
        subject, own = (sensor.asset, None) if kind.centre == "asset" else (sensor.name, sensor)
        found = [
            (role, other)
            for role, (sought, sensors) in inputs.items()
            for other in registered.beside(sensor.asset, sought, sensors)
            if other is not own
        ]
        if subject in seen or not {*kind.needs} <= {role for role, _ in found}:
            continue
        seen.add(subject)
        members = [*([(CENTRE, own)] if own else ()), *found]
        slowest = max(registered.upload_us(other) for _, other in members)
        parameters = parameters_at.at(sensor, subject, slowest / SECOND)
        assert isinstance(parameters, JointParameters)
        waits = (round(parameters.intervals * registered.upload_us(other)) for _, other in members)
        seats = tuple(
            Seat(role, other.id, max(parameters.every, wait))
            for (role, other), wait in zip(members, waits, strict=True)
        )
        print_ = fingerprint_of(rule, parameters, seats)
        yield Pair(
            rule, (order, number), subject, sensor.asset, own.id if own else None, parameters, print_, seats
        )  # fmt: skip


def _groups(
    rule: Rule, order: int, by_rule: Mapping[str, Iterable[Pair]], registered: Registered
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
    registered: Registered,
) -> GroupPair:
    sensors = [registered.by_id[pair.sensor or 0] for pair in of]
    members = tuple(Member(s.id, round(parameters.intervals * registered.upload_us(s))) for s in sensors)
    fingerprint = fingerprint_of(rule, rule.parameters, [pair.key for pair in of])
    return GroupPair(Pair(rule, place, centre, centre, None, parameters, fingerprint), members, tuple(of))
