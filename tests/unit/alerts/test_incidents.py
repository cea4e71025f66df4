"""One cause, one message: what is news of an incident, and which case explains which."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import policy
from alerts.cover import Circumstances, Topology
from alerts.incidents import Book, News
from alerts.lifecycle import Change, Covered, Kind, State, Step, follow
from alerts.routing import told_as
from rules.levels import RiskLevel

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MAJOR, SERIOUS, GENERAL, LOW = RiskLevel
POLICY = policy.default()
TOWN = Topology(
    upstream={"dma-1": ["main"], "dma-2": ["dma-1"], "dma-9": ["other-main"]},
    kinds={"station": "pump-station", "main": "main", "dma-1": "dma"},
    gateways={"a": "gw", "b": "gw", "c": "other-gw"},
)


def change(
    asset: str, level: RiskLevel | None, second: int = 0, hazard: str = "overflow", subject: str = "s/v"
) -> Change:
    at = START + timedelta(seconds=second)
    evidence = [{"rule": "r", "subject": subject, "value": 1.0, "reason": "", "time": at.isoformat()}]
    return Change(second, asset, hazard, at, level, 3, 3, {"evidence": evidence})


def book() -> Book:
    return Book.of(POLICY.gathering, (), {})


def news(taken: Book, changes: Iterable[Change]) -> list[News | None]:
    """What each change is to those who are told by incident; an asset's name begins with its district."""
    steps = [step for step in follow([], changes) if isinstance(step, Step)]
    return [taken.take(step, told_as(step), step.case.asset_id.partition("-")[0]) for step in steps]


def test_a_storm_is_told_when_it_opens_worsens_reaches_further_and_is_over() -> None:
    levels = [("east-1", GENERAL), ("east-2", GENERAL), ("east-3", SERIOUS), ("west-1", SERIOUS),
              ("north-1", GENERAL), ("south-1", SERIOUS), ("south-2", MAJOR), ("south-3", MAJOR)]  # fmt: skip
    raised = [change(asset, level, n) for n, (asset, level) in enumerate(levels)]
    cleared = [change(asset, None, 20 + n) for n, (asset, _) in enumerate(levels)]
    taken = book()
    told = [News.OPENED, None, News.WORSE, News.OPENED, News.WIDER, None, News.WORSE, None]
    assert news(taken, [*raised, *cleared]) == [*told, *[None] * 7, News.OVER]
    assert {each.merged_into is None: each.alerts for each in taken.incidents.values()} == {True: 8, False: 0}


def test_another_cause_is_another_incident() -> None:
    storm = [change(f"east-{n}", SERIOUS, n) for n in range(50)]
    leak = change("east-51", MAJOR, 60, hazard="gas-leak")
    assert news(book(), [*storm, leak])[-1] is News.OPENED


def test_what_comes_back_within_the_linger_is_the_same_incident_and_no_news() -> None:
    taken, minute = book(), 60
    within = [
        change("east-1", SERIOUS),
        change("east-1", None, 5 * minute),
        change("east-2", SERIOUS, 9 * minute),
        change("east-2", None, 10 * minute),
    ]
    assert news(taken, within) == [News.OPENED, News.OVER, None, None]
    assert news(taken, [change("east-3", SERIOUS, 24 * 60 * minute)]) == [News.OPENED]
    assert len(taken.incidents) == 2


def test_a_missed_deadline_is_told_once_an_incident_however_many_cases_miss_it() -> None:
    from alerts.lifecycle import on_time  # noqa: PLC0415

    taken = book()
    steps = [
        step
        for step in follow([], [change(f"east-{n}", SERIOUS, n) for n in range(20)])
        if isinstance(step, Step)
    ]
    for step in steps:
        taken.take(step, told_as(step), "east")
    late = [each for step in steps for each in on_time(step.case, POLICY, START + timedelta(minutes=15))]
    assert {each.event.kind for each in late} == {Kind.ESCALATED}
    said = [taken.take(each, told_as(each), "east") for each in late]
    assert said == [News.OVERDUE, *[None] * 19]


DISTRICTS = ("east", "west", "north", "south")


@given(
    st.lists(st.tuples(st.sampled_from(DISTRICTS), st.integers(0, 3), st.sampled_from([*RiskLevel, None])))
)
def test_the_book_counts_what_is_live(history: list[tuple[str, int, RiskLevel | None]]) -> None:
    taken, cases = book(), {}
    for second, (district, number, level) in enumerate(history):
        asset = f"{district}-{number}"
        (result,) = follow([cases[asset]] if asset in cases else [], [change(asset, level, second)])
        if isinstance(result, Step):
            cases[asset] = result.case
            taken.take(result, told_as(result), district)
    live = sum(case.level is not None for case in cases.values())
    assert sum(each.live for each in taken.incidents.values()) == live
    open_ = [each for each in taken.incidents.values() if each.closed_at is None]
    assert len({(each.cause, each.district) for each in open_}) == len(open_)
    assert len(open_) <= POLICY.gathering.districts


def circumstances() -> Circumstances:
    return Circumstances(POLICY.cover, TOWN, ())


@pytest.mark.parametrize(
    ("cause", "hidden", "state"),
    [
        (("main", "burst", "s/v", SERIOUS), ("dma-1", "burst", "s/v", GENERAL), State.SUPPRESSED),
        (("main", "burst", "s/v", SERIOUS), ("dma-2", "burst", "s/v", SERIOUS), State.SUPPRESSED),
        (("main", "burst", "s/v", GENERAL), ("dma-1", "burst", "s/v", SERIOUS), State.UNACKNOWLEDGED),
        (("main", "burst", "s/v", SERIOUS), ("dma-1", "burst", "s/v", MAJOR), State.UNACKNOWLEDGED),
        (("main", "burst", "s/v", SERIOUS), ("dma-9", "burst", "s/v", GENERAL), State.UNACKNOWLEDGED),
        (("main", "burst", "s/v", SERIOUS), ("dma-1", "water-quality", "s/v", GENERAL), State.UNACKNOWLEDGED),
        (("dma-1", "burst", "s/v", SERIOUS), ("main", "burst", "s/v", GENERAL), State.UNACKNOWLEDGED),
        (("x", "data-loss", "a/v", GENERAL), ("y", "data-loss", "b/v", GENERAL), State.SUPPRESSED),
        (("x", "data-loss", "a/v", GENERAL), ("y", "data-loss", "c/v", GENERAL), State.UNACKNOWLEDGED),
        (("station", "equipment", "s/v", SERIOUS), ("station", "overflow", "s/v", SERIOUS), State.SUPPRESSED),
        (("main", "equipment", "s/v", SERIOUS), ("main", "overflow", "s/v", SERIOUS), State.UNACKNOWLEDGED),
    ],
)
def test_what_explains_what(
    cause: tuple[str, str, str, RiskLevel], hidden: tuple[str, str, str, RiskLevel], state: State
) -> None:
    changes = [
        change(asset, level, second, hazard, subject)
        for second, (asset, hazard, subject, level) in enumerate((cause, hidden))
    ]
    first, second = follow([], changes, circumstances())
    assert isinstance(first, Step)
    assert isinstance(second, Step)
    assert (first.case.state, second.case.state) == (State.UNACKNOWLEDGED, state)
    expected: UUID | None = first.case.alert_id if state is State.SUPPRESSED else None
    assert second.case.covered_by == expected


def test_what_is_hidden_explains_nothing_itself_and_what_is_over_no_more() -> None:
    known = circumstances()
    burst = change("main", SERIOUS, 0, "burst")
    (opened,) = follow([], [burst], known)
    assert isinstance(opened, Step)
    assert known.of(change("dma-1", GENERAL, 1, "burst")) == Covered(opened.case.alert_id, "burst at main")
    assert known.of(replace(burst, asset_id="main")) is None
    follow([opened.case], [change("main", None, 2, "burst")], known)
    assert known.of(change("dma-1", GENERAL, 3, "burst")) is None
