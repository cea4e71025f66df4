"""The time that a duty report is about: a day or a month by the city's clock. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST, _LAST = 2000, 2199
"""Years in which a report may lie."""
_MOMENT = timedelta(microseconds=1)
"""What happens at this very moment belongs to it too."""


class Span(StrEnum):
    """How much one report is about."""

    DAY = "day"
    MONTH = "month"


class NoPeriodError(ValueError):
    """A text names no period, or one that has not begun; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Period:
    """since <= time < until, both local midnights, in UTC; name: as people write it, such as 2026-11.

    cut: it is not over, or is compared with one that is not; then ``until`` is where it is cut off.
    """

    span: Span
    name: str
    since: datetime
    until: datetime
    cut: bool = False

    def holds(self, time: datetime) -> bool:
        """Whether a time lies in it."""
        return self.since <= time < self.until


def period(span: Span, text: str, zone: ZoneInfo) -> Period:
    """The day or month of that name, from local midnight to local midnight, however long that is.

    Raises:
        NoPeriodError: the text names none.
    """
    first = _first(span, text)
    return _from(span, first, zone)


def yesterday(now: datetime, zone: ZoneInfo) -> str:
    """The name of the last day that is over."""
    return (now.astimezone(zone).date() - timedelta(days=1)).isoformat()


def until_now(whole: Period, zone: ZoneInfo, now: datetime) -> tuple[Period, Period]:
    """A period as far as it has gone, and the one before it, which is cut to the same length.

    Raises:
        NoPeriodError: it has not begun.
    """
    if now <= whole.since:
        raise NoPeriodError(f"expected a {whole.span} that has begun, not {whole.name}")
    before = _before(whole, zone)
    if now >= whole.until:
        return whole, before
    end = now + _MOMENT
    reached = min(before.until, before.since + (end - whole.since))
    return replace(whole, until=end, cut=True), replace(before, until=reached, cut=True)


def _before(whole: Period, zone: ZoneInfo) -> Period:
    last = whole.since.astimezone(zone).date() - timedelta(days=1)
    return _from(whole.span, last if whole.span is Span.DAY else last.replace(day=1), zone)


def _from(span: Span, first: date, zone: ZoneInfo) -> Period:
    if span is Span.DAY:
        after, name = first + timedelta(days=1), first.isoformat()
    else:
        after, name = (first + timedelta(days=31)).replace(day=1), f"{first:%Y-%m}"
    return Period(span, name, _midnight(first, zone), _midnight(after, zone))


def _first(span: Span, text: str) -> date:
    example, day = ("2026-01-31", text) if span is Span.DAY else ("2026-01", f"{text}-01")
    try:
        found = date.fromisoformat(day) if _DAY.fullmatch(day) else date.min
    except ValueError:
        found = date.min
    if not _FIRST <= found.year <= _LAST:
        raise NoPeriodError(f"expected a {span} such as {example}, not {text!r}")
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins: its first midnight, or where the clock leaps over midnight, the leap."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
