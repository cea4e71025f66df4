"""What every kind over several sensors must be: cuts, order, gaps and restarts change nothing."""

import doctest
import importlib
import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import Engine, Tick
from rules.kinds import JOINT_KINDS
from rules.kinds.joint import JointKind
from rules.learned import learn
from rules.memory import recall, remember
from rules.model import Input, Rule, RuleSet, Selector
from rules.risk import Strength
from sensors.arrays import pack, unpack
from sensors.readings import MINUTE, Readings
from tests.unit.rules.town import rules, town

EXAMPLES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "relation": ({"height": 2, "every": "2min"}, ("others", "others", "others")),
    "expression": (
        {"formula": "max(a, b) - mean(c)", "bands": [{"above": 2}, {"above": 5}], "every": "1min"},
        ("a", "b", "c"),
    ),
    "balance": (
        {"bands": [{"above": 1}], "over": "5min", "shift": "2min", "usual": 3, "every": "1min"},
        ("inflow", "inflow", "outflow"),
    ),
    "blockage": (
        {"rise": 0.5, "fall": 0.1, "follow": "10min", "on_delay": "2min", "dry": "5min", "rain_from": 8},
        ("downstream", "downstream", "rain"),
    ),
    "overflow": (
        {"rim": 9, "lags": 1, "horizon": "10min", "bands": [{"below": 5}], "deadband": 1, "every": "1min"},
        ("rain", "rain", "rain"),
    ),
    "drift": ({"days": 5, "bands": [{"above": 0.5}], "every": "12h"}, ("neighbours",) * 3),
    "gas_origin": (
        {"from_lel": 1, "bands": [{"below": -0.5}, {"above": 0.5}], "deadband": 0.1},
        ("h2s", "oxygen", "h2s"),
    ),
}
"""Of each kind its parameters, and the roles of the second to the fourth sensor."""

STEP = {"drift": 360}
"""Minutes between two readings, where a minute is too few for the kind to say anything."""

EVERY = pytest.mark.parametrize("name", sorted(JOINT_KINDS))
TOWN = town(4)


def test_every_kind_has_an_example() -> None:
    assert set(EXAMPLES) == set(JOINT_KINDS)


@EVERY
def test_its_example_runs(name: str) -> None:
    module = importlib.import_module(JOINT_KINDS[name].__module__)
    assert ">>> " in (module.__doc__ or "")
    assert doctest.testmod(module).failed == 0


@EVERY
def test_it_says_what_it_is(name: str) -> None:
    said = importlib.import_module(JOINT_KINDS[name].__module__).__doc__ or ""
    for part in ("Formula:", "Will not fire on:", "False alarms:", "Siblings:", "Reference:"):
        assert part in said, part


def rule_set(name: str) -> RuleSet:
    parameters, roles = EXAMPLES[name]
    by_role = {role: tuple(f"d{n + 1}" for n, each in enumerate(roles) if each == role) for role in roles}
    many = JOINT_KINDS[name].parameters
    states = len(parameters.get("bands", [None])) if "bands" in many.__struct_fields__ else 1
    if name == "blockage":
        states = 1
    rule = Rule(
        name=name,
        kind=name,
        hazard="gas-leak",
        title=name,
        title_en=name,
        source="test",
        select=Selector(device="d0"),
        inputs={role: Input(select=Selector(device=devices)) for role, devices in by_role.items()},
        parameters=parameters,
        evidence=(Strength(llr=1.0),) * states,
    )
    found = rules(rule)
    if JOINT_KINDS[name].learns:
        found, failed = learn(found, TOWN, history(), "test")
        assert not failed
    return found


def history() -> Readings:
    chance = np.random.default_rng(1)
    minute = np.repeat(np.arange(200), 4)
    sensor = np.tile(np.arange(1, 5, dtype=np.int32), 200)
    value = 5 + np.sin(minute / 9) + 0.3 * chance.standard_normal(len(minute))
    return Readings(sensor, minute * MINUTE, value, np.zeros(len(minute), np.int8))


RULES = {name: rule_set(name) for name in sorted(JOINT_KINDS)}

Said = tuple[int, int, float]
"""Sensor, minute, value."""


@st.composite
def feeds(draw: st.DrawFn) -> list[Said]:
    """Four sensors that mostly report each minute; gaps, NaN, and values that jump between a few levels."""
    minute = dict.fromkeys(range(1, 5), 1_000)
    feed = []
    for _ in range(draw(st.integers(5, 60))):
        sensor = draw(st.integers(1, 4))
        minute[sensor] += draw(st.sampled_from([1, 1, 1, 2, 7]))
        value = draw(st.sampled_from([0.5, 4.0, 5.0, 6.5, 12.0, np.nan]))
        feed.append((sensor, minute[sensor], value))
    return feed


def readings(feed: list[Said], step: int) -> Readings:
    sensor, minute, value = zip(*feed, strict=True) if feed else ((), (), ())
    return Readings(
        np.array(sensor, np.int32),
        np.array(minute, np.int64) * step * MINUTE,
        np.array(value, np.float64),
        np.zeros(len(feed), np.int8),
    )


def run(name: str, feed: list[Said], cuts: list[int], *, restart: bool = False) -> list[tuple[Any, ...]]:
    """All that is said, in order of time; the last tick lets everybody go."""
    engine, told, start = Engine(TOWN, RULES[name]), [], 0
    step = STEP.get(name, 1)
    for end in [*sorted(cuts), len(feed)]:
        part = readings(feed[start:end], step)
        before = pack({"value": part.value.copy(), "time": part.time.copy()})
        told += engine.step(part).transitions
        assert pack({"value": part.value, "time": part.time}) == before
        start = max(start, end)
        if restart:
            again = Engine(TOWN, RULES[name])
            recall(again, unpack(pack(remember(engine))))
            engine = again
    told += engine.step(readings([], step), [Tick(0, 10_000 * step * MINUTE)]).transitions
    return sorted((each.time, each.subject, each.state, each.value, each.reason) for each in told)


@EVERY
@given(feed=feeds(), cuts=st.lists(st.integers(0, 60), max_size=6), restart=st.booleans())
@settings(max_examples=40)
def test_neither_cuts_nor_restarts_change_what_it_says(
    name: str, feed: list[Said], cuts: list[int], *, restart: bool
) -> None:
    cuts = [min(cut, len(feed)) for cut in cuts]
    assert run(name, feed, cuts, restart=restart) == run(name, feed, [])


@EVERY
@given(feed=feeds(), chance=st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_in_which_sensors_report_changes_nothing(
    name: str, feed: list[Said], chance: random.Random
) -> None:
    queues = [[each for each in feed if each[0] == sensor] for sensor in range(1, 5)]
    permuted = []
    while any(queues):
        permuted.append(chance.choice([queue for queue in queues if queue]).pop(0))
    assert run(name, permuted, []) == run(name, feed, [])


@EVERY
@given(feed=feeds())
@settings(max_examples=20)
def test_a_reading_told_twice_counts_once(name: str, feed: list[Said]) -> None:
    twice = [each for said in feed for each in (said, said)]
    assert run(name, twice, []) == run(name, feed, [])


@EVERY
def test_it_has_something_to_say(name: str) -> None:
    """A contract kept by a kind that never speaks would be worth nothing."""
    chance = random.Random(7)
    for _ in range(300):
        minute, feed, value = 1_000, [], 5.0
        for _ in range(40):
            minute += 1
            value = chance.choice([value, value, 0.5, 5.0, 12.0])
            feed += [
                (sensor, minute, value if sensor == 1 else chance.choice([1.0, 5.0]))
                for sensor in (1, 2, 3, 4)
            ]
        if run(name, feed, []):
            return
    pytest.fail("said nothing")


def test_a_kind_with_no_subjects_says_nothing() -> None:
    for kind in JOINT_KINDS.values():
        empty: JointKind[Any] = kind([], [])
        nothing = np.empty(0, np.int64)
        assert not list(empty.update(nothing, nothing, np.empty((0, 1))))
        assert empty.memory() == 0
        assert msgspec.json.encode(sorted(empty.remember()))
