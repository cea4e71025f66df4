"""The life of a case: every edge of the table, and sequences that nobody thought of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle import (
    EDGES,
    RULES,
    Case,
    Change,
    Kind,
    Refusal,
    State,
    Step,
    alert_id,
    follow,
    on_acknowledgement,
    on_change,
)
from rules.levels import RiskLevel

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MAJOR, SERIOUS, GENERAL, LOW = RiskLevel
ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True)
class Found:
    """A level that late data shows."""

    level: RiskLevel


Happening = RiskLevel | Found | str | None
DOCS = Path(__file__).parents[3] / "docs" / "alerts.md"


def change(level: RiskLevel | None, second: int = 0) -> Change:
    time = START + timedelta(seconds=second)
    return Change(second + 1, "chamber-7", "gas-leak", time, level, 3, 4, {"evidence": []})


def live(levels: Sequence[Happening]) -> tuple[Case | None, list[Step | Refusal]]:
    """Live through changes of level and acknowledgements, a second apart, always in the newest case."""
    case, results = None, []
    for second, each in enumerate(levels):
        time = START + timedelta(seconds=second)
        if each == ACKNOWLEDGED:
            result = on_acknowledgement(case, "night-desk", "on it", time) if case else Refusal.NOTHING_LIVE
        elif isinstance(each, Found):
            found = replace(change(each.level, second), retrospective=True)
            (result,) = follow([case] if case else [], [found])
        else:
            assert not isinstance(each, str)
            (result,) = follow([case] if case else [], [change(each, second)])
        if isinstance(result, Step):
            case = result.case
        results.append(result)
    return case, results


EDGE_CASES = {
    "a": ([SERIOUS], State.UNACKNOWLEDGED),
    "b": ([SERIOUS, MAJOR], State.UNACKNOWLEDGED),
    "c": ([SERIOUS, GENERAL], State.UNACKNOWLEDGED),
    "d": ([SERIOUS, ACKNOWLEDGED], State.ACKNOWLEDGED),
    "e": ([SERIOUS, ACKNOWLEDGED, GENERAL], State.ACKNOWLEDGED),
    "f": ([SERIOUS, ACKNOWLEDGED, MAJOR], State.UNACKNOWLEDGED),
    "g": ([SERIOUS, ACKNOWLEDGED, None], State.CLOSED),
    "h": ([SERIOUS, None], State.RETURNED),
    "i": ([LOW, None], State.CLOSED),
    "j": ([SERIOUS, None, GENERAL], State.UNACKNOWLEDGED),
    "k": ([SERIOUS, None, ACKNOWLEDGED], State.CLOSED),
    "m": ([Found(SERIOUS)], State.RETURNED),
    "n": ([SERIOUS, Found(GENERAL)], State.UNACKNOWLEDGED),
    "o": ([SERIOUS, ACKNOWLEDGED, Found(MAJOR)], State.UNACKNOWLEDGED),
    "p": ([SERIOUS, None, Found(GENERAL)], State.RETURNED),
    "r": ([Found(LOW)], State.CLOSED),
}


@pytest.mark.parametrize("letter", EDGE_CASES)
def test_each_edge_leads_where_the_table_says(letter: str) -> None:
    levels, state = EDGE_CASES[letter]
    case, results = live(levels)
    last = results[-1]
    assert isinstance(last, Step)
    assert case is not None
    before = last.before.state if last.before else None
    assert EDGES[before, last.event.kind].letter == letter
    assert case.state is state


def test_a_case_that_closed_in_the_moment_it_opened_goes_on_under_its_id() -> None:
    opened = on_change(None, change(LOW))
    assert isinstance(opened, Step)
    faded, again = follow([opened.case], [change(None), change(SERIOUS)])
    assert isinstance(faded, Step)
    assert isinstance(again, Step)
    assert (faded.case.state, again.case.state) == (State.CLOSED, State.UNACKNOWLEDGED)
    assert again.case.alert_id == opened.case.alert_id
    assert EDGES[State.CLOSED, Kind.RAISED].letter == "l"


def test_evidence_after_a_case_has_closed_opens_another() -> None:
    case, results = live([SERIOUS, ACKNOWLEDGED, None, SERIOUS])
    first = results[0]
    assert isinstance(first, Step)
    assert case is not None
    assert case.alert_id != first.case.alert_id
    assert (case.events, case.opened_at) == (1, START + timedelta(seconds=3))


@pytest.mark.parametrize(
    ("levels", "refusal"),
    [
        ([SERIOUS, SERIOUS], Refusal.UNCHANGED),
        ([None], Refusal.NOTHING_LIVE),
        ([SERIOUS, None, None], Refusal.NOTHING_LIVE),
        ([SERIOUS, ACKNOWLEDGED, ACKNOWLEDGED], Refusal.ALREADY_ACKNOWLEDGED),
        ([SERIOUS, None, ACKNOWLEDGED, ACKNOWLEDGED], Refusal.ALREADY_CLOSED),
        ([SERIOUS, ACKNOWLEDGED, Found(SERIOUS)], Refusal.NOT_WORSE),
    ],
)
def test_what_changes_nothing_says_why(levels: list[Happening], refusal: Refusal) -> None:
    case, results = live(levels)
    assert results[-1] is refusal
    assert case == live(levels[:-1])[0]


def test_a_fall_does_not_hide_the_worst_level() -> None:
    case, _ = live([GENERAL, MAJOR, LOW])
    assert case is not None
    assert (case.level, case.worst_level) == (LOW, MAJOR)


def test_what_late_data_shows_leaves_what_is_live_as_it_is() -> None:
    case, results = live([GENERAL, Found(MAJOR)])
    found = results[-1]
    assert isinstance(found, Step)
    assert case is not None
    assert (case.level, case.worst_level, case.changed_at) == (GENERAL, MAJOR, START)
    assert (found.event.level, found.event.event_time) == (MAJOR, START + timedelta(seconds=1))


def test_a_case_that_late_data_opened_goes_on_when_the_evidence_comes_live() -> None:
    case, _ = live([Found(SERIOUS), GENERAL])
    assert case is not None
    assert (case.state, case.level, case.sounded) == (State.UNACKNOWLEDGED, GENERAL, True)


def test_what_late_data_shows_of_the_moment_at_which_a_closed_case_opened_is_to_be_seen_too() -> None:
    closed, _ = live([SERIOUS, ACKNOWLEDGED, None])
    assert closed is not None
    (found,) = follow([closed], [replace(change(MAJOR), retrospective=True)])
    (low,) = follow([closed], [replace(change(LOW), retrospective=True)])
    assert isinstance(found, Step)
    assert EDGES[State.CLOSED, Kind.FOUND].letter == "q"
    assert (found.case.state, found.case.worst_level) == (State.RETURNED, MAJOR)
    assert low is Refusal.ALREADY_CLOSED


def test_an_event_tells_who_when_and_why() -> None:
    _, results = live([SERIOUS, ACKNOWLEDGED])
    by_rules, by_hand = (result.event for result in results if isinstance(result, Step))
    assert (by_rules.who, by_rules.why, by_rules.event_time) == (RULES, "evidence appeared", START)
    assert (by_rules.risk_change_id, by_rules.data["likelihood"]) == (1, 3)
    assert (by_hand.who, by_hand.why, by_hand.risk_change_id) == ("night-desk", "on it", None)


def test_the_ids_of_a_replay_are_those_of_the_feed() -> None:
    levels = [SERIOUS, None, GENERAL, ACKNOWLEDGED, None]
    assert live(levels) == live(levels)
    assert str(alert_id("chamber-7", "gas-leak", START)) == "de89cf92-df06-5898-8d2b-a484ceb8099d"
    elsewhere = START.astimezone(tz=None)
    assert alert_id("chamber-7", "gas-leak", elsewhere) == alert_id("chamber-7", "gas-leak", START)


@given(st.lists(st.sampled_from([*RiskLevel, *map(Found, RiskLevel), None, ACKNOWLEDGED])))
def test_no_sequence_reaches_what_the_table_does_not_allow(levels: list[Happening]) -> None:
    _, results = live(levels)
    worst: RiskLevel | None = None
    for each, result in zip(levels, results, strict=True):
        if isinstance(result, Refusal):
            continue
        before, event, case = result.before, result.event, result.case
        assert EDGES[before.state if before else None, event.kind].to is case.state
        assert (case.level is None) == (case.state in {State.RETURNED, State.CLOSED})
        assert event.number == case.events == (before.events + 1 if before else 1)
        if before is None:
            worst = None
        level = each.level if isinstance(each, Found) else each
        if isinstance(level, RiskLevel):
            worst = min(worst or level, level)
        assert case.worst_level == worst
        if event.kind is Kind.ACKNOWLEDGED and before is not None and before.level is None:
            assert case.state is State.CLOSED
        if event.kind is Kind.RISEN:
            assert case.state is State.UNACKNOWLEDGED


@given(st.lists(st.sampled_from([*RiskLevel, None])), st.integers(min_value=0, max_value=20))
def test_where_a_batch_was_cut_changes_nothing(levels: list[RiskLevel | None], cut: int) -> None:
    changes = [change(level, second) for second, level in enumerate(levels)]
    whole = follow([], changes)
    first = follow([], changes[:cut])
    standing = [result.case for result in first if isinstance(result, Step)][-1:]
    assert first + follow(standing, changes[cut:]) == whole


def test_each_asset_and_hazard_has_a_case_of_its_own() -> None:
    one, other = change(SERIOUS), replace(change(MAJOR, 1), hazard="toxic-gas")
    results = follow([], [one, other, change(None, 2)])
    states = [result.case.state for result in results if isinstance(result, Step)]
    assert states == [State.UNACKNOWLEDGED, State.UNACKNOWLEDGED, State.RETURNED]


def test_the_documentation_draws_every_edge_with_its_letter() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for (source, kind), edge in EDGES.items():
        start = source or "[*]"
        assert re.search(rf"^\s*{re.escape(start)} --> {edge.to}: {edge.letter}\b", text, re.MULTILINE), edge
        assert re.search(
            rf"^\| {edge.letter} \| {source or 'normal'} \| {kind} \| {edge.to} \|", text, re.MULTILINE
        ), edge
