"""The report as Markdown; its figures stand in the HTML page only. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from lifeline.assess.report import Cell, Chip, Report, Section, Table

MARKS = {1: "🔴", 2: "🟠", 3: "🟡", 4: "🔵"}
"""A level's colour where text has none."""


def render(report: Report) -> bytes:
    """The document, its lines ended by a line feed."""
    counts = ", ".join(f"{MARKS[level.value]} {name} {count}" for level, name, count in report.counts)
    blocks = [f"# {report.title}", report.subtitle, counts]
    blocks += (block for section in report.sections for block in _section(section))
    return ("\n\n".join(blocks) + "\n").encode()


def _section(section: Section) -> Iterator[str]:
    if section.paragraphs or section.table is not None:
        yield f"## {section.title}"
    yield from (_plain(paragraph) for paragraph in section.paragraphs)
    if section.table is not None and section.table.rows:
        yield "\n".join(_table(section.table))


def _table(table: Table) -> Iterator[str]:
    yield _row(table.head)
    yield _row("---:" if column in table.numbers else "---" for column in range(len(table.head)))
    yield from (_row(map(_cell, row)) for row in table.rows)


def _row(cells: Iterable[str] | Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Chip):
        return f"{MARKS[cell.level.value]} {cell.text}"
    return _plain(cell if isinstance(cell, str) else cell.text).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text in which nothing is taken for markup: names come from the city's files."""
    for mark in ("\\", "*", "_", "`", "<", "[", "]"):
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
