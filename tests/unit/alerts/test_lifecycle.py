"""The life of a case: every edge of the table, and sequences that nobody thought of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import policy
from alerts.lifecycle import (
    OFF,
    RULES,
    Act,
    Awaited,
    Case,
    Cause,
    Change,
    Covered,
    InWindow,
    Kind,
    Refusal,
    Stage,
    State,
    Step,
    alert_id,
    allowed,
    awaited,
    due_at,
    follow,
    on_act,
    on_change,
    on_circumstance,
    on_its_end,
    on_time,
    opened,
)
from alerts.lifecycle.table import HOLDS, MOVES, TABLE, Edge, edge
from alerts.roles import Role
from rules.levels import RiskLevel

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MAJOR, SERIOUS, GENERAL, LOW = RiskLevel
POLICY = policy.default()
ACKNOWLEDGED = Kind.ACKNOWLEDGED
DOCS = Path(__file__).parents[3] / "docs" / "alerts.md"
OTHER, WINDOW = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Found:
    """A level that late data shows."""

    level: RiskLevel


@dataclass(frozen=True)
class Explained:
    """A level that another case explains, or that maintenance does."""

    level: RiskLevel
    by: Covered | InWindow


@dataclass(frozen=True)
class Given:
    """A person says that it is so."""

    level: RiskLevel


@dataclass(frozen=True)
class Shelf:
    """Put aside for an hour, or until its evidence is gone."""

    once: bool = False


@dataclass(frozen=True)
class Later:
    """Nothing else happens for a while."""

    by: timedelta


COVERED, MAINTAINED = Covered(OTHER, "the main has burst"), InWindow(WINDOW, "new valve")
OVER = "what explained it is over"
Happening = RiskLevel | Found | Explained | Given | Shelf | Later | Covered | InWindow | Kind | str | None


def change(level: RiskLevel | None, second: int = 0, *, latching: bool = False) -> Change:
    time = START + timedelta(seconds=second)
    return Change(second + 1, "chamber-7", "gas-leak", time, level, 3, 4, {"evidence": []}, latching=latching)


def act(kind: Kind, at: datetime, role: Role = Role.ENGINEER) -> Act:
    return Act(kind=kind, who="night-desk", role=role, why="on it", at=at)


def happen(  # noqa: PLR0911, one answer a line
    case: Case | None, each: Happening, now: datetime, *, latching: bool
) -> list[Step | Refusal]:
    """What one thing does to the newest case."""
    made = replace(change(None, latching=latching), time=now, risk_change_id=round(now.timestamp()))
    standing = [] if case is None else [case]
    match each:
        case Found(level):
            return list(follow(standing, [replace(made, level=level, retrospective=True)]))
        case Explained(level, by):
            return list(follow(standing, [replace(made, level=level, circumstance=by)]))
        case Given(level):
            new = case is None or case.state is State.CLOSED
            given_by = act(Kind.OPENED, now)
            return [opened("chamber-7", "gas-leak", level, 5, 4, given_by)] if new else [Refusal.ALREADY_OPEN]
        case RiskLevel() | None:
            return list(follow(standing, [replace(made, level=each)]))
    if case is None:
        return [Refusal.NOTHING_LIVE]
    match each:
        case Covered() | InWindow():
            return [on_circumstance(case, each, now)]
        case Later():
            return list(on_time(case, POLICY, now))
        case Shelf(once):
            until = None if once else now + timedelta(hours=1)
            result = on_act(case, replace(act(Kind.SHELVED, now), until=until, once=once), POLICY)
        case Kind():
            result = on_act(case, act(each, now), POLICY)
        case _:
            return [on_its_end(case, now)]
    return [result] if isinstance(result, Refusal) else list(result)


def live(
    happenings: Sequence[Happening], *, latching: bool = False
) -> tuple[Case | None, list[Step | Refusal]]:
    """Live through it, a second apart, always in the newest case."""
    case, results, now = None, [], START
    for each in happenings:
        now += each.by if isinstance(each, Later) else timedelta()
        for result in happen(case, each, now, latching=latching):
            if isinstance(result, Step):
                case = result.case
            results.append(result)
        now += timedelta(seconds=1)
    return case, results


def taken(step: Step) -> Edge | None:
    """The edge that a step took; None for what leaves the state as it is."""
    before = step.before.state if step.before else None
    return edge(before, step.event.kind, step.case if step.before is None else _graded(step))


def _graded(step: Step) -> Case:
    """The case before the step, with the levels of after it: what conditions are asked of."""
    assert step.before is not None
    after = step.case
    return replace(
        step.before,
        found_level=after.found_level,
        given_level=after.given_level,
        worst_level=after.worst_level,
        shelved_level=step.before.shelved_level,
    )


D, S_ONCE, S_TIMED = Kind.DISPATCHED, Shelf(once=True), Shelf()
TASK: list[Happening] = [SERIOUS, ACKNOWLEDGED, D]
LATCHED: list[Happening] = [MAJOR, ACKNOWLEDGED, None]
HOUR = Later(timedelta(hours=2))
EDGE_CASES: dict[str, tuple[list[Happening], State]] = {
    "a": ([SERIOUS], State.UNACKNOWLEDGED),
    "b": ([SERIOUS, MAJOR], State.UNACKNOWLEDGED),
    "c": ([SERIOUS, GENERAL], State.UNACKNOWLEDGED),
    "d": ([SERIOUS, ACKNOWLEDGED], State.ACKNOWLEDGED),
    "e": ([SERIOUS, ACKNOWLEDGED, GENERAL], State.ACKNOWLEDGED),
    "f": ([SERIOUS, ACKNOWLEDGED, MAJOR], State.UNACKNOWLEDGED),
    "g": (LATCHED, State.LATCHED),
    "h": ([*TASK, None], State.NORMAL),
    "i": ([SERIOUS, ACKNOWLEDGED, None], State.CLOSED),
    "j": ([SERIOUS, None], State.RETURNED),
    "k": ([LOW, D, None], State.NORMAL),
    "l": ([LOW, None], State.CLOSED),
    "m": ([SERIOUS, None, GENERAL], State.UNACKNOWLEDGED),
    "n": ([MAJOR, None, ACKNOWLEDGED], State.LATCHED),
    "o": ([SERIOUS, D, None, ACKNOWLEDGED], State.NORMAL),
    "p": ([SERIOUS, None, ACKNOWLEDGED], State.CLOSED),
    "q": ([*LATCHED, GENERAL], State.UNACKNOWLEDGED),
    "r": ([MAJOR, ACKNOWLEDGED, D, None, Kind.RESET], State.NORMAL),
    "s": ([*LATCHED, Kind.RESET], State.CLOSED),
    "t": ([*TASK, None, GENERAL], State.UNACKNOWLEDGED),
    "u": ([*TASK, None, Kind.DISMISSED, Kind.CLOSED], State.CLOSED),
    "w": ([SERIOUS, ACKNOWLEDGED, HOUR], State.UNACKNOWLEDGED),
    "x": ([Given(SERIOUS)], State.ACKNOWLEDGED),
    "aa": ([SERIOUS, S_TIMED], State.SHELVED),
    "ab": ([SERIOUS, ACKNOWLEDGED, S_TIMED], State.SHELVED),
    "ac": ([SERIOUS, S_TIMED, MAJOR], State.UNACKNOWLEDGED),
    "ad": ([SERIOUS, S_TIMED, LOW, GENERAL], State.SHELVED),
    "ae": ([SERIOUS, S_TIMED, LOW], State.SHELVED),
    "af": ([SERIOUS, S_TIMED, None], State.SHELVED),
    "ag": ([MAJOR, S_ONCE, None], State.LATCHED),
    "ah": ([SERIOUS, D, S_ONCE, None], State.NORMAL),
    "ai": ([SERIOUS, S_ONCE, None], State.CLOSED),
    "aj": ([SERIOUS, S_TIMED, None, MAJOR], State.UNACKNOWLEDGED),
    "ak": ([SERIOUS, S_TIMED, None, GENERAL], State.SHELVED),
    "al": ([SERIOUS, S_TIMED, Kind.UNSHELVED], State.UNACKNOWLEDGED),
    "am": ([MAJOR, S_TIMED, None, Kind.UNSHELVED], State.LATCHED),
    "an": ([SERIOUS, D, S_TIMED, None, Kind.UNSHELVED], State.NORMAL),
    "ao": ([SERIOUS, S_TIMED, None, HOUR], State.CLOSED),
    "ba": ([Explained(SERIOUS, COVERED)], State.SUPPRESSED),
    "bb": ([SERIOUS, COVERED], State.SUPPRESSED),
    "bc": ([SERIOUS, COVERED, MAJOR], State.UNACKNOWLEDGED),
    "bd": ([GENERAL, COVERED, SERIOUS], State.SUPPRESSED),
    "be": ([SERIOUS, COVERED, GENERAL], State.SUPPRESSED),
    "bf": ([SERIOUS, D, COVERED, None], State.NORMAL),
    "bg": ([SERIOUS, COVERED, None], State.CLOSED),
    "bh": ([SERIOUS, COVERED, OVER], State.UNACKNOWLEDGED),
    "bi": ([SERIOUS, COVERED, COVERED], State.SUPPRESSED),
    "ca": ([Explained(MAJOR, MAINTAINED)], State.OUT_OF_SERVICE),
    "cb": ([SERIOUS, MAINTAINED], State.OUT_OF_SERVICE),
    "cc": ([SERIOUS, ACKNOWLEDGED, MAINTAINED], State.OUT_OF_SERVICE),
    "cd": ([SERIOUS, S_TIMED, MAINTAINED], State.OUT_OF_SERVICE),
    "ce": ([SERIOUS, COVERED, MAINTAINED], State.OUT_OF_SERVICE),
    "cf": ([SERIOUS, MAINTAINED, MAJOR], State.OUT_OF_SERVICE),
    "cg": ([SERIOUS, MAINTAINED, LOW], State.OUT_OF_SERVICE),
    "ch": ([SERIOUS, D, MAINTAINED, None], State.NORMAL),
    "ci": ([SERIOUS, MAINTAINED, None], State.CLOSED),
    "cj": ([SERIOUS, MAINTAINED, OVER], State.UNACKNOWLEDGED),
    "da": ([Found(SERIOUS)], State.RETURNED),
    "db": ([Found(LOW)], State.CLOSED),
    "dc": ([SERIOUS, Found(GENERAL)], State.UNACKNOWLEDGED),
    "dd": ([SERIOUS, ACKNOWLEDGED, Found(MAJOR)], State.UNACKNOWLEDGED),
    "de": ([SERIOUS, None, Found(GENERAL)], State.RETURNED),
    "df": ([*LATCHED, Found(GENERAL)], State.LATCHED),
    "dg": ([SERIOUS, S_TIMED, Found(GENERAL)], State.SHELVED),
    "dh": ([SERIOUS, COVERED, Found(GENERAL)], State.SUPPRESSED),
    "di": ([SERIOUS, MAINTAINED, Found(GENERAL)], State.OUT_OF_SERVICE),
    "dj": ([*TASK, None, Found(GENERAL)], State.NORMAL),
}


def test_there_is_a_case_for_each_edge_but_those_of_one_moment() -> None:
    assert {each.letter for each in TABLE} - EDGE_CASES.keys() == {"v", "dk"}


@pytest.mark.parametrize("letter", EDGE_CASES)
def test_each_edge_leads_where_the_table_says(letter: str) -> None:
    happenings, state = EDGE_CASES[letter]
    case, results = live(happenings, latching=True)
    last = results[-1]
    assert isinstance(last, Step), last
    assert case is not None
    took = taken(last)
    assert took is not None
    assert took.letter == letter
    assert case.state is state


def test_a_case_that_closed_in_the_moment_it_opened_goes_on_under_its_id() -> None:
    opened = on_change(None, change(LOW))
    assert isinstance(opened, Step)
    faded, again = follow([opened.case], [change(None), change(SERIOUS)])
    assert isinstance(faded, Step)
    assert isinstance(again, Step)
    assert (faded.case.state, again.case.state) == (State.CLOSED, State.UNACKNOWLEDGED)
    assert again.case.alert_id == opened.case.alert_id
    assert [each.letter for each in TABLE if each.source is State.CLOSED] == ["v", "dk"]


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
    assert (found.case.state, found.case.worst_level) == (State.RETURNED, MAJOR)
    assert low is Refusal.ALREADY_CLOSED


def test_an_event_tells_who_when_and_why() -> None:
    _, results = live([SERIOUS, ACKNOWLEDGED])
    by_rules, by_hand = (result.event for result in results if isinstance(result, Step))
    assert (by_rules.who, by_rules.why, by_rules.event_time) == (RULES, "evidence appeared", START)
    assert (by_rules.risk_change_id, by_rules.data["likelihood"]) == (round(START.timestamp()), 3)
    assert (by_hand.who, by_hand.why, by_hand.risk_change_id) == ("night-desk", "on it", None)


def test_the_ids_of_a_replay_are_those_of_the_feed() -> None:
    levels = [SERIOUS, None, GENERAL, ACKNOWLEDGED, None]
    assert live(levels) == live(levels)
    assert str(alert_id("chamber-7", "gas-leak", START)) == "de89cf92-df06-5898-8d2b-a484ceb8099d"
    elsewhere = START.astimezone(tz=None)
    assert alert_id("chamber-7", "gas-leak", elsewhere) == alert_id("chamber-7", "gas-leak", START)


HAPPENINGS: list[Happening] = [
    *RiskLevel,
    *map(Found, RiskLevel),
    Explained(SERIOUS, COVERED),
    Explained(MAJOR, MAINTAINED),
    Given(GENERAL),
    None,
    COVERED,
    MAINTAINED,
    OVER,
    S_TIMED,
    S_ONCE,
    Later(timedelta(minutes=7)),
    HOUR,
    *(kind for kind in Kind if kind in MOVES),
    ACKNOWLEDGED,
    Kind.UNSHELVED,
    Kind.RESET,
    Kind.CLOSED,
    Kind.NOTED,
]


@given(st.lists(st.sampled_from(HAPPENINGS)), st.booleans())
def test_no_sequence_reaches_what_the_table_does_not_allow(
    happenings: list[Happening],
    latching: bool,  # noqa: FBT001, hypothesis gives it
) -> None:
    _, results = live(happenings, latching=latching)
    for result in results:
        if isinstance(result, Refusal):
            continue
        before, event, case = result.before, result.event, result.case
        assert event.number == case.events == (before.events + 1 if before else 1)
        took = taken(result)
        if took is None:
            assert before is not None
            assert event.kind in {*MOVES, Kind.NOTED, Kind.ESCALATED}
            assert before.state is case.state
        else:
            assert took.to is case.state
        assert (case.level is None) or case.state not in {
            State.RETURNED, State.LATCHED, State.NORMAL, State.CLOSED,
        }  # fmt: skip
        assert (case.shelved_until is not None) == (case.state is State.SHELVED)
        assert (case.covered_by is not None) == (case.state is State.SUPPRESSED)
        assert (case.window_id is not None) == (case.state is State.OUT_OF_SERVICE)
        assert case.state is not State.SUPPRESSED or case.level is not MAJOR
        if before is not None and event.kind is not Kind.FOUND:
            assert case.worst_level <= (case.level or case.worst_level)
        if event.kind is Kind.RISEN:
            assert case.state is State.UNACKNOWLEDGED or case.state in OFF
        if case.state is State.CLOSED and case.stage is not Stage.NONE and event.kind is Kind.CLOSED:
            assert case.stage in {Stage.RESOLVED, Stage.FALSE_ALARM}


@given(st.lists(st.sampled_from(HAPPENINGS)))
def test_what_is_offered_is_what_would_not_be_refused(happenings: list[Happening]) -> None:
    case, _ = live(happenings)
    if case is None:
        return
    for role in Role:
        offered = allowed(case, role, POLICY)
        for kind in (ACKNOWLEDGED, Kind.UNSHELVED, Kind.RESET, Kind.CLOSED, *MOVES):
            refused = isinstance(on_act(case, act(kind, case.changed_at, role), POLICY), Refusal)
            assert refused == (kind not in offered)


def test_conditions_of_one_state_and_kind_end_with_one_that_always_holds() -> None:
    for each in TABLE:
        last = [one for one in TABLE if (one.source, one.kind) == (each.source, each.kind)][-1]
        only_by_choice = last.letter in {"u", "g"}
        assert last.when is None or only_by_choice, last
    assert HOLDS.keys() == {each.when for each in TABLE} - {None} | {
        one for one in HOLDS if one.name == "LIVE"
    }


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


def test_the_documentation_tells_of_every_edge_with_its_letter() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for each in TABLE:
        row = [each.letter, each.source or "(none)", each.kind, each.when or "", each.to]
        line = " ".join("| " + str(cell) if cell else "|" for cell in row) + " |"
        assert re.search("^" + re.escape(line), text, re.MULTILINE), line


def timed(*happenings: Happening) -> Case:
    case, _ = live(happenings)
    assert case is not None
    return case


def test_each_wait_of_a_handled_case_has_its_deadline() -> None:
    steps: list[tuple[Happening, Awaited | None]] = [
        (SERIOUS, Awaited.ACKNOWLEDGEMENT),
        (ACKNOWLEDGED, Awaited.DISPATCH),
        (D, Awaited.RECEIPT),
        (Kind.RECEIVED, Awaited.ARRIVAL),
        (Kind.ARRIVED, Awaited.VERIFICATION),
        (Kind.VERIFIED, Awaited.RESOLUTION),
        (None, Awaited.RESOLUTION),
        (Kind.RESOLVED, Awaited.CLOSING),
        (Kind.CLOSED, None),
    ]
    for count, (_, awaits) in enumerate(steps, 1):
        case = timed(*(each for each, _ in steps[:count]))
        assert awaited(case) is awaits
        deadline = POLICY.serious.deadline(awaits) if awaits else None
        expected = case.waits_at + timedelta(microseconds=deadline) if deadline else None
        assert due_at(case, POLICY) == expected
    assert case.state is State.CLOSED


def test_a_passed_deadline_is_told_as_often_as_the_policy_says_and_then_no_more() -> None:
    case, results = live([SERIOUS, Later(timedelta(days=1))])
    told = [step.event for step in results if isinstance(step, Step) and step.event.kind is Kind.ESCALATED]
    assert [(event.data["awaits"], event.data["number"]) for event in told] == [
        ("acknowledgement", 1), ("acknowledgement", 2),
    ]  # fmt: skip
    assert [event.event_time - START for event in told] == [timedelta(minutes=10), timedelta(minutes=20)]
    assert case is not None
    assert due_at(case, POLICY) is None


def test_low_cases_and_what_late_data_showed_wait_for_nobody() -> None:
    assert due_at(timed(LOW), POLICY) is None
    assert due_at(timed(Found(MAJOR)), POLICY) is None


@pytest.mark.parametrize(
    ("level", "role", "hours", "refusal"),
    [
        (MAJOR, Role.OPERATOR, 0.5, Refusal.NEEDS_MORE),
        (MAJOR, Role.ENGINEER, 0.5, None),
        (MAJOR, Role.ENGINEER, 2, Refusal.SHELVED_TOO_LONG),
        (SERIOUS, Role.OPERATOR, 8, None),
        (SERIOUS, Role.OPERATOR, 9, Refusal.SHELVED_TOO_LONG),
        (SERIOUS, Role.OPERATOR, -1, Refusal.SHELF_IN_THE_PAST),
        (SERIOUS, Role.UTILITY, 1, Refusal.NOT_ALLOWED),
        (SERIOUS, Role.VIEWER, 1, Refusal.NOT_ALLOWED),
    ],
)
def test_how_long_and_by_whom_a_level_may_be_shelved(
    level: RiskLevel, role: Role, hours: float, refusal: Refusal | None
) -> None:
    case = timed(level)
    asked = replace(act(Kind.SHELVED, START, role), until=START + timedelta(hours=hours))
    result = on_act(case, asked, POLICY)
    assert (result if isinstance(result, Refusal) else None) == refusal


def test_a_level_given_by_hand_stays_when_the_rules_fall_below_it_and_goes_with_its_resolution() -> None:
    happenings: list[Happening] = [Given(SERIOUS), GENERAL]
    case, results = live(happenings)
    assert results[-1] is Refusal.UNCHANGED
    assert case is not None
    done: list[Happening] = [D, Kind.ARRIVED, Kind.VERIFIED, Kind.RESOLVED]
    case, results = live([Given(SERIOUS), *done])
    assert case is not None
    assert (case.level, case.state, case.stage) == (None, State.NORMAL, Stage.RESOLVED)
    kinds = [step.event.kind for step in results if isinstance(step, Step)]
    assert kinds[-2:] == [Kind.RESOLVED, Kind.CLEARED]


def test_a_false_alarm_names_its_cause() -> None:
    asked = replace(act(Kind.DISMISSED, START), cause=Cause.SENSOR_FAULT)
    result = on_act(timed(SERIOUS), asked, POLICY)
    assert not isinstance(result, Refusal)
    assert result[0].event.data["cause"] == "sensor-fault"
