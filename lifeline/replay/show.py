"""What a person sees of a replay: how far it is, and a table of what came of it."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from lifeline.replay.again import Again
from lifeline.replay.outcome import Judged, Outcome
from lifeline.scoring import Score
from rules.levels import RiskLevel
from simulator.feed_messages import Instant
from simulator.feed_rows import Extent
from simulator.feed_time import written

_REFRESH_S = 0.2


class Show:
    """Progress on a console of its own, so that what is printed elsewhere stays clean."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def doing(self, what: str) -> AbstractContextManager[object]:
        """Say what is being done, as long as the context lasts."""
        return self._console.status(what)

    @contextmanager
    def counting(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """A bar with the time left; to be told how many are done, and of how many."""
        columns = TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        with self._progress(*columns) as progress:
            bar = progress.add_task("")
            yield lambda done, of: progress.update(bar, completed=done, total=of)

    def _progress(self, *columns: ProgressColumn) -> Progress:
        return Progress(
            *columns, console=self._console, transient=True, disable=not self._console.is_terminal
        )

    @contextmanager
    def publishing(self, extent: Extent) -> Iterator[Callable[[Instant], None]]:
        """A bar with the feed's time, readings a second, and the time left; to be told of each instant."""
        columns = (
            TextColumn("{task.fields[time]}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]} readings/s"),
            TimeRemainingColumn(),
        )
        begun = shown = time.monotonic()
        rows = 0
        with self._progress(*columns) as progress:
            bar = progress.add_task("", total=extent.rows, time=written(extent.start), rate="")

            def advance(instant: Instant) -> None:
                nonlocal rows, shown
                rows, now = rows + 1, time.monotonic()
                if now > shown + _REFRESH_S:
                    shown, rate = now, f"{extent.readings * rows / extent.rows / (now - begun):,.0f}"
                    progress.update(bar, completed=rows, time=written(instant.time), rate=rate)

            yield advance


def table(outcome: Judged) -> Table:
    """The figures as a table of two columns."""
    found = Table(title=outcome.title, show_header=False, box=None, pad_edge=False, title_justify="left")
    for name, value in figures(outcome):
        found.add_row(name, value)
    return found


def again_table(again: Again) -> Table:
    """What came of a journal that was played again."""
    found = Table(show_header=False, box=None, pad_edge=False)
    for partition, first in again.begun.items():
        found.add_row(f"journal {partition}", f"from entry {first:,}")
    found.add_row("entries", f"{again.entries:,} with {again.readings:,} readings, {again.late:,} late")
    found.add_row("judged", f"in {again.seconds:,.1f} s: {again.rate:,.0f} readings/s")
    found.add_row("said", f"{again.said:,} lines, {again.transitions:,} transitions")
    found.add_row("on record", "the same" if again.same else f"{again.on_record:,} lines, not the same")
    return found


def as_json(outcome: Judged | Again) -> str:
    """The figures as one JSON object."""
    return msgspec.json.encode({**msgspec.structs.asdict(outcome), "rate": outcome.rate}).decode()


def figures(outcome: Judged) -> Iterator[tuple[str, str]]:
    """The figures as people read them: name and value."""
    yield from _through_all(outcome) if isinstance(outcome, Outcome) else _straight(outcome)
    if outcome.skipped:
        yield "left out as wrong", f"{outcome.skipped:,}, the first: {outcome.skipped_first}"
    yield "transitions", f"{outcome.transitions:,}"
    for hazard, levels in outcome.alerts.items():
        yield f"alerts: {hazard}", ", ".join(f"{levels[each.english]:,} {each.english}" for each in RiskLevel)
    if outcome.score is not None:
        yield from _score(outcome.score)


def _straight(outcome: Judged) -> Iterator[tuple[str, str]]:
    yield "readings", f"{outcome.published:,} of {outcome.rows:,} rows"
    yield "judged", f"in {outcome.seconds:,.1f} s: {outcome.rate:,.0f} readings/s"
    if outcome.late:
        yield "late", f"{outcome.late:,}"


def _through_all(outcome: Outcome) -> Iterator[tuple[str, str]]:
    yield (
        "published",
        f"{outcome.published:,} readings in {outcome.messages:,} messages, {outcome.rows:,} rows",
    )
    yield "stored", f"{outcome.stored:,}, in {outcome.seconds:,.1f} s: {outcome.rate:,.0f} readings/s"
    yield "lost", f"{outcome.lost:,}"
    yield "duplicates", f"{outcome.duplicates:,}"
    if outcome.late or outcome.dead_letters:
        yield "late, dead letters", f"{outcome.late:,}, {outcome.dead_letters:,}"


def _score(score: Score) -> Iterator[tuple[str, str]]:
    within = (
        f" ({score.rate_low:.0%} to {score.rate_high:.0%} with 95 %)"
        if score.rate_low is not None and score.rate_high is not None
        else ""
    )
    yield "events found", f"{score.found} of {score.events}{within}"
    if score.missed:
        yield "missed", ", ".join(score.missed)
    if score.delay_median_s is not None:
        lead = " (a lead)" if score.delay_median_s < 0 else ""
        yield "delay, median", f"{score.delay_median_s / 60:,.1f} min{lead}"
    rate = "" if score.false_per_clean_day is None else f", {score.false_per_clean_day:.2f} a clean day"
    yield "false episodes", f"{score.false_episodes} in {score.clean_days:.1f} clean days{rate}"
    yield "time in alarm", f"{score.alarm_share:.1%}"
