"""Days and months by a city's clock, whatever that clock does."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.duty.period import NoPeriodError, Period, Span, period, until_now, yesterday

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        SHANGHAI,
        BERLIN,
        *map(ZoneInfo, ("UTC", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Beirut", "America/Havana")),
    ]
)
DAYS = st.dates(date(2001, 1, 1), date(2100, 12, 30))
NOON = datetime(2026, 1, 2, 4, tzinfo=UTC)


def day(text: str, zone: ZoneInfo = SHANGHAI) -> Period:
    return period(Span.DAY, text, zone)


def test_a_day_is_from_local_midnight_to_local_midnight() -> None:
    assert day("2026-01-02") == Period(
        Span.DAY, "2026-01-02", datetime(2026, 1, 1, 16, tzinfo=UTC), datetime(2026, 1, 2, 16, tzinfo=UTC)
    )
    month = period(Span.MONTH, "2026-12", SHANGHAI)
    assert (month.since, month.until) == (day("2026-12-01").since, day("2027-01-01").since)


@pytest.mark.parametrize(
    ("text", "zone", "hours"),
    [
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-03-29", "Asia/Beirut", 23),  # its clock leaps over midnight
        ("2025-11-02", "America/Havana", 25),  # and this one shows midnight twice
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(text: str, zone: str, hours: int) -> None:
    found = day(text, ZoneInfo(zone))
    assert found.until - found.since == timedelta(hours=hours)


@given(DAYS, ZONES)
def test_days_and_months_follow_one_another_without_a_gap(first: date, zone: ZoneInfo) -> None:
    found = day(first.isoformat(), zone)
    assert found.since.astimezone(zone).date() == first
    assert found.until == day((first + timedelta(days=1)).isoformat(), zone).since
    month = period(Span.MONTH, f"{first:%Y-%m}", zone)
    assert month.since <= found.since < found.until <= month.until
    _, before = until_now(found, zone, found.until)
    assert before.until == found.since
    _, before = until_now(month, zone, month.until)
    assert (before.until, before.since.astimezone(zone).day) == (month.since, 1)


def test_what_is_not_over_is_compared_with_as_much_of_the_one_before() -> None:
    now, before = until_now(day("2026-01-02"), SHANGHAI, NOON)
    assert now.cut
    assert before.name == "2026-01-01"
    assert now.holds(NOON)
    assert not now.holds(NOON + timedelta(seconds=1))
    assert now.until - now.since == before.until - before.since
    march, february = until_now(
        period(Span.MONTH, "2026-03", SHANGHAI), SHANGHAI, datetime(2026, 3, 31, 4, tzinfo=UTC)
    )
    assert february.until == march.since


@pytest.mark.parametrize(
    "text", ["2026-1-2", "2026-02-30", "20260102", "2026-W01-1", "1999-12-31", "2200-01-01", "", "٢٠٢٦-٠١-٠٢"]
)
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(NoPeriodError, match="expected a day such as 2026-01-31, not"):
        day(text)


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-1", "2026-01-01", "0001-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(NoPeriodError, match="expected a month such as 2026-01, not"):
        period(Span.MONTH, text, SHANGHAI)


def test_what_has_not_begun_is_refused() -> None:
    with pytest.raises(NoPeriodError, match="expected a day that has begun, not 2026-01-03"):
        until_now(day("2026-01-03"), SHANGHAI, NOON)


def test_yesterday_is_the_citys() -> None:
    assert yesterday(datetime(2026, 1, 2, 15, 59, tzinfo=UTC), SHANGHAI) == "2026-01-01"
    assert yesterday(datetime(2026, 1, 2, 16, 0, tzinfo=UTC), SHANGHAI) == "2026-01-02"
