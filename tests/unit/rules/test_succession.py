"""From one version of rules and registry to the next in a running engine."""

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.engine import Engine, Step, Tick
from rules.memory import remember
from rules.model import Rule, RuleSet, Selector
from rules.risk import Strength
from rules.succession import Succession
from sensors.arrays import pack
from sensors.model import Registry
from sensors.readings import MINUTE, Readings
from tests.unit.rules.test_engine import START, readings
from tests.unit.rules.town import LIMIT, RATE, SILENCE, STUCK, VOTE, rule, rules, town

WORSE = rule(
    "methane", "limit", (Strength(likelihood=2), Strength(likelihood=3)), bands=[{"above": 8}, {"above": 18}]
)
PLAIN = rule("plain", "limit", (Strength(likelihood=3),), bands=[{"above": 10}])


def succeed(
    old: Engine, new: RuleSet, registry: Registry | None = None, history: Readings | None = None
) -> tuple[Engine, Step]:
    engine = Engine(registry or old.registry, new)
    succession = Succession(old, engine)
    if history is not None:
        sensors, after, until = succession.needs()
        wanted = np.isin(history.sensor, sensors) & (history.time > after) & (history.time <= until)
        succession.warm(history[wanted])
    return engine, succession.finish(succession.warmth())


def told(step: Step) -> list[tuple[str, str, int, int]]:
    return [(t.rule, t.subject, t.previous, t.state) for t in step.transitions]


def levels(engine: Engine) -> dict[tuple[str, str], int | None]:
    return {key: live.level for key, live in engine.board.live.items()}


FEED = readings((1, 0, 1.0), (2, 0, 1.0), (1, 1, 12.0), (2, 1, 1.0), (1, 2, 13.0), (2, 2, 2.0))
NEXT = readings((1, 3, 14.0), (2, 3, 14.0), (1, 4, 55.0), (2, 4, 2.0), (1, 5, 55.0))


def test_a_rule_that_is_unchanged_keeps_its_state_and_says_nothing() -> None:
    straight, old = Engine(town(2), rules()), Engine(town(2), rules())
    straight.step(FEED)
    old.step(FEED)
    relabelled = rules(*(msgspec.structs.replace(r, title="other words") for r in rules().rules))
    new, step = succeed(old, relabelled)
    assert not step.transitions
    assert not step.risk_changes
    assert pack(remember(new)) == pack(remember(straight))
    assert new.step(NEXT).transitions == straight.step(NEXT).transitions


def test_rules_beside_one_that_changed_keep_their_state() -> None:
    old = Engine(town(2), rules(LIMIT, PLAIN))
    old.step(FEED)
    new, step = succeed(old, rules(WORSE, PLAIN, RATE), history=FEED)
    assert ("plain", "d0/ch4", 0, 1) not in told(step)
    assert [told(new.step(readings((1, 3, 2.0))))[-1][:2]] == [("plain", "d0/ch4")]


def test_a_new_rule_begins_with_what_history_says() -> None:
    old = Engine(town(2), rules(RATE))
    old.step(FEED)
    _, step = succeed(old, rules(RATE, LIMIT), history=FEED)
    (begun,) = step.transitions
    assert (begun.rule, begun.subject, begun.previous, begun.state) == ("methane", "d0/ch4", 0, 1)
    assert begun.time == START + 2 * MINUTE
    assert begun.reason == "13 is at or above 10 for 1min"


def test_a_new_rule_goes_on_as_if_it_had_been_there() -> None:
    always, old = Engine(town(2), rules(LIMIT, RATE, STUCK)), Engine(town(2), rules(RATE))
    always.step(FEED)
    old.step(FEED)
    new, _ = succeed(old, rules(LIMIT, RATE, STUCK), history=FEED)
    assert new.step(NEXT).transitions == always.step(NEXT).transitions


def test_a_delay_that_is_over_by_now_is_over_for_a_new_rule_too() -> None:
    slow = rule("slow", "limit", (Strength(llr=1.0),), bands=[{"above": 10}], on_delay="2min")
    feed = readings((1, 0, 12.0), (1, 1, 12.0), (1, 2, 12.0))
    old = Engine(town(1), rules(RATE))
    old.step(feed)
    _, step = succeed(old, rules(slow), history=feed)
    assert told(step) == [("slow", "d0/ch4", 0, 1)]


def test_history_may_come_in_parts() -> None:
    whole, parts = (Engine(town(2), rules(RATE)) for _ in range(2))
    for engine in (whole, parts):
        engine.step(FEED)
    _, expected = succeed(whole, rules(LIMIT, STUCK), history=FEED)
    succession = Succession(parts, Engine(town(2), rules(LIMIT, STUCK)))
    for sensor in (2, 1):
        mine = FEED[FEED.sensor == sensor]
        succession.warm(mine[:2])
        succession.warm(mine[2:])
    assert told(succession.finish(succession.warmth())) == told(expected)


def test_a_rule_that_is_gone_ends_its_evidence_with_the_reason_and_its_level_falls() -> None:
    old = Engine(town(2), rules(LIMIT))
    old.step(FEED)
    new, step = succeed(old, rules(RATE))
    assert told(step) == [("methane", "d0/ch4", 1, 0)]
    assert step.transitions[0].reason == "the rule or its sensor was removed or changed"
    later = new.step(Readings.empty(), [Tick(0, START + 60 * MINUTE)])
    assert [change.level for change in later.risk_changes] == [None]


def test_a_changed_rule_begins_anew_from_history_and_follows_on_its_old_state() -> None:
    old = Engine(town(2), rules(LIMIT))
    old.step(FEED)
    _, step = succeed(old, rules(WORSE), history=FEED)
    assert told(step) == [("methane", "d0/ch4", 1, 1)]
    assert step.risk_changes[-1].evidence[0].strength == Strength(likelihood=2)


def test_a_changed_rule_that_no_longer_finds_anything_ends_its_evidence() -> None:
    milder = rule("methane", "limit", (Strength(likelihood=3),), bands=[{"above": 1000}])
    old = Engine(town(2), rules(LIMIT))
    old.step(FEED)
    _, step = succeed(old, rules(milder), history=FEED)
    assert told(step) == [("methane", "d0/ch4", 1, 0)]


def test_a_sensor_that_moves_to_another_asset_takes_its_evidence_along() -> None:
    old = Engine(town(2), rules(PLAIN))
    old.step(FEED)
    assert levels(old) == {("chamber", "gas-leak"): 2}
    moved = msgspec.structs.replace(
        town(2), sensors=(msgspec.structs.replace(town(2).sensors[0], asset="next"), town(2).sensors[1])
    )
    new, step = succeed(old, rules(PLAIN), moved, FEED)
    assert [(t.asset, t.previous, t.state) for t in step.transitions] == [("next", 0, 1), ("chamber", 1, 0)]
    new.step(Readings.empty(), [Tick(0, START + 60 * MINUTE)])
    assert levels(new) == {("chamber", "gas-leak"): None, ("next", "gas-leak"): 2}


def test_a_rule_that_speaks_of_another_hazard_leaves_nothing_behind_at_the_old_one() -> None:
    old = Engine(town(2), rules(PLAIN))
    old.step(FEED)
    new, _ = succeed(old, rules(msgspec.structs.replace(PLAIN, hazard="burst")), history=FEED)
    new.step(Readings.empty(), [Tick(0, START + 60 * MINUTE)])
    assert levels(new) == {("chamber", "gas-leak"): None, ("chamber", "burst"): 2}


def test_a_sensor_that_leaves_the_city_ends_its_evidence() -> None:
    old = Engine(town(2), rules(PLAIN))
    old.step(FEED)
    left = msgspec.structs.replace(town(2), sensors=town(2).sensors[1:], devices=town(2).devices[1:])
    new, step = succeed(old, rules(PLAIN), left)
    assert told(step) == [("plain", "d0/ch4", 1, 0)]
    assert not told(new.step(readings((2, 9, 1.0))))


def test_a_new_sensor_with_a_higher_id_has_no_past() -> None:
    old = Engine(town(1), rules(PLAIN, SILENCE))
    old.step(readings((1, 0, 12.0)))
    new, step = succeed(old, rules(PLAIN, SILENCE), town(3), readings((1, 0, 12.0)))
    assert not step.transitions
    assert told(new.step(readings((3, 1, 12.0)))) == [("plain", "d2/ch4", 0, 1)]


def test_a_sensor_that_fell_silent_long_ago_is_silent_for_a_new_rule_too() -> None:
    old = Engine(town(2), rules(LIMIT))
    old.step(readings((1, 0, 1.0), (2, 0, 1.0), (2, 1000, 1.0)))
    new, _ = succeed(old, rules(LIMIT, SILENCE), history=readings((2, 1000, 1.0)))
    step = new.step(Readings.empty(), [Tick(0, START + 1001 * MINUTE)])
    assert [(t.rule, t.subject, t.time) for t in step.transitions] == [
        ("silence", "d0/ch4", START + 3 * MINUTE)
    ]


def test_the_last_value_of_a_silent_sensor_is_evidence_for_a_new_rule_too() -> None:
    old = Engine(town(2), rules(RATE))
    old.step(readings((1, 0, 55.0), (2, 1000, 1.0)))
    _, step = succeed(old, rules(PLAIN), history=readings((2, 1000, 1.0)))
    assert told(step) == [("plain", "d0/ch4", 0, 1)]


def test_a_vote_whose_members_changed_begins_with_what_they_say_by_now() -> None:
    both = readings((1, 0, 1.0), (2, 0, 1.0), (1, 1, 12.0), (2, 1, 12.0), (1, 2, 12.0), (2, 2, 12.0))
    old = Engine(town(2), rules(PLAIN, rule("two", "k_of_n", (Strength(llr=3.0),), of="plain", k=2)))
    old.step(both)
    lower = rule("plain", "limit", (Strength(likelihood=3),), bands=[{"above": 9}])
    vote = rule("two", "k_of_n", (Strength(llr=3.0),), of="plain", k=2)
    _, step = succeed(old, rules(lower, vote), history=both)
    assert ("two", "chamber", 1, 1) in told(step)
    higher = rule("plain", "limit", (Strength(likelihood=3),), bands=[{"above": 90}])
    _, step = succeed(old, rules(higher, vote), history=both)
    assert ("two", "chamber", 1, 0) in told(step)


def test_a_vote_that_is_unchanged_keeps_what_waits() -> None:
    plain = rules(LIMIT, VOTE)
    straight, old = Engine(town(2), plain), Engine(town(2), plain)
    first = readings((1, 0, 1.0), (2, 0, 1.0), (1, 1, 12.0), (1, 2, 12.0))
    rest = readings((2, 1, 12.0), (2, 2, 12.0), (2, 3, 12.0), (1, 3, 12.0))
    straight.step(first)
    old.step(first)
    new, _ = succeed(old, rules(LIMIT, VOTE, RATE), history=first)
    votes = [t for t in new.step(rest).transitions if t.rule == "two-of-n"]
    assert votes == [t for t in straight.step(rest).transitions if t.rule == "two-of-n"]
    assert votes


def test_another_consequence_grades_anew_what_stands() -> None:
    old = Engine(town(2, consequence=1), rules(PLAIN))
    old.step(FEED)
    _, step = succeed(old, rules(PLAIN), town(2, consequence=5))
    assert not step.transitions
    assert [(change.previous, change.level, change.consequence) for change in step.risk_changes] == [
        (4, 2, 5)
    ]


CHOICES = [LIMIT, WORSE, PLAIN, RATE, STUCK, SILENCE, msgspec.structs.replace(PLAIN, hazard="burst")]
SETS = st.lists(st.sampled_from(CHOICES), max_size=4, unique_by=lambda rule: rule.name).map(
    lambda each: with_vote(*each)
)
FEEDS = st.lists(
    st.tuples(
        st.integers(1, 3), st.sampled_from([1.0, 9.0, 12.0, 21.0, 55.0]), st.sampled_from([0.0, 1.0, 30.0])
    ),
    max_size=30,
)


def with_vote(*which: Rule) -> RuleSet:
    votes = [VOTE] if any(rule.name == "methane" for rule in which) else []
    return RuleSet(rules=(*which, *votes), groups=(), matrix=rules().matrix)


def as_readings(steps: list[tuple[int, float, float]]) -> Readings:
    minute, rows = 0.0, []
    for sensor, value, step in steps:
        minute += step + 0.01
        rows.append((sensor, minute, value))
    return readings(*rows)


@given(steps=FEEDS, before=SETS, after=SETS, moved=st.booleans())
def test_after_a_succession_no_evidence_stands_but_that_of_the_new_rules(
    steps: list[tuple[int, float, float]], before: RuleSet, after: RuleSet, *, moved: bool
) -> None:
    feed, registry = as_readings(steps), town(3)
    old = Engine(registry, before)
    old.step(feed)
    if moved:
        sensors = (msgspec.structs.replace(registry.sensors[0], asset="next"), *registry.sensors[1:])
        registry = msgspec.structs.replace(registry, sensors=sensors)
    new, _ = succeed(old, after, registry, feed)
    standing = {
        (piece.rule, piece.subject, live.asset, live.hazard, piece.state)
        for live in new.board.live.values()
        for piece in live.evidence.values()
    }
    states = {
        (pair.rule.name, pair.subject, pair.asset, pair.rule.hazard, int(state))
        for bank in new.banks
        for pair, state in zip(bank.pairs, bank.kind.state, strict=True)
        if state
    } | {
        (bound.pair.rule.name, bound.pair.subject, bound.pair.asset, bound.pair.rule.hazard, group.state)
        for bound, group in zip(*new.groups.all, strict=True)
        if group.state
    }
    assert standing == states


@given(FEEDS, SETS, SETS, FEEDS)
def test_played_again_from_what_was_learned_a_succession_is_the_same(
    steps: list[tuple[int, float, float]],
    before: RuleSet,
    after: RuleSet,
    more: list[tuple[int, float, float]],
) -> None:
    feed = as_readings(steps)
    engines = []
    warmth = None
    for _ in range(2):
        old = Engine(town(3), before)
        old.step(feed)
        new = Engine(town(3), after)
        succession = Succession(old, new)
        if warmth is None:
            _, after_us, _ = succession.needs()
            succession.warm(feed[feed.time > after_us])
            warmth = succession.warmth()
        step = succession.finish(warmth)
        rest = as_readings([(1, 1.0, 5000.0), *more])
        engines.append((told(step), told(new.step(rest)), pack(remember(new))))
    assert engines[0] == engines[1]


def test_a_selector_may_move_a_rule_from_some_sensors_to_others() -> None:
    first = msgspec.structs.replace(PLAIN, select=Selector(device="d0"))
    second = msgspec.structs.replace(PLAIN, select=Selector(device="d1"))
    old = Engine(town(2), rules(first))
    feed = readings((1, 0, 12.0), (2, 0, 12.0))
    old.step(feed)
    _, step = succeed(old, rules(second), history=feed)
    assert told(step) == [("plain", "d1/ch4", 0, 1), ("plain", "d0/ch4", 1, 0)]
