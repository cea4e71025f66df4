"""What rules learn from history, and how it comes to the kinds that need it."""

import msgspec
import numpy as np
import pytest

from rules.engine import Engine
from rules.learned import learn, unlearned
from rules.model import Input, RuleSet, Selector
from rules.risk import Strength
from sensors.readings import MINUTE, Readings
from tests.unit.rules.town import rule, rules, town

TOGETHER = msgspec.structs.replace(
    rule("together", "relation", (Strength(llr=3.0),), every="1min", height=6.0),
    select=Selector(device="d0"),
    inputs={"others": Input(select=Selector(quantity="methane_lel"))},
)


def feed(since: int, minutes: int, *, apart: float = 0.0) -> Readings:
    """Four sensors that follow one tide; ``apart`` is added to the first."""
    chance = np.random.default_rng(since)
    minute = np.repeat(np.arange(since, since + minutes), 4)
    sensor = np.tile(np.arange(1, 5, dtype=np.int32), minutes)
    value = 10 + 3 * np.sin(minute / 40) + 0.1 * chance.standard_normal(len(minute)) + apart * (sensor == 1)
    return Readings(sensor, minute * MINUTE, value, np.zeros(len(minute), np.int8))


@pytest.fixture(scope="module")
def taught() -> RuleSet:
    found, failed = learn(rules(TOGETHER), town(4), feed(0, 600), "the first ten hours")
    assert not failed
    return found


def test_what_is_learned_is_part_of_the_rule_set_and_of_its_version(taught: RuleSet) -> None:
    (learned,) = taught.learned
    assert (learned.rule, learned.subject, learned.source) == ("together", "d0/ch4", "the first ten hours")
    assert taught.version != rules(TOGETHER).version
    assert RuleSet.decode(taught.encode()) == taught


def test_a_sensor_that_leaves_the_others_is_told_and_one_that_returns_too(taught: RuleSet) -> None:
    engine = Engine(town(4), taught)
    assert not engine.step(feed(600, 300)).transitions
    left = engine.step(feed(900, 60, apart=0.4)).transitions
    assert [(each.subject, each.state) for each in left] == [("d0/ch4", 1)]
    assert left[0].time <= 930 * MINUTE
    assert left[0].value == pytest.approx(0.4, abs=0.4)
    back = engine.step(feed(960, 60)).transitions
    assert [(each.subject, each.state) for each in back] == [("d0/ch4", 0)]


def test_before_it_has_learned_it_says_nothing() -> None:
    engine = Engine(town(4), rules(TOGETHER))
    assert not engine.step(feed(0, 60, apart=50)).transitions
    assert unlearned(rules(TOGETHER), town(4)) == {"together": 1}


def test_too_short_a_history_teaches_nothing_and_says_so() -> None:
    _, failed = learn(rules(TOGETHER), town(4), feed(0, 5), "five minutes")
    assert failed == {("together", "d0/ch4"): "5 whole samples; 16 are needed"}
