"""Who is told, as what, and why not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle import Change, Kind, Step, follow
from alerts.routing import Decision, Receiver, decide, deliveries, told_as
from rules.levels import RiskLevel

MAJOR, SERIOUS, GENERAL, LOW = RiskLevel
SECRET = b"0123456789abcdef"
WATER = Receiver("water-desk", "water-co", "https://water.example/alerts", SECRET, drill=False)
CENTRE = Receiver("centre", "*", "https://centre.example/alerts", SECRET, drill=False)
EXERCISE = Receiver("exercise", "water-co", "https://exercise.example/alerts", SECRET, drill=True)


def steps(*levels: int | None) -> list[Step]:
    start = datetime(2026, 1, 2, tzinfo=UTC)
    changes = [
        Change(
            second,
            "dma-3",
            "burst",
            start + timedelta(seconds=second),
            None if level is None else RiskLevel(abs(level)),
            3,
            3,
            {},
            retrospective=(level or 1) < 0,
        )
        for second, level in enumerate(levels)
    ]
    return [result for result in follow([], changes) if isinstance(result, Step)]


@pytest.mark.parametrize(
    ("receiver", "owner", "drill", "decision"),
    [
        (WATER, "water-co", False, Decision.DELIVER),
        (WATER, "gas-co", False, Decision.NOT_ITS_UTILITY),
        (WATER, None, False, Decision.NOT_ITS_UTILITY),
        (CENTRE, "gas-co", False, Decision.DELIVER),
        (CENTRE, None, False, Decision.DELIVER),
        (EXERCISE, "water-co", False, Decision.ONLY_DRILLS),
        (EXERCISE, "water-co", True, Decision.DELIVER),
        (WATER, "water-co", True, Decision.NO_DRILLS),
        (CENTRE, "water-co", True, Decision.NO_DRILLS),
    ],
)
def test_a_receiver_gets_what_concerns_it(
    receiver: Receiver, owner: str | None, *, drill: bool, decision: Decision
) -> None:
    assert decide(receiver, owner, drill=drill) is decision


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ([-MAJOR], [None]),
        ([-MAJOR, GENERAL, None], [None, Kind.RAISED, Kind.CLEARED]),
        ([-MAJOR, LOW, None], [None, None, None]),
        ([LOW, -MAJOR, GENERAL], [None, None, Kind.RAISED]),
        ([GENERAL, -MAJOR, SERIOUS], [Kind.RAISED, None, Kind.RISEN]),
    ],
)
def test_what_late_data_shows_is_told_to_nobody(levels: list[int | None], told: list[Kind | None]) -> None:
    """A level with a minus is one that late data shows."""
    assert [told_as(step) for step in steps(*levels)] == told


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ([SERIOUS, MAJOR, GENERAL, None], [Kind.RAISED, Kind.RISEN, Kind.FALLEN, Kind.CLEARED]),
        ([LOW, None], [None, None]),
        ([LOW, GENERAL, LOW], [None, Kind.RAISED, Kind.FALLEN]),
        ([GENERAL, LOW, GENERAL], [Kind.RAISED, Kind.FALLEN, Kind.RISEN]),
        ([GENERAL, None, LOW], [Kind.RAISED, Kind.CLEARED, Kind.RAISED]),
    ],
)
def test_a_low_case_is_told_to_nobody_until_it_rises(
    levels: list[RiskLevel | None], told: list[Kind | None]
) -> None:
    assert [told_as(step) for step in steps(*levels)] == told


def test_a_delivery_is_the_same_whenever_it_is_made() -> None:
    (step,) = steps(MAJOR)
    made = list(deliveries(step, "water-co", [WATER, CENTRE, EXERCISE], drill=False))
    assert [each.receiver for each in made] == ["water-desk", "centre"]
    assert made == list(deliveries(steps(MAJOR)[0], "water-co", [WATER, CENTRE], drill=False))
    assert len({each.delivery_id for each in made}) == 2


@given(st.lists(st.sampled_from([*RiskLevel, None])), st.sampled_from(["water-co", "gas-co", None]))
def test_no_receiver_of_real_alerts_is_in_a_drill(levels: list[RiskLevel | None], owner: str | None) -> None:
    for step in steps(*levels):
        for delivery in deliveries(step, owner, [WATER, CENTRE, EXERCISE], drill=True):
            assert delivery.receiver == EXERCISE.id
