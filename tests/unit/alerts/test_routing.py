"""Who is told, as what, and why not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import tables
from alerts.lifecycle import Change, Kind, Step, follow
from alerts.routing import Decision, Occasion, Place, Receiver, Route, role, told_as
from rules.levels import RiskLevel
from sensors.model import Domain
from tests.alerting import plan, webhook

MAJOR, SERIOUS, GENERAL, LOW = RiskLevel
WATER, CENTRE, EXERCISE = webhook("water-desk"), webhook("centre"), webhook("exercise", drill=True)
ALL = plan(WATER, CENTRE, EXERCISE)
PLACE = Place("water", "east", "water-co")
ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 1, 5, tzinfo=ZONE)
OCCASION = Occasion("water", "east", "water-co", "burst", RiskLevel.SERIOUS, "raised", None, MONDAY)


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
    ("receiver", "drill", "decision"),
    [
        (WATER, False, Decision.DELIVER),
        (EXERCISE, False, Decision.ONLY_DRILLS),
        (EXERCISE, True, Decision.DELIVER),
        (WATER, True, Decision.NO_DRILLS),
    ],
)
def test_drills_and_real_alerts_never_mix(receiver: Receiver, *, drill: bool, decision: Decision) -> None:
    assert role(receiver, drill=drill) is decision


@pytest.mark.parametrize(
    ("route", "occasion", "against"),
    [
        ({}, {}, None),
        ({}, {"domain": None, "district": None, "utility": None}, None),
        ({"domain": ("water", "gas")}, {}, None),
        ({"domain": ("gas",)}, {}, "wants domain gas, not water"),
        ({"district": ("west",)}, {}, "wants district west, not east"),
        ({"utility": ("gas-co",)}, {"utility": None}, "wants utility gas-co, not an unknown one"),
        ({"hazard": ("gas-leak", "overflow")}, {}, "wants hazard gas-leak or overflow, not burst"),
        ({"least": "serious"}, {}, None),
        ({"least": "major"}, {}, "wants levels from major to major, not serious"),
        ({"worst": "general"}, {}, "wants levels from general to general, not serious"),
        ({"kinds": ("raised",)}, {}, None),
        ({"kinds": ("raised", "risen")}, {"kind": "cleared"}, "wants raised or risen, not cleared"),
        ({}, {"kind": "escalated", "escalation": 1}, "hears of no missed deadlines"),
        ({"escalation": 1}, {}, "hears of missed deadlines only"),
        ({"escalation": 1}, {"kind": "escalated", "escalation": 1}, None),
        ({"escalation": 2}, {"kind": "escalated", "escalation": 1}, "wants missed deadline 2, not 1"),
    ],
)
def test_a_route_says_what_keeps_an_occasion_from_it(
    route: dict[str, Any], occasion: dict[str, Any], against: str | None
) -> None:
    said = Route(0, tables.Route(to=("centre",), **route)).against(replace(OCCASION, **occasion), ZONE)
    assert said == against


@pytest.mark.parametrize(
    ("days", "hours", "hour", "matches"),
    [
        ((), "08:00-18:00", 8, True),
        ((), "08:00-18:00", 18, False),
        ((), "22:00-06:00", 23, True),
        ((), "22:00-06:00", 5, True),
        ((), "22:00-06:00", 6, False),
        (("mon",), None, 0, True),
        (("tue",), None, 0, False),
        (("mon",), "22:00-06:00", 5, False),  # that night began on Sunday
        (("sun",), "22:00-06:00", 5, True),
        (("mon",), "22:00-06:00", 29, True),
        (("mon",), "00:00-00:00", 12, True),
    ],
)
def test_duty_hours_are_those_of_the_city(
    days: tuple[Any, ...], hours: str | None, hour: int, *, matches: bool
) -> None:
    """Hours after the midnight with which Monday began; the event itself is in UTC."""
    route = Route(0, tables.Route(to=("centre",), days=days, hours=hours))
    time = (MONDAY + timedelta(hours=hour)).astimezone(UTC)
    assert (route.against(replace(OCCASION, time=time), ZONE) is None) == matches


def test_routes_add_up_and_a_receiver_hears_once_and_why() -> None:
    two = replace(ALL, routes=(*ALL.routes, Route(1, tables.Route(to=("centre",), domain=(Domain.GAS,)))))
    assert [
        (choice.receiver.id, choice.decision, choice.routes) for choice in two.choose(OCCASION, drill=False)
    ] == [
        ("water-desk", Decision.DELIVER, ("route[0] matches",)),
        ("centre", Decision.DELIVER, ("route[0] matches", "route[1] wants domain gas, not water")),
        ("exercise", Decision.ONLY_DRILLS, ("route[0] matches",)),
    ]
    only = replace(ALL, routes=two.routes[1:])
    assert [choice.decision for choice in only.choose(OCCASION, drill=False)][1] is Decision.NO_ROUTE


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
    made = list(ALL.deliveries(step, PLACE, drill=False))
    assert [each.receiver for each in made] == ["water-desk", "centre"]
    assert made == list(plan(WATER, CENTRE).deliveries(steps(MAJOR)[0], PLACE, drill=False))
    assert len({each.delivery_id for each in made}) == 2


@given(st.lists(st.sampled_from([*RiskLevel, None])))
def test_no_receiver_of_real_alerts_is_in_a_drill(levels: list[RiskLevel | None]) -> None:
    for step in steps(*levels):
        for delivery in ALL.deliveries(step, PLACE, drill=True):
            assert delivery.receiver == EXERCISE.id
