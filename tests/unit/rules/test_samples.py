"""Readings of several sensors side by side: whatever the order they report in."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.order import NEVER
from rules.samples import Samples
from sensors.readings import MINUTE

EVERY = 5 * MINUTE
WAIT = 15 * MINUTE


def samples(seats: int = 2) -> Samples:
    return Samples(np.array([EVERY]), np.full((1, seats), WAIT))


def hear(to: Samples, *said: tuple[int, float, float]) -> None:
    """Readings as (seat, minute, value)."""
    seat, minute, value = (np.array(column) for column in zip(*said, strict=True))
    time = np.round(minute * MINUTE).astype(np.int64)
    to.hear(np.zeros(len(said), np.intp), seat.astype(np.intp), time, value.astype(np.float64))


def ripe(of: Samples, now: float | None = None) -> list[tuple[float, list[float | None]]]:
    found = of.ripe(NEVER if now is None else round(now * MINUTE))
    return [
        (int(each.time[0]) / MINUTE, [None if np.isnan(v) else v for v in each.value[0].tolist()])
        for each in found
    ]


def test_a_cell_is_told_as_the_mean_of_each_once_all_have_passed_its_end() -> None:
    both = samples()
    hear(both, (0, 1, 10), (0, 3, 20), (1, 2, 5))
    assert ripe(both) == []
    hear(both, (0, 5, 30))
    assert ripe(both) == []
    hear(both, (1, 7, 6))
    assert ripe(both) == [(5.0, [20.0, 5.0])]


def test_a_slow_member_s_last_value_is_held_for_as_long_as_it_may_be_silent() -> None:
    both = samples()
    hear(both, (1, 5, 7), *((0, minute, minute) for minute in range(5, 35, 5)), (1, 30, 8))
    held = [(minute, values[1]) for minute, values in ripe(both)]
    assert held == [(5.0, 7.0), (10.0, 7.0), (15.0, 7.0), (20.0, 7.0), (25.0, None), (30.0, 8.0)]


def test_who_is_silent_for_too_long_is_no_longer_waited_for() -> None:
    both = samples()
    hear(both, (0, 5, 1), (1, 5, 1), (0, 10, 2))
    assert ripe(both, 20) == [(5.0, [1.0, 1.0])]
    assert ripe(both, 20.1) == [(10.0, [2.0, 1.0])]


def test_who_was_never_heard_is_waited_for_once() -> None:
    both = samples()
    hear(both, (0, 5, 1))
    assert ripe(both, 20) == []
    assert ripe(both, 21) == [(5.0, [1.0, None])]
    hear(both, (0, 25, 2))
    assert ripe(both, 25) == [(25.0, [2.0, None])]


def test_what_comes_for_a_cell_that_is_done_changes_nothing() -> None:
    both = samples()
    hear(both, (0, 5, 1), (1, 5, 1), (0, 30, 2))
    ripe(both, 31)
    hear(both, (1, 10, 9), (1, 35, 9), (0, 35, 3))
    assert ripe(both, 35) == [(35.0, [3.0, 9.0])]


def test_one_bad_clock_closes_nobody_s_time() -> None:
    """A device an hour ahead waits for the others; it does not make them late."""
    both = samples()
    hear(both, (0, 65, 100), (1, 5, 1), (1, 10, 2))
    assert ripe(both) == [(5.0, [None, 1.0]), (10.0, [None, 2.0])]
    hear(both, (0, 70, 100), (1, 65, 3))
    assert ripe(both) == [(65.0, [100.0, 3.0])]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0.5, 6), st.floats(-9, 9)), min_size=1, max_size=60),
    st.lists(st.integers(1, 20), max_size=8),
    st.randoms(use_true_random=False),
)
def test_neither_cuts_nor_the_order_of_sensors_change_a_sample(
    said: list[tuple[int, float, float]], cuts: list[int], chance: random.Random
) -> None:
    minute = [0.0, 0.0, 0.0]
    feed = []
    for seat, step, value in said:
        minute[seat] += step
        feed.append((seat, minute[seat], value))
    at_once = samples(3)
    hear(at_once, *feed)
    expected = ripe(at_once, 10_000)

    queues = [[each for each in feed if each[0] == seat] for seat in range(3)]
    permuted = []
    while any(queues):
        permuted.append(chance.choice([queue for queue in queues if queue]).pop(0))
    in_parts, found = samples(3), []
    while permuted:
        many = cuts.pop() if cuts else len(permuted)
        hear(in_parts, *permuted[:many])
        found += ripe(in_parts)
        del permuted[:many]
        other = samples(3)
        other.recall(in_parts.remember(), np.array([0]), np.array([0]))
        in_parts = other
    found += ripe(in_parts, 10_000)
    assert found == expected
