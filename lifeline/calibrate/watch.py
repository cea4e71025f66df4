"""A simulated day shown to an engine, and what every rule said of it every ten minutes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from ingest import validate
from ingest.index import Index
from lifeline.calibrate.day import HOURS, Day
from lifeline.rehearsal import Rehearsal
from rules.bind import Pair
from rules.engine import Engine
from rules.hazards import hazards
from rules.model import RuleSet
from rules.risk import fuse
from sensors.model import Domain, Registry
from sensors.readings import HOUR, MINUTE, Readings
from simulator.messages import Message
from simulator.simulation import Simulation

START = 1_763_654_400_000_000
"""2025-11-20 16:00 UTC, midnight in the demo city."""

EVERY = 10 * MINUTE
"""How far apart two samples are."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was said at one moment, in us after the day's start.

    states: (rule, asset, state) of every pair. claims: the probability of each (asset, hazard) that has
    evidence; all others are left at the prior.
    """

    time: int
    states: tuple[tuple[str, str, int], ...]
    claims: dict[tuple[str, str], float]


def watch(registry: Registry, rules: RuleSet, today: Day, seed: int) -> Iterator[Sample]:
    """The samples of a day; the first hour, in which kinds warm up, is left out."""
    simulation = Simulation(registry, today.scenario, start=START, seed=seed)
    rehearsal, index = Rehearsal(Engine(registry, rules), MINUTE), Index(registry)
    names = {sensor.name: sensor.id for sensor in registry.sensors}
    for time in range(EVERY, HOURS * HOUR + 1, EVERY):
        messages = simulation.messages_until(START + time)
        rehearsal.hear(readings([each for each in messages if each.kind == "telemetry"], names, index))
        rehearsal.until(START + time)
        if time > HOUR:
            yield Sample(time, tuple(_states(rehearsal.engine)), _claims(rehearsal.engine))


def numbered(registry: Registry) -> Registry:
    """The city with sensor ids as a database would give them, and without its bridges.

    Those are sampled every second, ten times as often as all else, and no event of theirs is drawn.
    """
    bridges = {asset.id for asset in registry.assets if asset.domain is Domain.BRIDGE}
    sensors = (sensor for sensor in registry.sensors if sensor.asset not in bridges)
    return replace(
        registry, sensors=tuple(replace(sensor, id=number) for number, sensor in enumerate(sensors, 1))
    )


def readings(messages: Sequence[Message], names: dict[str, int], index: Index) -> Readings:
    """What messages say, in the order of their arrival, each device's time by time."""
    if not messages:
        return Readings.empty()
    sensor = [np.tile([names[name] for name in each.names], len(each.times)) for each in messages]
    time = [np.repeat(each.times, len(each.names)) for each in messages]
    ids = np.concatenate(sensor).astype(np.int32)
    sent = np.concatenate([each.values.T.ravel() for each in messages]).astype(np.float64)
    value = sent * index.factor[ids] + index.offset[ids]
    return Readings(ids, np.concatenate(time), value, validate.flags(value, index.low[ids], index.high[ids]))


def _pairs(engine: Engine) -> Iterator[tuple[Pair, int]]:
    for bank in engine.banks:
        yield from zip(bank.pairs, bank.kind.state.tolist(), strict=True)
    for bound, group in zip(*engine.groups.all, strict=True):
        yield bound.pair, group.state


def _states(engine: Engine) -> Iterator[tuple[str, str, int]]:
    return ((pair.rule.name, pair.asset, state) for pair, state in _pairs(engine))


def _claims(engine: Engine) -> dict[tuple[str, str], float]:
    groups = {group.name: group for group in engine.rules.groups}
    return {
        key: fuse(hazards()[live.hazard].prior, live.evidence.values(), groups).probability
        for key, live in engine.board.live.items()
        if live.evidence
    }
