"""A replay's pictures: what an asset's sensors measured, what truly happened, what was said. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from lifeline.assess.geojson import COLOURS
from lifeline.assess.svg import element, picture, text
from lifeline.replay.series import BINS, Course
from lifeline.scoring import Alarm, Span
from sensors.readings import DAY, HOUR, SECOND

_LEFT, _WIDTH, _RIGHT = 78.0, 1000.0, 12.0
_HEIGHT, _GAP, _STRIP, _FOOT = 84.0, 14.0, 16.0, 22.0
_TICKS = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One sensor: its name with the unit, its course, and when a rule's evidence there changed."""

    name: str
    course: Course
    transitions: Sequence[int]


def chart(
    title: str, extent: Span, rows: Sequence[Row], truth: Iterable[Span], alarms: Iterable[Alarm]
) -> str:
    """An asset's rows below each other, under a strip of its alarms; what truly happened is shaded."""
    height = _STRIP + len(rows) * (_HEIGHT + _GAP) + _FOOT
    bottom = height - _FOOT
    parts = [
        element("rect", x=x, y=0, width=max(1.0, end - x), height=bottom, class_="truth")
        for x, end in (_ends(span, extent) for span in truth)
    ]
    for alarm in alarms:
        x, end = _ends((alarm.start, alarm.end), extent)
        width = max(1.5, end - x)
        parts.append(element("rect", x=x, y=2, width=width, height=_STRIP - 6, fill=COLOURS[alarm.level]))
    for number, row in enumerate(rows):
        parts += _row(row, _STRIP + number * (_HEIGHT + _GAP), extent)
    parts += _axis(extent, bottom)
    return picture(_LEFT + _WIDTH + _RIGHT, height, title, *parts)


def _row(row: Row, top: float, extent: Span) -> list[str]:
    low, high = row.course.low, row.course.high
    known = np.flatnonzero(~np.isnan(low))
    lowest, highest = (float(low[known].min()), float(high[known].max())) if len(known) else (0.0, 1.0)
    room = (highest - lowest) or 1.0
    base = top + _HEIGHT

    def y(value: float) -> float:
        return base - (value - lowest) / room * (_HEIGHT - 16)

    parts = [
        element("line", x1=_LEFT, y1=base, x2=_LEFT + _WIDTH, y2=base, class_="base"),
        text(row.name, _LEFT + 4, top + 11, class_="series"),
        text(f"{highest:.4g}", _LEFT - 6, top + 21, class_="value"),
        text(f"{lowest:.4g}", _LEFT - 6, base, class_="value"),
        *(_mark(time, base, extent) for time in row.transitions),
    ]
    for piece in np.split(known, np.flatnonzero(np.diff(known) > _hole(known)) + 1):
        if len(piece):
            there = [(_LEFT + (place + 0.5) / BINS * _WIDTH, place) for place in piece.tolist()]
            upper = " ".join(f"{x:.1f},{y(high[place]):.1f}" for x, place in there)
            lower = " ".join(f"{x:.1f},{y(low[place]):.1f}" for x, place in reversed(there))
            parts.append(element("polygon", points=f"{upper} {lower}", class_="course"))
    return parts


def _hole(known: np.ndarray) -> float:
    """More bins than this without a value are a hole in the course."""
    return 3 * float(np.median(np.diff(known))) if len(known) > 1 else 1.0


def _mark(time: int, base: float, extent: Span) -> str:
    x, _ = _ends((time, time), extent)
    return element("path", d=f"M{x:.1f} {base:.1f}l-3.5 7h7z", class_="transition")


def _ends(span: Span, extent: Span) -> tuple[float, float]:
    start, end = extent
    inside = (min(max(each, start), end) for each in span)
    first, last = (_LEFT + (each - start) / max(1, end - start) * _WIDTH for each in inside)
    return first, last


def _axis(extent: Span, y: float) -> Iterable[str]:
    start, end = extent
    pattern = "%m-%d" if end - start > 4 * DAY else "%m-%d %H:%M" if end - start > HOUR else "%H:%M:%S"
    for number in range(_TICKS + 1):
        time = start + (end - start) * number // _TICKS
        x, _ = _ends((time, time), extent)
        yield element("line", x1=x, y1=0, x2=x, y2=y, class_="grid")
        place = {0: "start", _TICKS: "end"}.get(number, "middle")
        shown = f"{datetime.fromtimestamp(time / SECOND, UTC):{pattern}}"
        yield text(shown, x, y + 16, class_="time", text_anchor=place)
