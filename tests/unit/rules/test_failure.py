"""A rule that raises: said as everything else is, kept over restarts, and over when the rule is another."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.engine import Engine, Tick
from rules.kinds import PARAMETERS, SENSOR_KINDS
from rules.kinds.base import Changes, Subjects, Times, Values
from rules.kinds.expression import Expression
from rules.levels import RiskLevel
from rules.load import load
from rules.memory import recall, remember
from rules.model import Input, Selector, Transition
from rules.risk import Strength
from sensors.arrays import pack, unpack
from sensors.errors import Mistakes
from sensors.readings import MINUTE
from tests.unit.rules.fragile import BLAST, POISON, Fragile, FragileParameters
from tests.unit.rules.test_engine import START, readings
from tests.unit.rules.test_retrospect import hindsight, live
from tests.unit.rules.test_succession import succeed
from tests.unit.rules.town import LIMIT, rule, rules, town

pytestmark = pytest.mark.raising

FRAGILE = rule("fragile", "limit", (Strength(llr=2.0),))
FRAGILE = msgspec.structs.replace(FRAGILE, kind="fragile")
SET = rules(FRAGILE, LIMIT)

FEED = readings(
    (1, 0, 20.0), (2, 0, 1.0), (1, 1, POISON), (2, 1, 1.0), (1, 2, 55.0), (2, 2, 55.0), (1, 4, 1.0)
)


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SENSOR_KINDS, "fragile", Fragile)
    monkeypatch.setitem(PARAMETERS, "fragile", FragileParameters)


def engine() -> Engine:
    return Engine(town(2), SET)


def said(transitions: tuple[Transition, ...]) -> list[tuple[str, str, int, int]]:
    return [(t.rule, t.subject, t.previous, t.state) for t in transitions]


def test_what_it_said_ends_and_that_it_failed_is_told_with_the_error() -> None:
    step = engine().step(FEED[:3])
    assert said(step.transitions)[:3] == [
        ("fragile", "d0/ch4", 0, 1),
        ("fragile", "d0/ch4", 1, 0),
        ("rule-failure", "fragile at d0/ch4", 0, 1),
    ]
    _, ended, failed, _ = step.transitions
    assert "switched off: ArithmeticError: poisoned" in ended.reason
    assert (failed.asset, failed.hazard, failed.time, failed.sensor, failed.value) == (
        "chamber", "rule-failure", START + MINUTE, 1, POISON,
    )  # fmt: skip
    assert "switched off here until the rule is another" in failed.reason


def test_it_makes_a_case_of_its_own_that_is_sounded() -> None:
    changes = engine().step(FEED[:3]).risk_changes
    (change,) = (change for change in changes if change.hazard == "rule-failure")
    assert (change.asset, change.level) == ("chamber", RiskLevel.GENERAL)


def test_the_other_subjects_and_the_other_rules_go_on() -> None:
    transitions = engine().step(FEED).transitions
    assert ("fragile", "d1/ch4", 0, 1) in said(transitions)
    assert ("methane", "d0/ch4", 2, 3) in said(transitions)
    assert [t.subject for t in transitions if t.rule == "rule-failure"] == ["fragile at d0/ch4"]


@given(st.sets(st.integers(1, len(FEED) - 1)))
def test_where_the_feed_is_cut_changes_nothing(cuts: set[int]) -> None:
    whole, cut = engine(), engine()
    expected = whole.step(FEED)
    found = [cut.step(FEED[a:b]) for a, b in pairwise([0, *sorted(cuts), len(FEED)])]
    assert tuple(t for step in found for t in step.transitions) == expected.transitions
    assert pack(remember(cut)) == pack(remember(whole))


def test_it_stays_off_over_a_restart() -> None:
    before = engine()
    before.step(FEED[:3])
    after = engine()
    recall(after, unpack(pack(remember(before))))
    assert after.step(FEED[3:]).transitions == before.step(FEED[3:]).transitions
    assert ("fragile", "d0/ch4", 0, 1) not in said(after.step(readings((1, 9, 50.0))).transitions)


def test_a_tick_that_raises_fails_where_it_raises() -> None:
    step = engine().step(readings((1, 0, BLAST), (2, 0, 1.0)), [Tick(2, START + MINUTE)])
    assert said(step.transitions)[-2:] == [
        ("fragile", "d0/ch4", 1, 0),
        ("rule-failure", "fragile at d0/ch4", 0, 1),
    ]


def test_a_reload_of_the_same_rule_changes_nothing() -> None:
    old = engine()
    old.step(FEED[:3])
    new, step = succeed(old, rules(FRAGILE, msgspec.structs.replace(LIMIT, title="other words")))
    assert not step.transitions
    assert ("fragile", "d0/ch4", 0, 1) not in said(new.step(FEED[4:]).transitions)


@pytest.mark.parametrize("how", ["another threshold", "removed"])
def test_a_rule_that_is_another_is_switched_on_again_and_the_failure_is_over(how: str) -> None:
    old = engine()
    old.step(FEED[:3])
    another = msgspec.structs.replace(FRAGILE, parameters={"above": 50.0})
    new, step = succeed(old, rules(another, LIMIT) if how == "another threshold" else rules(LIMIT))
    assert said(step.transitions) == [("rule-failure", "fragile at d0/ch4", 1, 0)]
    assert [change.level for change in step.risk_changes] == [None]
    again = said(new.step(readings((1, 3, 60.0))).transitions)
    assert (("fragile", "d0/ch4", 0, 1) in again) == (how == "another threshold")


def test_a_rule_that_raises_over_its_history_begins_switched_off() -> None:
    old = Engine(town(2), rules(LIMIT))
    old.step(FEED[:3])
    _, step = succeed(old, SET, history=FEED[:3])
    assert said(step.transitions) == [("rule-failure", "fragile at d0/ch4", 0, 1)]


def test_no_file_may_name_a_rule_like_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rules") / "a.toml"
    path.write_text(
        '[[rule]]\nname = "rule-failure"\nkind = "limit"\nhazard = "gas-leak"\ntitle = "x"\ntitle_en = "x"\n'
        'source = "x"\nparameters = { bands = [{ above = 1.0 }] }\nevidence = [{ llr = 1.0 }]\n',
        encoding="utf-8",
    )
    with pytest.raises(Mistakes, match="expected a name on one line, and not 'rule-failure'"):
        load([path])


def test_where_it_raises_when_history_is_run_again_it_finds_nothing_and_the_others_do() -> None:
    arriving = readings(
        (1, 0, 1.0), (1, 1, 2.0), (1, 9, 1.0), (1, 2, 55.0), (1, 3, 55.0), (1, 4, POISON), (1, 5, 1.0)
    )  # fmt: skip
    lived = live(town(1), SET, arriving)
    assert not [each for each in lived.transitions if each.rule == "rule-failure"]

    found = hindsight(town(1), SET, lived, 1)

    assert {each.rule for each in found.transitions} == {"methane"}
    assert {risk.hazard for risk in found.risks} == {"gas-leak"}
    (failed,) = found.failures
    assert (failed.subject, failed.time) == ("fragile at d0/ch4", START + 4 * MINUTE)


def test_a_rule_over_several_sensors_fails_where_it_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    update = Expression.update

    def fragile(kind: Expression, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        if (value == POISON).any():
            raise ArithmeticError("poisoned")
        return update(kind, subject, time, value)

    monkeypatch.setattr(Expression, "update", fragile)
    highest = rule("highest", "expression", (Strength(llr=2.0),), formula="max(a)", bands=[{"above": 30}])
    joint = msgspec.structs.replace(highest, inputs={"a": Input(select=Selector(quantity="methane_lel"))})
    city = town(4)
    elsewhere = tuple(msgspec.structs.replace(each, asset="next") for each in city.sensors[2:])
    city = msgspec.structs.replace(city, sensors=(*city.sensors[:2], *elsewhere))
    feed = readings(*((n, minute, 40.0 * (minute > 1)) for minute in range(4) for n in (1, 2, 3, 4)))
    value = feed.value.copy()
    value[4] = POISON
    step = Engine(city, rules(joint)).step(replace(feed, value=value), [Tick(16, START + 9 * MINUTE)])
    assert said(step.transitions) == [
        ("rule-failure", "highest at chamber", 0, 1),
        ("highest", "next", 0, 1),
    ]
