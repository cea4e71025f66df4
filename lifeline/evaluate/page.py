"""The figures as people and programs read them."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from rich.table import Table

from lifeline.evaluate.figures import Figures
from sensors.errors import ConfigurationError

HEAD = (
    "feed",
    "events found",
    "delay: median, 90 %",
    "false episodes",
    "a clean day",
    "in alarm",
    "S",
    "F1 of rows",
)

BEGIN, END = "<!-- figures: written by `make evaluate` -->", "<!-- end of the figures -->"
"""Between these lines of a page the figures stand."""


def as_json(found: Figures) -> str:
    """One JSON object."""
    return msgspec.json.encode(found).decode()


def table(found: Iterable[Figures]) -> Table:
    """A row a feed."""
    shown = Table(*HEAD, box=None, pad_edge=False)
    for each in found:
        shown.add_row(each.feed, *row(each))
    return shown


def markdown(found: Iterable[Figures], floors: Mapping[str, str]) -> str:
    """A row a feed, with what others reach beside it."""
    lines = [[*HEAD, "what others reach"], ["---"] * (len(HEAD) + 1)]
    lines += [[f"`{each.feed}`", *row(each), floors.get(each.feed, "")] for each in found]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def write(page: Path, figures: str) -> None:
    """Put the figures in the place of those that the page holds.

    Raises:
        ConfigurationError: the page has no such place, or cannot be read.
    """
    try:
        text = page.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{page}: {error.strerror}") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ConfigurationError(f"{page}: expected a line {BEGIN!r} and one {END!r} after it")
    page.write_text(f"{before}{begin}\n\n{figures}\n{end}{after}", encoding="utf-8")


def row(each: Figures) -> tuple[str, ...]:
    """The figures beside the feed's name."""
    return (
        f"{each.detected} of {each.events}",
        f"{_min(each.delay_median_min)}, {_min(each.delay_p90_min)}",
        f"{each.false_episodes} in {each.clean_days:.3g} d",
        "" if each.false_per_clean_day is None else f"{each.false_per_clean_day:.2f}",
        f"{each.alarm_share:.1%}",
        "" if each.S is None else f"{each.S:.3f}",
        "" if each.row_f1 is None else f"{each.row_f1:.2f}",
    )


def _min(minutes: float | None) -> str:
    if minutes is None:
        return "-"
    return f"{-minutes:.1f} min lead" if minutes < 0 else f"{minutes:.1f} min"
