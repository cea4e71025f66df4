"""k_of_n: votes are counted at their event time, once all members have got so far."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bind import parse_parameters
from rules.kinds.k_of_n import Group, KOfNParameters, Member, Verdict, Vote
from rules.order import NEVER

PATIENCE = 100


def group(k: int, members: int, patience: Sequence[int] = ()) -> Group:
    parameters = KOfNParameters(of="methane", k=k)
    return Group(parameters, [Member(n, (patience or [PATIENCE] * members)[n]) for n in range(members)])


class Stage:
    """A group with the newest times of its members, fed reading by reading."""

    def __init__(self, group: Group, now: int = NEVER) -> None:
        self.group, self.now = group, now
        self.last = np.full(len(group.members), NEVER)

    def hear(self, member: int, time: int, *, counts: bool | None = None) -> list[tuple[int, int]]:
        """A reading, with a vote if its evidence came (True) or went (False)."""
        votes = [] if counts is None else [(0, Vote(time, member, counts))]
        verdicts = self.group.take(votes, [(0, member, time)], self.last, self.now)
        self.last[member] = time
        return said(verdicts)

    def tick(self, now: int) -> list[tuple[int, int]]:
        self.now = now
        return said(self.group.tick([], self.last, now))


def said(verdicts: list[Verdict]) -> list[tuple[int, int]]:
    return [(verdict.time, verdict.state) for verdict in verdicts]


def test_k_votes_at_the_same_time_are_evidence_and_fewer_are_not() -> None:
    stage = Stage(group(2, 3))
    for member in range(3):
        stage.hear(member, 0)
    assert stage.hear(0, 10, counts=True) == []
    assert stage.hear(1, 11, counts=True) == []
    assert stage.hear(2, 12) == []
    assert stage.hear(0, 12) == [(11, 1)]
    assert stage.hear(0, 20, counts=False) == []
    assert stage.hear(1, 20) == []
    assert stage.hear(2, 20) == [(20, 0)]


def test_a_vote_waits_until_every_member_has_got_so_far() -> None:
    stage = Stage(group(1, 2))
    stage.hear(0, 0)
    stage.hear(1, 0)
    assert stage.hear(0, 10, counts=True) == []
    assert stage.hear(1, 9) == []
    assert stage.hear(1, 10) == [(10, 1)]


def test_votes_that_did_not_overlap_in_event_time_are_no_evidence_in_whatever_order_they_came() -> None:
    stage = Stage(group(2, 2))
    stage.hear(0, 0)
    stage.hear(1, 0)
    assert stage.hear(0, 10, counts=True) == []
    assert stage.hear(0, 20, counts=False) == []
    assert stage.hear(1, 21, counts=True) == []
    assert stage.hear(0, 30) == []
    assert stage.group.state == 0


def test_a_silent_member_is_let_go_by_the_tick_after_its_patience_and_its_last_evidence_stands() -> None:
    stage = Stage(group(2, 3, [100, 100, 1000]))
    stage.hear(1, 0, counts=True)
    stage.hear(0, 0)
    stage.hear(2, 0)
    assert stage.hear(0, 50, counts=True) == []
    assert stage.hear(2, 60) == []
    assert stage.tick(100) == []
    assert stage.tick(101) == [(50, 1)]
    assert stage.group.counting == [True, True, False]


def test_who_was_never_heard_holds_nobody_back() -> None:
    assert Stage(group(1, 2)).hear(0, 10, counts=True) == [(10, 1)]


def test_a_late_vote_counts_from_the_last_that_was_counted_on() -> None:
    """A member that was let go comes back with news from before."""
    stage = Stage(group(2, 2))
    stage.hear(0, 0)
    stage.hear(1, 0)
    stage.hear(0, 150, counts=True)
    assert stage.tick(150) == []
    assert stage.group.counting == [True, False]
    assert stage.hear(1, 120, counts=True) == [(150, 1)]


@st.composite
def histories(draw: st.DrawFn) -> list[list[tuple[int, bool | None]]]:
    """Of each member: (time, came to count / ceased / neither) of its readings."""
    histories = []
    for _ in range(draw(st.integers(1, 4))):
        time, counts, history = 0, False, []
        for step, turns in draw(st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=12)):
            time += step
            counts ^= turns
            history.append((time, counts if turns else None))
        histories.append(history)
    return histories


@given(histories(), st.integers(1, 3), st.randoms())
def test_in_whatever_order_members_are_heard_the_verdicts_are_those_of_event_time(
    members: list[list[tuple[int, bool | None]]], k: int, random: Random
) -> None:
    stage = Stage(group(k, len(members)))
    for member in range(len(members)):
        stage.hear(member, 0)
    owners = [member for member, history in enumerate(members) for _ in history]
    random.shuffle(owners)
    queues = [iter(history) for history in members]
    found = []
    for owner in owners:
        time, counts = next(queues[owner])
        found += stage.hear(owner, time, counts=counts)
    end = 1 + max((time for history in members for time, _ in history), default=0)
    for member in range(len(members)):
        found += stage.hear(member, end)
    votes = sorted(
        (time, member, counts)
        for member, history in enumerate(members)
        for time, counts in history
        if counts is not None
    )
    counting, state, expected = [False] * len(members), 0, []
    for time, member, counts in votes:
        counting[member] = counts
        if (sum(counting) >= k) != state:
            state = 1 - state
            expected.append((time, state))
    assert found == expected


def test_it_tells_an_operator_how_many() -> None:
    assert group(2, 3).explain(1) == "2 of 3 by methane"
    assert group(2, 3).explain(0) == "fewer than 2 of 3 by methane"


@pytest.mark.parametrize(
    ("parameters", "where"),
    [({"k": 0}, "k"), ({"k": 1, "state": 0}, "state"), ({"k": 1, "intervals": 0.5}, "intervals")],
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("k_of_n", {"of": "x", **parameters}).mistake()
    assert wrong is not None
    assert wrong[0] == where
