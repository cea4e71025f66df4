"""From readings to levels through the whole engine."""

import numpy as np
import pytest

from rules.engine import Engine, Step, Tick
from rules.levels import RiskLevel
from rules.memory import recall, remember
from rules.model import Rule
from rules.risk import Strength
from sensors.arrays import pack, unpack
from sensors.model import Flag
from sensors.readings import MINUTE, SECOND, Readings
from tests.unit.rules.town import LIMIT, RATE, SILENCE, VOTE, rule, rules, town

START = 1_763_683_200_000_000


def readings(*rows: tuple[int, float, float] | tuple[int, float, float, int]) -> Readings:
    """(sensor, minute, value[, flag])"""
    flags = [row[3] if len(row) > 3 else 9 if np.isnan(row[2]) else 1 for row in rows]
    return Readings(
        np.array([row[0] for row in rows], np.int32),
        np.array([START + round(row[1] * MINUTE) for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        np.array(flags, np.int8),
    )


def hazardous(*evidence: Strength) -> Rule:
    bands = [{"above": 10.0 * (n + 1)} for n in range(len(evidence))]
    return rule("methane", "limit", evidence, bands=bands)


@pytest.mark.parametrize("strength", [Strength(likelihood=3), Strength(likelihood=5)])
def test_the_same_evidence_gives_different_levels_at_consequence_1_and_5(strength: Strength) -> None:
    told = {}
    for consequence in (1, 5):
        step = Engine(town(1, consequence), rules(hazardous(strength))).step(readings((1, 0, 15.0)))
        told[consequence] = step
    assert told[1].transitions == told[5].transitions
    slight, grave = (told[consequence].risk_changes[0] for consequence in (1, 5))
    assert slight.evidence == grave.evidence
    assert slight.likelihood == grave.likelihood == strength.likelihood
    levels = {3: (RiskLevel.LOW, RiskLevel.SERIOUS), 5: (RiskLevel.GENERAL, RiskLevel.MAJOR)}
    assert (slight.level, grave.level) == levels[strength.likelihood]


def test_a_transition_says_what_changed_where_when_and_why() -> None:
    step = Engine(town(1), rules(LIMIT)).step(readings((1, 0, 12.0), (1, 1, 13.0)))
    (transition,) = step.transitions
    assert (transition.rule, transition.subject, transition.asset, transition.hazard) == (
        "methane", "d0/ch4", "chamber", "gas-leak",
    )  # fmt: skip
    assert (transition.time, transition.state, transition.previous) == (START + MINUTE, 1, 0)
    assert (transition.sensor, transition.value) == (1, 13.0)
    assert transition.reason == "13 is at or above 10 for 1min"


def test_the_id_of_a_transition_is_made_of_what_it_says() -> None:
    first, again = (
        Engine(town(1), rules(LIMIT)).step(readings((1, 0, 12.0), (1, 1, 13.0))) for _ in range(2)
    )
    other = Engine(town(1), rules(LIMIT)).step(readings((1, 0, 12.0), (1, 1.5, 13.0)))
    assert first.transitions[0].id == again.transitions[0].id != other.transitions[0].id


@pytest.mark.parametrize("flag", [Flag.FAIL, Flag.MISSING])
def test_a_failed_reading_is_no_evidence(flag: Flag) -> None:
    value = float("nan") if flag is Flag.MISSING else 5000.0
    step = Engine(town(1), rules(hazardous(Strength(likelihood=5)))).step(readings((1, 0, value, int(flag))))
    assert not step.transitions


def test_a_value_that_moved_faster_than_it_can_is_suspect_and_its_evidence_weighs_half() -> None:
    engine = Engine(town(1), rules(hazardous(Strength(llr=2.0))))
    step = engine.step(readings((1, 0, 0.0), (1, 1 / 60, 300.0)))
    assert step.flag.tolist() == [Flag.GOOD, Flag.SUSPECT]
    (change,) = step.risk_changes
    assert change.evidence[0].quality == 0.5
    assert change.weights == (1.0,)


def test_what_was_good_before_a_gap_may_be_anything_after_it() -> None:
    step = Engine(town(1), rules()).step(readings((1, 0, 0.0), (1, 1, 300.0)))
    assert step.flag.tolist() == [Flag.GOOD, Flag.GOOD]


def test_a_late_reading_changes_no_verdict() -> None:
    engine = Engine(town(1), rules(hazardous(Strength(likelihood=5))))
    engine.step(readings((1, 10, 1.0)))
    step = engine.step(readings((1, 5, 99.0), (1, 10, 99.0)))
    assert step.late.tolist() == [True, True]
    assert not step.transitions


def test_the_batch_that_was_given_is_not_written_to() -> None:
    batch = readings((1, 0, 0.0), (1, 1 / 60, 300.0), (2, 0, 1.0), (1, 0, 5.0))
    for array in (batch.sensor, batch.time, batch.value, batch.flag):
        array.flags.writeable = False
    step = Engine(town(2), rules()).step(batch, [Tick(2, START + MINUTE)])
    assert step.flag is not batch.flag


def test_silence_is_told_by_a_tick_and_ended_by_a_reading() -> None:
    engine = Engine(town(1), rules(SILENCE))
    step = engine.step(readings((1, 0, 1.0)), [Tick(1, START + 10 * MINUTE)])
    assert [(t.time, t.state) for t in step.transitions] == [(START + 3 * MINUTE, 1)]
    assert step.transitions[0].hazard == "data-loss"
    assert [t.state for t in engine.step(readings((1, 11, 1.0))).transitions] == [0]


def test_a_clock_that_goes_back_is_not_followed() -> None:
    engine = Engine(town(1), rules(SILENCE))
    engine.step(Readings.empty(), [Tick(0, START + 5 * MINUTE)])
    engine.step(Readings.empty(), [Tick(0, START)])
    assert engine.now == START + 5 * MINUTE


def test_a_vote_is_evidence_of_its_own_beside_that_of_its_members() -> None:
    engine = Engine(town(2), rules(hazardous(Strength(llr=1.0)), VOTE))
    step = engine.step(readings((1, 0, 1.0), (2, 0, 1.0), (1, 1, 12.0), (2, 1, 12.0)))
    assert [(t.rule, t.subject) for t in step.transitions] == [
        ("methane", "d0/ch4"), ("methane", "d1/ch4"), ("two-of-n", "chamber"),
    ]  # fmt: skip
    assert step.transitions[-1].sensor is None
    assert {piece.rule for piece in step.risk_changes[-1].evidence} == {"methane", "two-of-n"}


def test_an_engine_without_rules_takes_readings_and_ticks() -> None:
    step = Engine(town(1), rules().__class__(rules=(), groups=(), matrix=rules().matrix)).step(
        readings((1, 0, 99.0)), [Tick(1, START)]
    )
    assert step.late.tolist() == [False]
    assert not step.transitions


def test_remembering_does_not_hold_on_to_what_the_engine_goes_on_writing() -> None:
    engine = Engine(town(2), rules(hazardous(Strength(llr=1.0)), RATE, SILENCE, VOTE))
    engine.step(readings((1, 0, 1.0), (2, 0, 1.0), (1, 1, 12.0)))
    memory = remember(engine)
    before = pack(memory)
    engine.step(readings((1, 2, 99.0), (2, 2, 99.0), (1, 3, 99.0)), [Tick(3, START + 99 * MINUTE)])
    assert pack(memory) == before


def test_what_is_recalled_is_remembered_the_same() -> None:
    engine = Engine(town(2), rules())
    engine.step(readings((1, 0, 1.0), (2, 0, 1.0), (1, 1, 12.0)), [Tick(3, START + 99 * MINUTE)])
    memory = pack(remember(engine))
    other = Engine(town(2), rules())
    recall(other, unpack(memory))
    assert pack(remember(other)) == memory


def told(step: Step) -> list[tuple[str, int]]:
    return [(t.rule, t.state) for t in step.transitions]


def test_what_one_reading_shows_is_told_in_the_order_of_the_rules() -> None:
    first = rule("a", "limit", (Strength(llr=1.0),), bands=[{"above": 10}])
    second = rule("b", "rate", (Strength(llr=1.0),), rise_per_s=0.01)
    third = rule("c", "limit", (Strength(llr=1.0),), bands=[{"above": 5}])
    engine = Engine(town(1), rules(first, second, third))
    engine.step(readings((1, 0, 0.0)))
    assert told(engine.step(readings((1, 1, 20.0)))) == [("a", 1), ("b", 1), ("c", 1)]
    assert 60 * SECOND == MINUTE
