"""Live first and what came late afterwards: together they say what the timely feed would have said."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rules.circle import circle
from rules.engine import Engine, Tick
from rules.model import RuleSet, Transition
from rules.retrospect import Findings, Rerun
from sensors.model import Registry
from sensors.readings import MINUTE, Readings
from tests.unit.rules.town import LIMIT, RATE, SILENCE, STUCK, rules, town

START = 1_000 * MINUTE
ALONE = rules(LIMIT, RATE, STUCK, SILENCE)
VALUES = [0.5, 0.6, 9.0, 11.0, 21.0, 19.5, 55.0, 49.5, float("nan"), 150.0]


def readings(rows: list[tuple[int, int, float]]) -> Readings:
    """Of rows (sensor, minute, value)."""
    sensor, minute, value = (np.array(column) for column in zip(*rows, strict=True))
    flag = np.where(np.isnan(value.astype(np.float64)), 9, 1).astype(np.int8)
    return Readings(sensor.astype(np.int32), START + minute * MINUTE, value.astype(np.float64), flag)


@dataclass(frozen=True)
class Lived:
    """What a worker has by the end: all readings in event time, which were late, and what it said."""

    history: Readings
    late: NDArray[np.bool_]
    transitions: tuple[Transition, ...]

    @property
    def ids(self) -> set[object]:
        return {transition.id for transition in self.transitions}


def live(registry: Registry, rule_set: RuleSet, arriving: Readings) -> Lived:
    """Each reading a batch, with a tick whenever a newer time is heard of."""
    engine, said, late, now = Engine(registry, rule_set), [], [], 0
    for row in range(len(arriving)):
        one = arriving[row : row + 1]
        now = max(now, int(one.time[0]))
        step = engine.step(one, [Tick(1, now)])
        said += step.transitions
        late += step.late.tolist()
    by_time = np.lexsort((arriving.sensor, arriving.time))
    return Lived(arriving[by_time], np.array(late)[by_time], tuple(said))


def timely(registry: Registry, rule_set: RuleSet, history: Readings) -> dict[object, Transition]:
    return {each.id: each for each in live(registry, rule_set, history).transitions}


def hindsight(
    registry: Registry, rule_set: RuleSet, lived: Lived, *around: int, part: int = 7 * MINUTE
) -> Findings:
    rerun = Rerun(registry, rule_set, circle(Engine(registry, rule_set).binding, around))
    mine = np.isin(lived.history.sensor, list(circle(Engine(registry, rule_set).binding, around).sensors))
    history, late = lived.history[mine], lived.late[mine]
    present = int(history.time[-1])
    for after in range(START - MINUTE, present, part):
        until = min(after + part, present)
        rows = (history.time > after) & (history.time <= until)
        rerun.take(history[rows], late[rows], after, until)
    return rerun.findings()


@st.composite
def feeds(draw: st.DrawFn) -> Readings:
    """Readings of one sensor in the order of their arrival: some wait in a buffer while others come."""
    step = st.tuples(st.integers(1, 5), st.sampled_from(VALUES), st.integers(0, 8))
    steps = draw(st.lists(step, min_size=1))
    minute, rows = 0, []
    for place, (step, value, behind) in enumerate(steps):
        minute += step
        rows.append((place + behind, (1, minute, value)))
    return readings([row for _, row in sorted(rows, key=lambda each: each[0])])


@settings(max_examples=300)
@given(feeds(), st.integers(1, 40))
def test_live_and_hindsight_are_together_what_the_timely_feed_says(arriving: Readings, part: int) -> None:
    lived = live(town(1), ALONE, arriving)
    expected = timely(town(1), ALONE, lived.history)

    found = {each.id: each for each in hindsight(town(1), ALONE, lived, 1, part=part * MINUTE).transitions}

    assert expected.keys() <= lived.ids | found.keys()
    assert found.keys() <= expected.keys()
