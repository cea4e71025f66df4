"""How tables write numbers and times, and what those are inside."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.messages import MILLISECOND

Moment = Callable[[str], int]
"""Makes a cell a time in us since 1970 UTC, whole milliseconds; ValueError or OverflowError if none."""

_UNIX = {"unix": 1000, "unix-ms": 1}
"""Milliseconds in the unit of formats that count from 1970 UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(pattern: str, zone: str) -> Moment:
    """The reader of one format; ``zone`` is that of times that do not say it themselves.

    pattern: ``iso``, ``unix`` (seconds), ``unix-ms``, or as for ``strptime``.
    """
    if (unit := _UNIX.get(pattern)) is not None:
        return lambda cell: microseconds(_EPOCH + timedelta(milliseconds=round(number(cell) * unit)))
    local = ZoneInfo(zone)

    def read(cell: str) -> int:
        time = datetime.fromisoformat(cell) if pattern == "iso" else datetime.strptime(cell, pattern)  # noqa: DTZ007
        return microseconds(time if time.tzinfo else time.replace(tzinfo=local))

    return read


def microseconds(time: datetime) -> int:
    """A time with a zone in us since 1970 UTC, whole milliseconds."""
    return (time - _EPOCH) // timedelta(milliseconds=1) * MILLISECOND


def written(time: int) -> str:
    """A time in us since 1970 UTC as people read it."""
    return (_EPOCH + timedelta(microseconds=time)).isoformat(sep=" ", timespec="auto")


def number(cell: str, decimal: str = ".") -> float:
    """The finite number in a cell.

    Raises:
        ValueError: it holds none.
    """
    if "_" in cell or (decimal != "." and "." in cell):
        raise ValueError(cell)
    value = float(cell.replace(decimal, "."))
    if not math.isfinite(value):
        raise ValueError(cell)
    return value
