"""What a page of the report is made of: sections of paragraphs, tables, figures, stories. Frozen types."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.levels import RiskLevel


@dataclass(frozen=True, slots=True)
class Chip:
    """A cell that shows a level in its colour."""

    level: RiskLevel
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell that is good or bad news."""

    good: bool
    text: str


Cell = str | Chip | Mark


@dataclass(frozen=True, slots=True)
class Table:
    """A table. words: the columns that hold words rather than numbers.

    above: wider headings over the head, each with the columns that it spans. total: the last row sums up.
    """

    head: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    words: frozenset[int] = frozenset({0})
    above: tuple[tuple[str, int], ...] = ()
    total: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """One case: a heading with its level, facts, and lines of when, what, who, why."""

    level: Chip
    title: str
    facts: tuple[str, ...]
    lines: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Stacked columns: what each is of, and how many there are of each level."""

    caption: str
    columns: tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it, in this order."""

    title: str
    paragraphs: tuple[str, ...] = ()
    bars: Bars | None = None
    tables: tuple[Table, ...] = ()
    stories: tuple[Story, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure for the first look, in the colour of its level if it is of one."""

    level: RiskLevel | None
    figure: str
    name: str
    beside: str


@dataclass(frozen=True, slots=True)
class Document:
    """The whole page. warning: what has to be known before anything is read, such as that it is a drill."""

    title: str
    subtitle: tuple[str, ...]
    warning: str | None
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    signatures: tuple[str, ...]
