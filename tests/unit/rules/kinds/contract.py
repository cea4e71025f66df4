"""Feeds for the contract that every kind keeps, and the engine that they are played to."""

import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import msgspec
import numpy as np
from hypothesis import strategies as st

from rules.bind import parse_parameters
from rules.engine import Engine, Tick
from rules.guard import FAILED
from rules.kinds import PARAMETERS, SENSOR_KINDS
from rules.kinds.waveform import WaveformKind
from rules.learned import learn
from rules.memory import recall, remember
from rules.model import Input, RiskChange, Rule, RuleSet, Selector, Transition
from rules.risk import Strength
from sensors.arrays import pack, unpack
from sensors.model import Flag, Registry
from sensors.readings import HOUR, MINUTE, SECOND, Readings
from tests.unit.rules.bridge import THERMOMETER, blocks, bridge, shaking
from tests.unit.rules.town import LIMIT, rule, rules, town

START = 30_000_000 * MINUTE
PROBES = 3
Break = Literal["none", "snapshot", "pickle"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrives: a reading, a block of a device's samples (value is its frequency), or a tick."""

    owner: int | str | None
    """Whose order matters: a sensor, a device; None is the clock."""
    time: int
    value: float = 0.0
    flag: int = 1


@dataclass(frozen=True)
class Stage:
    """Where a kind is shown: a registry, and its rules there, that have learned what they must."""

    registry: Registry
    rules: RuleSet
    pace: int = 1
    """How many times slower than others it is shown readings."""
    opening: tuple[tuple[float, ...], ...] = ()
    """What every feed begins with where chance alone seldom brings evidence: values a minute x pace."""

    def engine(self) -> Engine:
        return Engine(self.registry, self.rules)


def alone(kind: str, examples: Sequence[Mapping[str, Any]]) -> Stage:
    """A rule for each example, over sensors of a town or over the channels of a bridge."""
    shaken = issubclass(SENSOR_KINDS[kind], WaveformKind)
    quick = {"window": "20s", "windows": 1} if shaken else {}
    made = [_rule(kind, number, {**each, **quick}) for number, each in enumerate(examples)]
    if shaken:
        select = Selector(quantity="acceleration")
        return Stage(bridge(), rules(*(msgspec.structs.replace(each, select=select) for each in made)))
    return _taught(town(PROBES), rules(*made))


def joint(
    kind: str,
    examples: Sequence[Mapping[str, Any]],
    pace: int = 1,
    opening: tuple[tuple[float, ...], ...] = (),
    **inputs: tuple[str, ...],
) -> Stage:
    """A rule for each example at the town's first probe, with the probes of some devices as its inputs."""
    probes = {name: Input(select=Selector(device=devices)) for name, devices in inputs.items()}
    made = [_rule(kind, number, each) for number, each in enumerate(examples)]
    first = Selector(device="d0")
    watching = (msgspec.structs.replace(each, select=first, inputs=probes) for each in made)
    return replace(_taught(town(PROBES), rules(*watching)), pace=pace, opening=opening)


def vote() -> Stage:
    """Two of the town's probes in evidence by a limit."""
    return Stage(town(PROBES), rules(LIMIT, rule("vote", "k_of_n", (Strength(llr=3.0),), of="methane", k=2)))


def _rule(kind: str, number: int, parameters: Mapping[str, Any]) -> Rule:
    fields = {field.name for field in msgspec.structs.fields(PARAMETERS[kind])}
    fitting = {name: value for name, value in parameters.items() if name in fields}
    states = parse_parameters(kind, fitting).states
    return rule(f"{kind}-{number}", kind, (Strength(llr=2.0),) * states, **fitting)


def _taught(registry: Registry, untaught: RuleSet) -> Stage:
    """With what four quiet weeks teach, each hour a reading of each sensor."""
    count = len(registry.sensors)
    hours = np.repeat(np.arange(28 * 24), count)
    chance = np.random.default_rng(1)
    value = 8 + 3 * np.sin(2 * np.pi * hours / 24) + chance.normal(0, 0.3, len(hours))
    sensor = np.tile(np.array([each.id for each in registry.sensors], np.int32), 28 * 24)
    quiet = Readings(sensor, START - 28 * 24 * HOUR + hours * HOUR, value, np.ones(len(hours), np.int8))
    taught, failed = learn(untaught, registry, quiet, "four weeks")
    assert not failed
    return Stage(registry, taught)


@dataclass(frozen=True)
class Said:
    """All that the engine said of a feed."""

    transitions: list[Transition]
    risk_changes: list[RiskChange]
    late: list[bool]


def play(stage: Stage, feed: Sequence[Arrival], cuts: Iterable[int] = (), broken: Break = "none") -> Said:
    """Play a feed in batches, and break the engine off between them."""
    engine, said = stage.engine(), Said([], [], [])
    ends = [*sorted(cuts), len(feed)]
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        readings, ticks, waveforms = batch(feed[start:end])
        before = [each.copy() for each in columns(readings)]
        step = engine.step(readings, ticks, engine.waves.features(waveforms))
        for old, new in zip(before, columns(readings), strict=True):
            assert np.array_equal(old, new, equal_nan=True)
        assert all((bank.kind.state != FAILED).all() for bank in engine.banks)
        said.transitions.extend(step.transitions)
        said.risk_changes.extend(step.risk_changes)
        said.late.extend(step.late.tolist())
        engine = _broken(engine, broken)
    return said


def _broken(engine: Engine, how: Break) -> Engine:
    if how == "snapshot":
        memory = unpack(pack(remember(engine)))
        engine = Engine(engine.registry, engine.rules)
        recall(engine, memory)
    if how == "pickle":
        memory = pickle.loads(pickle.dumps(remember(engine)))
        engine = Engine(*pickle.loads(pickle.dumps((engine.registry, engine.rules))))
        recall(engine, memory)
    return engine


def columns(readings: Readings) -> tuple[np.ndarray, ...]:
    return readings.sensor, readings.time, readings.value, readings.flag


def batch(arrivals: Sequence[Arrival]) -> tuple[Readings, list[Tick], list[Any]]:
    """What the engine takes of them, in arrays that must not be written to."""
    readings: list[Arrival] = []
    ticks: list[Tick] = []
    waveforms: list[Any] = []
    for number, each in enumerate(arrivals):
        if each.owner is None:
            ticks.append(Tick(len(readings), each.time))
        elif isinstance(each.owner, str):
            first = {"a0": 1, "a1": 3}[each.owner]
            made = blocks(_samples(each.value), each.time, first, message=number)
            at = {"position": len(readings), "ticks": len(ticks)}
            waveforms += [msgspec.structs.replace(channel, **at) for channel in made]
        else:
            readings.append(each)
    arrays = Readings(
        np.array([each.owner for each in readings], np.int32),
        np.array([each.time for each in readings], np.int64),
        np.array([each.value for each in readings], np.float64),
        np.array([each.flag for each in readings], np.int8),
    )
    for column in columns(arrays):
        column.flags.writeable = False
    return arrays, ticks, waveforms


@cache
def _samples(frequency: float) -> np.ndarray:
    return shaking(frequency, 10, 2)


LEVELS = st.sampled_from([0.0, 0.2, 3.0, 8.0, 9.0, 11.0, 19.0, 21.0, 55.0, -5.0])
SLOPES = st.sampled_from([0.0, 0.0, 0.1, 1.0, -0.5, -2.0])
STEPS = st.sampled_from([0, 20, 30, 60, 60, 60, 90, 150, 700, -60])
"""Seconds between two readings: gaps, repeats and steps back among them."""


@st.composite
def stretches(draw: st.DrawFn, sensors: Sequence[int], pace: int) -> list[Arrival]:
    """Of each sensor some stretches in which the value stays or moves evenly, one after the other."""
    found = []
    for sensor in sensors:
        clock = START
        for _ in range(draw(st.integers(0, 4))):
            level, slope, count = draw(LEVELS), draw(SLOPES), draw(st.integers(1, 10))
            flag = draw(st.sampled_from([1, 1, 1, 1, Flag.SUSPECT, Flag.FAIL]))
            for number, step in enumerate(draw(st.lists(STEPS, min_size=count, max_size=count))):
                clock += step * pace * SECOND
                wiggle = 0.1 * (number * 7 % 3 - 1)
                found.append(Arrival(sensor, clock, level + slope * number + wiggle, flag))
    return found


@st.composite
def shakings(draw: st.DrawFn) -> list[Arrival]:
    """Blocks of two devices, 10 s each, with gaps and repeats."""
    found = []
    for device in ("a0", "a1"):
        clock = START
        for step in draw(st.lists(st.sampled_from([10, 10, 10, 10, 40, 0]), max_size=6)):
            clock += step * SECOND
            found.append(Arrival(device, clock, draw(st.sampled_from([2.0, 1.9, 1.96, 2.2]))))
    return found


@st.composite
def mixed(draw: st.DrawFn, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals in another order of owners; what is one owner's stays in order."""
    owners = draw(st.permutations([each.owner for each in arrivals]))
    queues: dict[int | str | None, list[Arrival]] = {}
    for each in arrivals:
        queues.setdefault(each.owner, []).append(each)
    return [queues[owner].pop(0) for owner in owners]


@st.composite
def feeds(draw: st.DrawFn, stage: Stage, *, ticks: bool = True) -> list[Arrival]:
    """A feed for a stage: everybody is heard once, then they come as they come, and ticks between them."""
    sensors = [sensor.id for sensor in stage.registry.sensors]
    shaken = {1, 2, 3, 4} if THERMOMETER in sensors else set()
    first = [Arrival(sensor, START - MINUTE, 15.0) for sensor in sensors if sensor not in shaken]
    first = [*_opening(stage, sensors), *first]
    arrivals = draw(shakings() if shaken else stretches(sensors, stage.pace))
    feed = draw(mixed(arrivals))
    if ticks:
        feed = list(_ticked(feed, draw(st.lists(st.integers(-2, 12), max_size=4))))
    return [*first, *feed]


def _opening(stage: Stage, sensors: Sequence[int]) -> Iterable[Arrival]:
    for ago, values in zip(range(len(stage.opening) + 1, 1, -1), stage.opening, strict=True):
        for sensor, value in zip(sensors, values, strict=True):
            yield Arrival(sensor, START - ago * stage.pace * MINUTE, value)


def _ticked(feed: Sequence[Arrival], after: Sequence[int]) -> Iterable[Arrival]:
    """A tick now and then, so many minutes after the newest that was heard."""
    newest = START
    every = max(len(feed) // (len(after) + 1), 1)
    waits = list(after)
    for number, each in enumerate(feed):
        newest = max(newest, each.time)
        yield each
        if waits and number % every == every - 1:
            newest += max(waits.pop(0), 0) * MINUTE
            yield Arrival(None, newest)


@st.composite
def with_repeats(draw: st.DrawFn, feed: Sequence[Arrival]) -> list[Arrival]:
    """The feed with some of its readings and blocks again, later on."""
    found = list(feed)
    for number in draw(st.lists(st.integers(0, max(len(feed) - 1, 0)), max_size=6)):
        again = feed[number]
        if again.owner is not None:
            place = draw(st.integers(found.index(again) + 1, len(found)))
            found.insert(place, again)
    return found


def with_nothings(feed: Sequence[Arrival], places: Iterable[int]) -> list[Arrival]:
    """The feed with readings without a value between those of the same sensors, and before them."""
    found = []
    for number, each in enumerate(feed):
        if number in places and isinstance(each.owner, int):
            found.append(replace(each, time=each.time - 2, value=np.nan, flag=Flag.GOOD))
            found.append(replace(each, time=each.time - 1, value=np.nan, flag=Flag.MISSING))
        found.append(each)
    return found
