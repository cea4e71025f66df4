"""The labels of a feed: what truly happened, when, and where."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sensors.model import Registry
from sensors.readings import SECOND
from simulator.feed import Feed, Labels
from simulator.feed_csv import Table, open_table
from simulator.feed_time import Moment, UnclearError, moment, written


@dataclass(frozen=True, slots=True)
class Label:
    """One event; start and end in us since 1970 UTC, the end no more part of it. asset: None = anywhere."""

    name: str
    hazard: str
    asset: str | None
    start: int
    end: int


def read_labels(feed: Feed, registry: Registry, data: Path) -> tuple[Label, ...]:
    """The feed's labels in the order of their starts; none where it has no table of them.

    Raises:
        Mistake: the first thing that is wrong with the table, by file and line.
    """
    if feed.labels is None:
        return ()
    merged: dict[tuple[str, str | None], Label] = {}
    with open_table(data / feed.labels.file, feed.delimiter) as table:
        for label in _rows(table, feed.labels, registry, moment("iso", feed.time.zone)):
            known = merged.setdefault((label.name, label.asset), label)
            start, end = min(known.start, label.start), max(known.end, label.end)
            merged[label.name, label.asset] = replace(known, start=start, end=end)
    return tuple(sorted(merged.values(), key=lambda label: (label.start, label.name)))


def _rows(table: Table, labels: Labels, registry: Registry, read: Moment) -> Iterator[Label]:
    start, end = table.places([labels.start, labels.end])
    name, asset = (table.places([each])[0] if each else None for each in (labels.name, labels.asset_column))
    where = [(table.places([column])[0], values) for column, values in labels.where.items()]
    assets = {asset.id for asset in registry.assets}
    for number, (line, cells) in enumerate(table.records(), 1):
        if any(cells[place].strip() not in values for place, values in where):
            continue
        at = labels.asset if asset is None else cells[asset].strip()
        if at is not None and at not in assets:
            raise table.mistake(
                line, labels.asset_column or "asset", f"expected an asset of the city, not {at!r}"
            )
        times = [
            _time(table, line, column, cells[place], read)
            for column, place in ((labels.start, start), (labels.end, end))
        ]
        if times[1] < times[0]:
            raise table.mistake(line, labels.end, f"expected a time from {written(times[0])} on")
        called = str(number) if name is None else cells[name].strip()
        yield Label(called, labels.hazard, at, times[0], times[1] + round(labels.last_s * SECOND))


def _time(table: Table, line: int, column: str, cell: str, read: Moment) -> int:
    try:
        return read(cell.strip())
    except UnclearError as unclear:
        raise table.mistake(line, column, str(unclear)) from None
    except (ValueError, OverflowError):
        raise table.mistake(line, column, f"expected a time (iso), not {cell!r}") from None
