"""The figures as people and programs read them."""

from collections.abc import Iterable

import msgspec
from rich.table import Table

from lifeline.evaluate.figures import Figures

HEAD = ("feed", "events found", "delay, 90 %", "false episodes", "a clean day", "in alarm", "S")


def as_json(found: Figures) -> str:
    """One JSON object."""
    return msgspec.json.encode(found).decode()


def table(found: Iterable[Figures]) -> Table:
    """A row a feed."""
    shown = Table(*HEAD, box=None, pad_edge=False)
    for each in found:
        shown.add_row(each.feed, *row(each))
    return shown


def row(each: Figures) -> tuple[str, ...]:
    """The figures beside the feed's name."""
    return (
        f"{each.detected} of {each.events}",
        f"{_min(each.delay_median_min)}, {_min(each.delay_p90_min)}",
        f"{each.false_episodes} in {each.clean_days:.3g} d",
        "" if each.false_per_clean_day is None else f"{each.false_per_clean_day:.2f}",
        f"{each.alarm_share:.1%}",
        "" if each.S is None else f"{each.S:.3f}",
    )


def _min(minutes: float | None) -> str:
    return "-" if minutes is None else f"{minutes:.0f} min"
