"""Live first and what came late afterwards: together they say what the timely feed would have said."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rules.bind import parse_parameters
from rules.circle import Circle, Circles, narrowed
from rules.engine import Engine, Tick
from rules.kinds import SENSOR_KINDS
from rules.kinds.waveform import WaveformKind
from rules.load import DEMO_RULES, load
from rules.model import RuleSet, Transition
from rules.retrospect import Findings, Rerun
from rules.risk import Strength
from sensors.consequence import scored
from sensors.load import DEMO_CITY, read_city
from sensors.model import Registry
from sensors.readings import MINUTE, Readings
from tests.unit.rules.kinds.test_contract import EXAMPLES
from tests.unit.rules.town import LIMIT, RATE, SILENCE, STUCK, rule, rules, town

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
    circle = Circles(Engine(registry, rule_set).binding).around(around)
    rerun = Rerun(narrowed(registry, circle), rule_set, circle)
    mine = np.isin(lived.history.sensor, list(circle.sensors))
    history, late = lived.history[mine], lived.late[mine]
    present = int(history.time[-1])
    for after in range(int(history.time[0]) - MINUTE, present, part):
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


def assert_together_they_are_timely(rule_set: RuleSet, arriving: Readings, part: int) -> None:
    lived = live(town(1), rule_set, arriving)
    expected = timely(town(1), rule_set, lived.history)

    found = {each.id for each in hindsight(town(1), rule_set, lived, 1, part=part * MINUTE).transitions}

    assert expected.keys() <= lived.ids | found
    assert found <= expected.keys()


@settings(max_examples=300)
@given(feeds(), st.integers(1, 40))
def test_live_and_hindsight_are_together_what_the_timely_feed_says(arriving: Readings, part: int) -> None:
    assert_together_they_are_timely(ALONE, arriving, part)


ONE_OF_EACH = [
    pytest.param(name, parameters, id=f"{name}-{number}")
    for name, examples in EXAMPLES.items()
    for number, parameters in enumerate(examples)
    if not issubclass(SENSOR_KINDS[name], WaveformKind)
]


@pytest.mark.parametrize(("name", "parameters"), ONE_OF_EACH)
@settings(max_examples=50)
@given(arriving=feeds(), part=st.integers(1, 40))
def test_so_they_are_for_every_kind(
    name: str, parameters: dict[str, Any], arriving: Readings, part: int
) -> None:
    states = parse_parameters(name, parameters).states
    assert_together_they_are_timely(
        rules(rule(name, name, (Strength(llr=2.0),) * states, **parameters)), arriving, part
    )


@given(feeds())
def test_what_was_never_late_leaves_nothing_to_be_found(arriving: Readings) -> None:
    history = live(town(1), ALONE, arriving).history
    lived = Lived(history, np.zeros(len(history), np.bool_), ())
    assert hindsight(town(1), ALONE, lived, 1) == Findings()


AWAY = range(10, 130)


def methane(sensor: int, minute: int) -> float:
    """The first and the second measure a leak at the same time, the third never does."""
    return 60.0 if sensor < 3 and 40 <= minute < 60 else 1.0 + minute % 7 / 10


def series(sensor: int, minutes: Iterable[int], ahead: int = 0) -> list[tuple[int, int, float]]:
    """What a sensor says of these minutes; ahead: by how many its clock is."""
    return [(sensor, minute + ahead, methane(sensor, minute)) for minute in minutes]


def mixed(*feeds: list[tuple[int, int, float]]) -> Readings:
    """Feeds that arrive side by side: the n-th rows of all of them, then the next."""
    return readings([row for rows in zip_longest(*feeds) for row in rows if row is not None])


def at(transitions: Iterable[Transition], rule_name: str) -> list[tuple[str, int, int]]:
    """(subject, minute, state) of a rule."""
    chosen = [each for each in transitions if each.rule == rule_name]
    return [(each.subject, (each.time - START) // MINUTE, each.state) for each in chosen]


def test_two_hours_from_a_buffer_are_found_with_the_vote_that_they_complete() -> None:
    straight = [minute for minute in range(150) if minute not in AWAY]
    lived = live(town(3), rules(), mixed(
        series(1, [*straight, *AWAY]), series(2, range(150)), series(3, range(150))
    ))  # fmt: skip
    assert at(lived.transitions, "two-of-n") == []

    found = hindsight(town(3), rules(), lived, 1)

    assert at(found.transitions, "methane") == [("d0/ch4", 41, 3), ("d0/ch4", 62, 0)]
    assert at(found.transitions, "two-of-n") == [("chamber", 41, 1), ("chamber", 62, 0)]
    assert {each.rule for each in found.transitions} >= {"methane", "two-of-n", "rise"}
    assert {each.subject for each in found.transitions} == {"d0/ch4", "chamber"}


def test_of_risk_only_what_was_worse_than_known_is_found() -> None:
    straight = [minute for minute in range(150) if minute not in AWAY]
    alone = live(town(1), rules(LIMIT), readings(series(1, [*straight, *AWAY])))
    beside = live(town(2), rules(LIMIT), mixed(series(1, [*straight, *AWAY]), series(2, range(150))))

    (risk,) = hindsight(town(1), rules(LIMIT), alone, 1).risks
    known = hindsight(town(2), rules(LIMIT), beside, 1)

    assert (risk.time, risk.likelihood, risk.previous) == (START + 41 * MINUTE, 5, None)
    assert at(known.transitions, "methane") == [("d0/ch4", 41, 3), ("d0/ch4", 62, 0)]
    assert known.risks == ()


@pytest.mark.parametrize("ahead", [-180, 4])
def test_a_clock_that_is_wrong_and_put_right_does_not_poison_the_neighbours(ahead: int) -> None:
    """The third device's clock is wrong from minute 20 to 45, in the middle of the others' leak."""
    wrong = [*series(3, range(20)), *series(3, range(20, 45), ahead), *series(3, range(45, 150))]
    neighbours = series(1, range(150)), series(2, range(150))
    right = live(town(3), rules(), mixed(*neighbours, series(3, range(150))))
    lived = live(town(3), rules(), mixed(*neighbours, wrong))
    assert lived.late.any()

    found = hindsight(town(3), rules(), lived, 3)

    for name in ("methane", "rise", "stuck", "two-of-n"):
        assert at(lived.transitions, name) == at(right.transitions, name)
        assert at(found.transitions, name) == []
    assert {each.subject for each in found.transitions} <= {"d2/ch4"}


def test_it_ends_where_the_late_readings_have_no_effect_any_more() -> None:
    lived = live(town(1), rules(LIMIT), readings(series(1, [*range(41), *range(60, 120), *range(41, 60)])))
    whole = Circles(Engine(town(1), rules(LIMIT)).binding).around([1])
    rerun = Rerun(town(1), rules(LIMIT), whole)
    agreeing = []
    for after in range(START - MINUTE, START + 119 * MINUTE, MINUTE):
        rows = (lived.history.time > after) & (lived.history.time <= after + MINUTE)
        rerun.take(lived.history[rows], lived.late[rows], after, after + MINUTE)
        agreeing.append(rerun.agrees())
    assert agreeing == [minute <= 40 or minute >= 62 for minute in range(120)]


def test_a_circle_is_no_wider_than_what_is_judged_together() -> None:
    """Rules that count others' evidence make it wide, their absence keeps it narrow."""
    apart = rules(SILENCE, msgspec.structs.replace(LIMIT, hazard="toxic-gas"))
    registry = town(3)
    elsewhere = msgspec.structs.replace(
        registry, sensors=(*registry.sensors[:2], msgspec.structs.replace(registry.sensors[2], asset="next"))
    )
    circles = Circles(Engine(elsewhere, apart).binding)
    assert circles.around([1]).sensors == {1, 2}
    assert circles.around([3]).sensors == judged(circles.around([3])) == {3}
    assert circles.around([3]).cases == {("next", "data-loss"), ("next", "toxic-gas")}
    near = rule("near", "k_of_n", (Strength(llr=3.0),), of="methane", k=2, by="beside")
    voting = rules(LIMIT, msgspec.structs.replace(near, hazard="toxic-gas"))
    wide = Circles(Engine(elsewhere, voting).binding).around([3])
    assert wide.sensors == judged(wide) == {1, 2, 3}
    assert ("chamber", "gas-leak") not in wide.cases


def judged(circle: Circle) -> set[int | None]:
    """The sensors of the circle's pairs."""
    return {pair.sensor for pairs in circle.binding.by_kind.values() for pair in pairs}


def test_a_circle_of_every_sensor_is_the_whole_and_a_narrowed_registry_grades_as_the_whole_one() -> None:
    registry = read_city(DEMO_CITY)
    registry = msgspec.structs.replace(
        registry, sensors=tuple(msgspec.structs.replace(s, id=n) for n, s in enumerate(registry.sensors, 1))
    )
    binding = Engine(registry, load([DEMO_RULES], registry)).binding
    circles = Circles(binding)
    whole = circles.around(sensor.id for sensor in registry.sensors).binding
    assert (dict(whole.by_kind), whole.groups) == (dict(binding.by_kind), binding.groups)
    scores = scored(registry)
    for sensor in registry.sensors:
        circle = circles.around([sensor.id])
        narrow = scored(narrowed(registry, circle))
        assert {asset: narrow[asset] for asset, _ in circle.cases}.items() <= scores.items()
