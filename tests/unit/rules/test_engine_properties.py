"""However a feed is cut into batches, and wherever it is broken off, the verdicts are the same."""

from dataclasses import dataclass
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import Engine, Tick
from rules.memory import recall, remember
from rules.model import RiskChange, Transition
from sensors.arrays import pack, unpack
from sensors.readings import MINUTE, Readings
from tests.unit.rules.town import rules, town

SENSORS = 4
LEVELS = [0.5, 0.6, 9.0, 11.0, 21.0, 19.5, 55.0, 49.5, float("nan"), 150.0]


@dataclass(frozen=True)
class Feed:
    readings: Readings
    ticks: tuple[Tick, ...]


@st.composite
def feeds(draw: st.DrawFn) -> Feed:
    """Readings with steps back in time, repeats, gaps and bad values, and ticks between them."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(1, SENSORS),
                st.integers(-3, 4),
                st.sampled_from(LEVELS),
                st.sampled_from([1, 1, 1, 3, 4]),
            ),
            max_size=80,
        )
    )
    clock, newest, times, ticks = 1_000 * MINUTE, 0, [], []
    for position, (_, step, _, _) in enumerate(rows):
        clock += step * MINUTE
        times.append(clock)
        newest = max(newest, clock)
        if draw(st.integers(0, 4)) == 0:
            newest += draw(st.integers(0, 12)) * MINUTE
            ticks.append(Tick(position + 1, newest))
    values = np.array([9 if np.isnan(value) else flag for _, _, value, flag in rows], np.int8)
    return Feed(
        Readings(
            np.array([sensor for sensor, *_ in rows], np.int32),
            np.array(times, np.int64),
            np.array([value for _, _, value, _ in rows], np.float64),
            values,
        ),
        tuple(ticks),
    )


def run(
    feed: Feed, cuts: list[int], *, restart: bool = False
) -> tuple[list[Transition], list[RiskChange], list[bool]]:
    engine = Engine(town(SENSORS), rules())
    transitions, changes, late = [], [], []
    for start, end in zip([0, *cuts], [*cuts, len(feed.readings)], strict=True):
        ticks = [Tick(t.position - start, t.time) for t in feed.ticks if start < t.position <= end]
        step = engine.step(feed.readings[start:end], ticks)
        transitions += step.transitions
        changes += step.risk_changes
        late += step.late.tolist()
        if restart:
            memory = unpack(pack(remember(engine)))
            engine = Engine(town(SENSORS), rules())
            recall(engine, memory)
    return transitions, changes, late


@settings(max_examples=300, deadline=None)
@given(feeds(), st.data())
def test_batches_cut_anywhere_and_restarts_give_the_same_verdicts(feed: Feed, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(feed.readings)), max_size=8)))
    whole = run(feed, [])
    assert run(feed, cuts) == whole
    assert run(feed, cuts, restart=True) == whole


@settings(max_examples=100, deadline=None)
@given(feeds())
def test_one_reading_at_a_time_gives_the_same_verdicts(feed: Feed) -> None:
    assert run(feed, list(range(1, len(feed.readings)))) == run(feed, [])


@settings(max_examples=100, deadline=None)
@given(feeds())
def test_a_tick_that_changes_nothing_may_be_left_out(feed: Feed) -> None:
    engine, told = Engine(town(SENSORS), rules()), []
    position = 0
    for tick in feed.ticks:
        told += engine.step(feed.readings[position : tick.position]).transitions
        if tick.time >= engine.due():
            told += engine.step(Readings.empty(), [Tick(0, tick.time)]).transitions
        position = tick.position
    told += engine.step(feed.readings[position:]).transitions
    assert told == run(feed, [])[0]


@settings(max_examples=100, deadline=None)
@given(feeds())
def test_readings_given_twice_change_nothing(feed: Feed) -> None:
    engine = Engine(town(SENSORS), rules())
    first = engine.step(feed.readings, feed.ticks)
    again = engine.step(feed.readings)
    assert again.late.all()
    assert not again.transitions
    assert first.transitions == tuple(run(feed, [])[0])


@settings(max_examples=100, deadline=None)
@given(feeds())
def test_every_transition_has_an_id_of_its_own_and_follows_on_the_one_before(feed: Feed) -> None:
    transitions, changes, _ = run(feed, [])
    assert len({t.id for t in transitions}) == len(transitions)
    state: dict[tuple[str, str], int] = {}
    for transition in transitions:
        assert transition.previous == state.get((transition.rule, transition.subject), 0) != transition.state
        state[transition.rule, transition.subject] = transition.state
    level: dict[tuple[str, str], tuple[int | None, int]] = {}
    for change in changes:
        before, time = level.get((change.asset, change.hazard), (None, 0))
        assert change.previous == before != change.level
        assert change.time >= time
        level[change.asset, change.hazard] = change.level, change.time


@settings(max_examples=200, deadline=None)
@given(feeds(), st.randoms())
def test_the_order_across_sensors_does_not_matter(feed: Feed, random: Random) -> None:
    first = Readings(
        np.arange(1, SENSORS + 1, dtype=np.int32),
        np.full(SENSORS, 900 * MINUTE),
        np.full(SENSORS, 0.5),
        np.ones(SENSORS, np.int8),
    )
    owners = feed.readings.sensor.tolist()
    queues = {sensor: np.flatnonzero(feed.readings.sensor == sensor).tolist() for sensor in set(owners)}
    random.shuffle(owners)
    mixed = np.array([queues[owner].pop(0) for owner in owners], np.intp)
    straight, shuffled = (Engine(town(SENSORS), rules()) for _ in range(2))
    straight.step(first)
    shuffled.step(first)
    told = straight.step(feed.readings), shuffled.step(feed.readings[mixed])
    assert {t.id: t for t in told[0].transitions} == {t.id: t for t in told[1].transitions}
    assert told[0].late[mixed].tolist() == told[1].late.tolist()
