"""Learning from history: what a quiet stretch teaches the kinds that say nothing without it.

It is a job, not state: its result is part of the rule set, so it is versioned with it, and a replay of the
same feed under the same set says the same.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.banks import bank
from rules.bind import Pair, bind
from rules.joint import JointBank
from rules.kinds import JOINT_KINDS, SENSOR_KINDS
from rules.kinds.base import Kind
from rules.model import Learned, RuleSet
from sensors.model import Registry
from sensors.readings import Readings

History = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Times [n] and values [n], or samples [n, w], of one subject."""


def learn(
    rules: RuleSet, registry: Registry, history: Readings, source: str
) -> tuple[RuleSet, Mapping[tuple[str, str], str]]:
    """The rule set with what its kinds learn from a history; and who learned nothing, and why not.

    history: in event time within each sensor, none later than another of its sensor before it. What was
    learned before is forgotten.
    """
    found: list[Learned] = []
    failed: dict[tuple[str, str], str] = {}
    for pair, (time, value) in _histories(rules, registry, history):
        try:
            values = _kind(pair).learn(pair.parameters, registry.city.timezone, time, value)
        except ValueError as error:
            failed[pair.rule.name, pair.subject] = str(error)
        else:
            found.append(Learned(rule=pair.rule.name, subject=pair.subject, source=source, values=values))
    return msgspec.structs.replace(rules, learned=tuple(found)), failed


def unlearned(rules: RuleSet, registry: Registry) -> Mapping[str, int]:
    """How many subjects of each rule say nothing because they have learned nothing."""
    missing: dict[str, int] = defaultdict(int)
    for pairs in bind(rules, registry).by_kind.values():
        for pair in pairs:
            if _kind(pair).must_learn(pair.parameters) and not pair.parameters.learned:
                missing[pair.rule.name] += 1
    return missing


def _kind(pair: Pair) -> type[Kind[Any]]:
    return SENSOR_KINDS.get(pair.rule.kind) or JOINT_KINDS[pair.rule.kind]


def _histories(rules: RuleSet, registry: Registry, history: Readings) -> Iterator[tuple[Pair, History]]:
    size = max((sensor.id for sensor in registry.sensors), default=0) + 1
    for pairs in bind(msgspec.structs.replace(rules, learned=()), registry).by_kind.values():
        learning = tuple(pair for pair in pairs if _kind(pair).must_learn(pair.parameters))
        if learning:
            look = _joint if learning[0].rule.kind in JOINT_KINDS else _own
            yield from look(learning, history, size)


def _own(pairs: tuple[Pair, ...], history: Readings, size: int) -> Iterator[tuple[Pair, History]]:
    """What each pair's sensor said."""
    del size
    rows = np.argsort(history.sensor, kind="stable")
    sensors = history.sensor[rows]
    for pair in pairs:
        start, end = np.searchsorted(sensors, [pair.sensor or 0, (pair.sensor or 0) + 1])
        mine = history[rows[start:end]]
        shown = (mine.flag <= SENSOR_KINDS[pair.rule.kind].worst_flag) & ~np.isnan(mine.value)
        yield pair, (mine.time[shown], mine.value[shown])


def _joint(pairs: tuple[Pair, ...], history: Readings, size: int) -> Iterator[tuple[Pair, History]]:
    """All samples that each pair would have seen."""
    joint = bank(pairs[0].rule.kind, pairs, size)
    assert isinstance(joint, JointBank)
    samples = list(joint.look(history))
    width = max(len(pair.seats) for pair in pairs)
    subject = np.concatenate([np.empty(0, np.intp), *(sample.subject for sample in samples)])
    time = np.concatenate([np.empty(0, np.int64), *(sample.time for sample in samples)])
    rows = np.argsort(subject, kind="stable")
    ends = np.searchsorted(subject[rows], np.arange(len(pairs) + 1))
    value = np.concatenate([np.empty((0, width)), *(sample.value for sample in samples)])
    for number, pair in enumerate(pairs):
        mine = rows[ends[number] : ends[number + 1]]
        yield pair, (time[mine], value[mine, : len(pair.seats)])
