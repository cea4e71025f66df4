"""Levels rise at once and fall after quiet time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.board import Board
from rules.hazards import hazards
from rules.kinds.base import FOREVER
from rules.model import RiskChange, Transition
from rules.risk import Evidence, Strength, default_matrix
from sensors.readings import MINUTE

QUIET = 10
"""Minutes of quiet time of a gas leak."""

LEVELS = {1: 4, 2: 3, 3: 2, 4: 2, 5: 2}
"""By likelihood, at consequence 3."""


def board(consequence: int = 3) -> Board:
    return Board(hazards(), (), default_matrix(), lambda _asset, _hazard: consequence)


def say(
    board: Board, minute: float, likelihood: int | None, rule: str = "r", hazard: str = "gas-leak"
) -> list[RiskChange]:
    """Evidence that sets a likelihood, or ceases."""
    return weigh(board, minute, Strength(likelihood=likelihood) if likelihood else None, rule, hazard)


def weigh(
    board: Board, minute: float, strength: Strength | None, rule: str = "r", hazard: str = "gas-leak"
) -> list[RiskChange]:
    """Evidence of any strength, or none any more."""
    time = round(minute * MINUTE)
    transition = Transition(
        rule=rule, subject="s", asset="a", hazard=hazard, time=time, state=1 if strength else 0,
        previous=0, sensor=1, value=None, reason="",
    )  # fmt: skip
    evidence = strength and Evidence(
        rule=rule, subject="s", group=rule, state=1, strength=strength, quality=1.0, value=None, time=time,
        reason="",
    )  # fmt: skip
    return list(board.apply(transition, evidence or None))


def tick(board: Board, minute: float) -> list[tuple[float, int | None]]:
    return told(list(board.tick(round(minute * MINUTE))))


def told(changes: list[RiskChange]) -> list[tuple[float, int | None]]:
    return [(change.time / MINUTE, change.level) for change in changes]


def test_the_quiet_time_of_these_tests_is_that_of_the_catalogue() -> None:
    assert hazards()["gas-leak"].quiet == QUIET * MINUTE


def test_a_level_rises_with_the_evidence_itself() -> None:
    b = board()
    assert told(say(b, 0, 1)) == [(0, 4)]
    assert told(say(b, 1, 2)) == [(1, 3)]
    assert told(say(b, 1, 5)) == [(1, 2)]


def test_a_level_falls_a_quiet_time_after_the_evidence_to_what_is_left_of_it() -> None:
    b = board()
    say(b, 0, 5)
    assert told(say(b, 1, 2)) == []
    assert tick(b, 10.99) == []
    assert tick(b, 11) == [(11, 3)]
    assert tick(b, 1000) == []


def test_the_fall_is_told_for_the_moment_at_which_quiet_time_ran_out() -> None:
    b = board()
    say(b, 0, 5)
    say(b, 1, None)
    assert tick(b, 500) == [(11, None)]


def test_evidence_that_comes_back_within_the_quiet_time_stops_the_fall() -> None:
    b = board()
    say(b, 0, 4)
    say(b, 1, None)
    assert told(say(b, 5, 4)) == []
    assert tick(b, 20) == []
    assert told(say(b, 21, None)) == []
    assert tick(b, 30.9) == []
    assert tick(b, 31) == [(31, None)]


def test_quiet_time_counts_from_the_first_moment_below_the_level() -> None:
    b = board()
    say(b, 0, 4)
    say(b, 1, None)
    say(b, 5, 1)
    assert tick(b, 11) == [(11, 4)]


def test_a_fall_that_no_tick_told_is_told_before_what_comes_next() -> None:
    b = board()
    say(b, 0, 3)
    say(b, 1, None)
    assert told(say(b, 60, 2)) == [(11, None), (60, 3)]


def test_the_level_is_that_of_the_worst_evidence_and_other_hazards_do_not_mix() -> None:
    b = board()
    say(b, 0, 2, "one")
    assert told(say(b, 0, 5, "two")) == [(0, 2)]
    assert told(say(b, 0, 1, "three", "structure")) == [(0, 4)]


def test_a_hazard_without_quiet_time_falls_at_once() -> None:
    b = board()
    assert told(say(b, 0, 2, hazard="data-loss")) == [(0, 3)]
    assert told(say(b, 1, None, hazard="data-loss")) == [(1, None)]


def test_what_only_speaks_against_makes_no_case_but_lowers_one() -> None:
    b = board()
    against = Strength(llr=-2.0)
    assert told(weigh(b, 0, against, rule="origin")) == []
    assert told(weigh(b, 1, Strength(llr=3.0))) == [(1, 4)]
    assert told(weigh(b, 2, None, rule="origin")) == [(2, 3)]


def test_each_change_tells_what_made_it() -> None:
    b = board()
    (change,) = say(b, 0, 4)
    assert (change.previous, change.likelihood, change.consequence) == (None, 4, 3)
    assert [piece.rule for piece in change.evidence] == ["r"]
    assert change.weights == (0.0,)
    assert change.cause is not None
    say(b, 1, None)
    (change,) = b.tick(11 * MINUTE)
    assert (change.previous, change.evidence, change.cause) == (2, (), None)


def test_grading_anew_does_not_cut_quiet_time_short() -> None:
    b = board()
    say(b, 0, 4)
    say(b, 1, 1)
    assert told(list(b.judge_again(2 * MINUTE))) == []
    assert tick(b, 11) == [(11, 4)]


def test_grading_anew_by_another_consequence_changes_levels_both_ways() -> None:
    consequence = [3]
    b = Board(hazards(), (), default_matrix(), lambda _asset, _hazard: consequence[0])
    say(b, 0, 3)
    consequence[0] = 5
    say(b, 1, 4)
    assert b.live["a", "gas-leak"].level == 1
    consequence[0] = 1
    assert told(list(b.judge_again(2 * MINUTE))) == [(2, 3)]
    assert told(list(b.judge_again(3 * MINUTE))) == []
    say(b, 4, None)
    consequence[0] = 5
    assert told(list(b.judge_again(5 * MINUTE))) == []


def test_grading_anew_can_stop_a_fall() -> None:
    consequence = [3]
    b = Board(hazards(), (), default_matrix(), lambda _asset, _hazard: consequence[0])
    say(b, 0, 3)
    say(b, 1, 2)
    consequence[0] = 5
    assert told(list(b.judge_again(2 * MINUTE))) == []
    assert tick(b, 100) == []


def test_it_is_due_when_the_next_level_falls() -> None:
    b = board()
    assert b.due() == FOREVER
    say(b, 0, 4)
    assert b.due() == FOREVER
    say(b, 1, None)
    say(b, 3, 4, hazard="structure")
    say(b, 4, None, hazard="structure")
    assert b.due() == 11 * MINUTE
    b.tick(11 * MINUTE)


@pytest.mark.parametrize("consequence", [1, 2, 3, 4, 5])
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from(["one", "two"]), st.sampled_from([None, 1, 2, 3, 4, 5])),
        max_size=25,
    )
)
def test_the_level_is_never_below_the_evidence_and_above_it_for_at_most_the_quiet_time(
    consequence: int, steps: list[tuple[int, str, int | None]]
) -> None:
    b, minute = board(consequence), 0
    standing: dict[str, int] = {}
    below_since: int | None = None
    for step, rule, likelihood in steps:
        for each in range(minute + 1, minute + step + 1):
            tick(b, each)
            below_since = check(b, standing, consequence, each, below_since)
        minute += step
        say(b, minute, likelihood, rule)
        standing.pop(rule, None)
        if likelihood:
            standing[rule] = likelihood
        below_since = check(b, standing, consequence, minute, below_since)


def check(
    b: Board, standing: dict[str, int], consequence: int, minute: int, below_since: int | None
) -> int | None:
    live = b.live.get(("a", "gas-leak"))
    shown = (live and live.level) or 9
    evidence = default_matrix().level(max(standing.values()), consequence).value if standing else 9
    assert shown <= evidence
    if shown == evidence:
        return None
    since = minute if below_since is None else below_since
    assert minute - since < QUIET
    return since
