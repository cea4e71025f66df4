"""A kind that raises is switched off where it raised; everywhere else it is as if nothing had happened."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rules.guard
from rules.guard import FAILED, Guard
from rules.kinds.base import Changes, Subjects
from tests.unit.rules.fragile import BLAST, POISON, UNSPEAKABLE, Fragile, FragileParameters

pytestmark = pytest.mark.raising

Said = list[tuple[int, int, int, int, int, str]]


def guard(count: int) -> Guard:
    def make(some: Subjects) -> Fragile:
        return Fragile([FragileParameters() for _ in some])

    return Guard(make, count)


def said(changes: Sequence[Changes]) -> Said:
    """Row, subject, time, state, previous and reason of each."""
    return sorted(
        row
        for each in changes
        for row in zip(
            each.row.tolist(), each.subject.tolist(), each.time.tolist(), each.state.tolist(),
            each.previous.tolist(), each.reasons, strict=True,
        )
    )  # fmt: skip


def show(guarded: Guard, subject: list[int], value: list[float], time: int = 0) -> Said:
    return said(guarded.update(np.array(subject), np.full(len(subject), time), np.array(value)))


def sums(guarded: Guard) -> list[float]:
    return list(guarded.remember()["_sum"].tolist())


def test_only_the_subject_at_fault_is_switched_off_and_the_others_see_the_reading_once() -> None:
    guarded = guard(5)
    show(guarded, [0, 1, 2, 3, 4], [1.0, 1.0, 1.0, 1.0, 1.0])
    assert show(guarded, [4, 2, 0, 3], [20.0, POISON, 3.0, 11.0], time=7) == [
        (0, 4, 7, 1, 0, "the sum is 21"),
        (1, 2, 7, FAILED, 0, "ArithmeticError: poisoned at 2"),
        (3, 3, 7, 1, 0, "the sum is 12"),
    ]
    assert sums(guarded) == [4.0, 1.0, 0.0, 12.0, 21.0]
    assert guarded.state.tolist() == [0, 0, FAILED, 1, 1]


def test_what_is_switched_off_is_never_asked_again() -> None:
    guarded = guard(2)
    show(guarded, [0, 1], [POISON, 1.0])
    assert show(guarded, [0, 1], [POISON, 50.0]) == [(1, 1, 0, 1, 0, "the sum is 51")]
    assert show(guarded, [0], [50.0]) == []
    assert sums(guarded) == [0.0, 51.0]


def test_several_may_fail_at_once_each_with_what_it_was_before() -> None:
    guarded = guard(4)
    show(guarded, [0, 1, 2, 3], [20.0, 0.0, 20.0, 0.0])
    failed = show(guarded, [0, 1, 2, 3], [POISON, POISON, 1.0, 1.0])
    assert [each[1:5] for each in failed] == [(0, 0, FAILED, 1), (1, 0, FAILED, 0)]


def test_a_tick_that_raises_is_taken_back_for_all_but_the_subject_at_fault() -> None:
    guarded = guard(3)
    show(guarded, [0, 1, 2], [1.0, BLAST, 2.0])
    assert said(guarded.tick(9)) == [(0, 1, 9, FAILED, 1, "KeyError: 'blast'")]
    assert sums(guarded) == [1.0, 0.0, 2.0]
    assert said(guarded.tick(10)) == []
    assert guarded.state.tolist() == [0, FAILED, 0]


def test_a_rule_that_cannot_say_why_has_failed_too() -> None:
    guarded = guard(2)
    assert show(guarded, [0, 1], [UNSPEAKABLE, 20.0]) == [
        (0, 0, 0, FAILED, 0, "ValueError: words fail me"),
        (1, 1, 0, 1, 0, "the sum is 20"),
    ]


def test_it_stays_switched_off_in_what_is_remembered() -> None:
    first, second = guard(3), guard(3)
    show(first, [0, 1, 2], [1.0, POISON, 20.0])
    everyone = np.arange(3)
    second.recall(first.remember(), everyone, everyone)
    assert show(second, [0, 1, 2], [1.0, 1.0, 1.0]) == []
    assert sums(second) == [2.0, 0.0, 21.0]


VALUES = st.sampled_from([0.0, 1.0, 4.0, 20.0, POISON, UNSPEAKABLE])


@pytest.mark.parametrize("often", [0, 4])
@given(feed=st.lists(st.lists(VALUES, min_size=4, max_size=4), max_size=12))
def test_the_others_are_as_if_the_failing_had_never_been_there(often: int, feed: list[list[float]]) -> None:
    together, apart = guard(4), [guard(1) for _ in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules.guard, "_AT_LEAST", 3)
        patch.setattr(rules.guard, "_OFTEN", often)
        for time, values in enumerate(feed):
            found = show(together, [0, 1, 2, 3], values, time)
            alone = [
                (n, n, *rest) for n in range(4) for _, _, *rest in show(apart[n], [0], [values[n]], time)
            ]
            assert [each[:5] for each in found] == [each[:5] for each in alone]
    assert together.state.tolist() == [int(each.state[0]) for each in apart]
    assert sums(together) == [sums(each)[0] for each in apart]
