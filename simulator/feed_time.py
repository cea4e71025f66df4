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


class UnclearError(ValueError):
    """A time that is written as it should be, and is none, or could be two."""


def moment(pattern: str, zone: str, *, in_order: bool = False) -> Moment:
    """The reader of one column; ``zone`` is that of times that do not say it themselves.

    pattern: ``iso``, ``unix`` (seconds), ``unix-ms``, or as for ``strptime``. in_order: whether each time is
    later than the one before, so that of an hour that clocks show twice the second is told from the first.

    The reader raises UnclearError where some times say their zone and others do not, and where clocks were
    put forward over a time.
    """
    if (unit := _UNIX.get(pattern)) is not None:
        return lambda cell: microseconds(_EPOCH + timedelta(milliseconds=round(number(cell) * unit)))
    return _Local(pattern, zone, in_order=in_order).read


class _Local:
    """Reads times of one column, which all say their zone or all do not."""

    def __init__(self, pattern: str, zone: str, *, in_order: bool) -> None:
        self._pattern, self._zone, self._in_order = pattern, ZoneInfo(zone), in_order
        self._zoned: bool | None = None
        self._last: int | None = None

    def read(self, cell: str) -> int:
        """A cell in us since 1970 UTC."""
        iso = self._pattern == "iso"
        time = datetime.fromisoformat(cell) if iso else datetime.strptime(cell, self._pattern)  # noqa: DTZ007
        zoned = time.tzinfo is not None
        if self._zoned not in (None, zoned):
            expected = "with a zone" if self._zoned else "without a zone"
            raise UnclearError(f"expected a time {expected} as in the rows before, not {cell!r}")
        self._zoned = zoned
        self._last = microseconds(time) if zoned else self._unzoned(time, cell)
        return self._last

    def _unzoned(self, time: datetime, cell: str) -> int:
        first, second = (time.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1))
        before, after = first.utcoffset(), second.utcoffset()
        assert before is not None
        assert after is not None
        if before < after:
            raise UnclearError(
                f"expected a time that clocks in {self._zone.key} showed: they were put forward over {cell!r}"
            )
        found = microseconds(first)
        again = before > after and self._in_order and self._last is not None and found <= self._last
        return microseconds(second) if again else found


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
