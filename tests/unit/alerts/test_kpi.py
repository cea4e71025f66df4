"""The figures of ISA-18.2, against a count by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.kpi import Alarm, Life, Report, floods, report

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
UNTIL = NOON + timedelta(days=1)


def alarm(minutes: float, source: str = "dma-1", level: int = 3) -> Alarm:
    return Alarm(source, "burst", level, NOON + minutes * MINUTE)


def life(sounded: float, **minutes: float) -> Life:
    ends = ("acknowledged_at", "resolved_at", "returned_at", "standing_since")
    at = {end: NOON + minutes[end] * MINUTE if end in minutes else None for end in ends}
    return Life(NOON + sounded * MINUTE, **at)


def value(found: Report, name: str) -> float | None:
    (figure,) = (each for each in found.figures if each.name == name)
    return figure.value


def met(found: Report, name: str) -> bool | None:
    (figure,) = (each for each in found.figures if each.name == name)
    return figure.met


ALARMS = [
    # 12:00-12:10: 24 alarms of 24 sources, so 12 for each of the two desks
    *(alarm(n / 4, f"dma-{n}") for n in range(24)),
    # 12:10-12:20: 12, so 6 each: the flood goes on; 12:20-12:30: 8, so 4 each: it is over
    *(alarm(10 + n / 2, f"dma-{n}", 2) for n in range(12)),
    *(alarm(20 + n, f"dma-{n}") for n in range(8)),
    # one source three times within a minute, an hour later; and once at 18:00
    *(alarm(60 + n / 4, "pump", 1) for n in range(3)),
    alarm(360, "pump", 1),
]  # fmt: skip
LIVES = [
    life(0, acknowledged_at=5, resolved_at=65),
    life(1, acknowledged_at=16, returned_at=30),
    life(2, returned_at=2.5),
    life(-2000, standing_since=-2000),
    life(3, standing_since=3),
]


def test_the_figures_are_those_of_a_count_by_hand() -> None:
    found = report(ALARMS, LIVES, NOON, UNTIL, 2)
    expected = {
        "alarms": 48,
        "alarms a day": 24,
        "alarms an hour": 1,
        "alarms in ten minutes": 24 / 144,
        "most in ten minutes": 12,
        "floods": 1,
        "time in flood": 100 * 2 / 144,
        "chattering": 1,
        "fleeting": 1,
        "stale": 1,
        "share of general": 100 * 32 / 48,
        "share of serious": 100 * 12 / 48,
        "share of major": 100 * 4 / 48,
        "mean time to acknowledge": 10,
        "nine of ten acknowledged within": 14,
        "mean time to resolve": 65,
        "nine of ten resolved within": 65,
    }
    assert {each.name: each.value for each in found.figures} == pytest.approx(expected)
    assert not met(found, "most in ten minutes")
    assert met(found, "alarms a day")
    assert not met(found, "chattering")
    assert not found.sound
    assert (found.top[0].asset_id, found.top[0].alarms, found.top[0].share) == ("pump", 4, 4 / 48)


def test_what_is_outside_the_period_is_not_counted() -> None:
    found = report([alarm(-1), alarm(0), alarm(24 * 60)], [], NOON, UNTIL, 1)
    assert value(found, "alarms") == 1


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        ([10, 10], []),
        ([11, 5, 4, 11], [(0, 1), (3, 3)]),
        ([0, 11, 20, 5, 5, 0], [(1, 4)]),
    ],
)
def test_a_flood_begins_above_ten_and_ends_below_five(
    buckets: list[int], expected: list[tuple[int, int]]
) -> None:
    assert floods(np.array(buckets, float)) == expected


@given(st.permutations(ALARMS), st.permutations(LIVES))
def test_the_order_of_what_is_read_does_not_matter(alarms: list[Alarm], lives: list[Life]) -> None:
    assert report(alarms, lives, NOON, UNTIL, 2) == report(ALARMS, LIVES, NOON, UNTIL, 2)
