"""A rehearsal says what an engine says that is shown the same with a tick each second."""

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeline.rehearsal import Rehearsal
from rules.engine import Engine, Tick
from sensors.readings import MINUTE, SECOND, Readings
from tests.unit.rules.bridge import FREQUENCY, SPECTRUM, THERMOMETER, blocks, bridge, shaking, told
from tests.unit.rules.bridge import rules as rules_of
from tests.unit.rules.test_engine import START, readings
from tests.unit.rules.town import rules, town

ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 300), st.sampled_from([1.0, 12.0, 25.0, 60.0])), max_size=20
)


@settings(max_examples=20)
@given(ROWS)
def test_it_says_what_a_tick_each_second_says(rows: list[tuple[int, int, float]]) -> None:
    feed = readings(*((sensor, at / 60, value) for sensor, at, value in sorted(rows, key=lambda row: row[1])))
    until = START + 12 * MINUTE
    rehearsal = Rehearsal(Engine(town(3), rules()))
    rehearsal.hear(feed)
    rehearsal.until(until)
    expected = []
    if len(feed):
        engine = Engine(town(3), rules())
        for tick in range(int(feed.time[0]), until + 1, SECOND):
            expected += engine.step(Readings.empty(), [Tick(0, tick)]).transitions
            expected += engine.step(feed[feed.time == tick]).transitions
    assert sorted(rehearsal.transitions, key=str) == sorted(expected, key=str)


@settings(max_examples=20)
@given(ROWS, st.integers(0, 20))
def test_how_history_is_parted_changes_nothing(rows: list[tuple[int, int, float]], cut: int) -> None:
    feed = readings(*((sensor, at / 60, value) for sensor, at, value in sorted(rows, key=lambda row: row[1])))
    whole, parted = Rehearsal(Engine(town(3), rules())), Rehearsal(Engine(town(3), rules()))
    whole.hear(feed)
    for part in (feed[:cut], feed[cut:]):
        parted.hear(part)
    for each in (whole, parted):
        each.until(START + 40 * MINUTE)
    assert parted.transitions == whole.transitions
    assert parted.levels() == whole.levels()


def test_before_the_first_reading_there_is_no_time() -> None:
    rehearsal = Rehearsal(Engine(town(1), rules()))
    rehearsal.until(START)
    assert rehearsal.transitions == []
    assert np.all(rehearsal.engine.last < START)


def test_waveforms_are_heard_when_they_end_alone_and_among_readings() -> None:
    shifted = np.concatenate([shaking(FREQUENCY, 180, 2), shaking(0.93 * FREQUENCY, 180, 2)], axis=1)
    waveforms = [msgspec.structs.replace(each, message=each.start) for each in blocks(shifted)]
    said = list(told(Engine(bridge(), rules_of(SPECTRUM)), blocks(shifted)))
    alone, among = (Rehearsal(Engine(bridge(), rules_of(SPECTRUM))) for _ in range(2))
    alone.hear(Readings.empty(), waveforms)
    times = np.arange(waveforms[0].start, waveforms[-1].end + MINUTE, 7 * SECOND)
    sensor, flag = np.full(len(times), THERMOMETER, np.int32), np.ones(len(times), np.int8)
    among.hear(Readings(sensor, times, np.full(len(times), 20.0), flag), waveforms)
    assert said
    assert alone.transitions == among.transitions == said
