"""Order within a sensor: what walking through the readings one by one would find."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.order import NEVER, order

SIZE = 6
BATCHES = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(-5, 5)), max_size=40)
LAST = st.lists(st.sampled_from([NEVER, -3, 0, 3]), min_size=SIZE, max_size=SIZE)


@given(BATCHES, LAST)
def test_late_is_what_is_not_newer_than_the_newest_of_its_sensor_before_it(
    batch: list[tuple[int, int]], last: list[int]
) -> None:
    newest, late = list(last), []
    for sensor, time in batch:
        late.append(time <= newest[sensor])
        newest[sensor] = max(newest[sensor], time)
    assert found(batch, last).late.tolist() == late


@given(BATCHES, LAST)
def test_the_others_stand_sensor_by_sensor_in_order_of_arrival(
    batch: list[tuple[int, int]], last: list[int]
) -> None:
    ordered = found(batch, last)
    timely = [row for row in range(len(batch)) if not ordered.late[row]]
    assert ordered.by_sensor.tolist() == sorted(timely, key=lambda row: batch[row][0])
    sensors = [batch[row][0] for row in ordered.by_sensor]
    assert ordered.again.tolist() == [n for n in range(1, len(sensors)) if sensors[n - 1] == sensors[n]]
    newest, since = list(last), []
    for row in ordered.by_sensor.tolist():
        sensor, time = batch[row]
        since.append(newest[sensor])
        newest[sensor] = time
    assert ordered.since.tolist() == since


@given(BATCHES, LAST)
def test_rounds_hold_each_row_once_and_a_sensor_s_rows_one_round_after_the_other(
    batch: list[tuple[int, int]], last: list[int]
) -> None:
    ordered = found(batch, last)
    rounds = [rows.tolist() for rows in np.split(ordered.in_rounds, ordered.ends)]
    assert sorted(row for rows in rounds for row in rows) == np.flatnonzero(~ordered.late).tolist()
    for rows in rounds:
        sensors = [batch[row][0] for row in rows]
        assert len(set(sensors)) == len(sensors)
    for sensor in range(SIZE):
        mine = [
            (row, number) for number, rows in enumerate(rounds) for row in rows if batch[row][0] == sensor
        ]
        assert [number for _, number in mine] == list(range(len(mine)))
        assert mine == sorted(mine)


@given(BATCHES, LAST)
def test_a_batch_is_plain_where_all_is_timely_and_sensors_ascend(
    batch: list[tuple[int, int]], last: list[int]
) -> None:
    ordered = found(batch, last)
    if ordered.plain:
        assert ordered.by_sensor.tolist() == ordered.in_rounds.tolist() == list(range(len(batch)))
    sensors = [sensor for sensor, _ in batch]
    assert ordered.plain == (not ordered.late.any() and sensors == sorted(set(sensors)))


@given(BATCHES, LAST)
def test_nothing_that_was_given_is_changed(batch: list[tuple[int, int]], last: list[int]) -> None:
    arrays = as_arrays(batch, last)
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    order(*arrays)
    assert all(np.array_equal(one, other) for one, other in zip(arrays, before, strict=True))


def as_arrays(batch: list[tuple[int, int]], last: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.array([sensor for sensor, _ in batch], np.int32),
        np.array([time for _, time in batch], np.int64),
        np.array(last, np.int64),
    )


def found(batch: list[tuple[int, int]], last: list[int]):
    return order(*as_arrays(batch, last))
