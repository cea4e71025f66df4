"""The report as one HTML page that needs nothing else: no script, no font, no file beside it. Pure.

What people wrote is escaped. There are no attributes of style, so that a Content-Security-Policy can name
the one style sheet by its hash and forbid everything else.
"""

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from alerts.duty.document import Bars, Cell, Chip, Document, Mark, Section, Story, Table, Tile
from alerts.tables import Language
from rules.levels import RiskLevel

_TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
_STYLE = "\n" + files("alerts.duty").joinpath("page.css").read_text(encoding="utf-8")
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""What the page may load: its own style, and nothing at all from anywhere. As a file it says so itself."""
POLICY = f"{_POLICY}; frame-ancestors 'none'"
"""The same where it is served."""

_WIDE, _HIGH, _FOOT, _HEAD = 960.0, 120.0, 22.0, 16.0


def render(document: Document, language: Language) -> bytes:
    """The page; it is well-formed XML too."""
    lines = [
        "<!DOCTYPE html>",
        f'<html xmlns="http://www.w3.org/1999/xhtml" lang="{_TAGS[language]}">',
        '<head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>',
        f"<title>{escape(document.title)}</title>",
        f"<style>{_STYLE}</style></head>",
        "<body>",
        *_header(document),
        '<div class="tiles">',
        *map(_tile, document.tiles),
        "</div>",
        *(line for section in document.sections for line in _section(section)),
        '<footer class="signatures">',
        *(f"<span>{escape(each)}</span>" for each in document.signatures),
        "</footer></body></html>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _header(document: Document) -> Iterator[str]:
    yield f"<header><h1>{escape(document.title)}</h1>"
    if document.warning:
        yield f'<p class="warning">{escape(document.warning)}</p>'
    yield from (f"<p>{escape(each)}</p>" for each in document.subtitle)
    yield "</header>"


def _tile(tile: Tile) -> str:
    level = f" level-{tile.level.value}" if tile.level is not None else ""
    said = f"<b>{escape(tile.figure)}</b><span>{escape(tile.name)}</span><small>{escape(tile.beside)}</small>"
    return f'<div class="tile{level}">{said}</div>'


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{escape(section.title)}</h2>"
    yield from (f"<p>{escape(each)}</p>" for each in section.paragraphs)
    if section.bars is not None:
        yield f"<figure>{_bars(section.bars)}<figcaption>{escape(section.bars.caption)}</figcaption></figure>"
    for table in section.tables:
        yield from _table(table)
    for story in section.stories:
        yield from _story(story)
    yield from (f'<p class="note">{escape(each)}</p>' for each in section.notes)
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    yield '<div class="table"><table><thead>'
    if table.above:
        wide = (f'<th class="above" colspan="{span}">{escape(name)}</th>' for name, span in table.above)
        yield f"<tr>{''.join(wide)}</tr>"
    head = (f"<th{_side(table, column)}>{escape(name)}</th>" for column, name in enumerate(table.head))
    yield f"<tr>{''.join(head)}</tr></thead><tbody>"
    for number, row in enumerate(table.rows):
        cells = (f"<td{_side(table, column)}>{_cell(cell)}</td>" for column, cell in enumerate(row))
        last = ' class="total"' if table.total and number == len(table.rows) - 1 else ""
        yield f"<tr{last}>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _side(table: Table, column: int) -> str:
    return "" if column in table.words else ' class="number"'


def _cell(cell: Cell) -> str:
    if isinstance(cell, Chip):
        return _chip(cell)
    if isinstance(cell, Mark):
        return f'<span class="{"good" if cell.good else "bad"}">{escape(cell.text)}</span>'
    return '<span class="zero">0</span>' if cell == "0" else escape(cell)


def _chip(chip: Chip) -> str:
    return f'<span class="chip level-{chip.level.value}">{escape(chip.text)}</span>'


def _story(story: Story) -> Iterator[str]:
    yield f"<article><h3>{_chip(story.level)} {escape(story.title)}</h3>"
    yield from (f"<p>{escape(each)}</p>" for each in story.facts)
    yield '<table class="story"><tbody>'
    for line in story.lines:
        yield f"<tr>{''.join(f'<td>{escape(each)}</td>' for each in line)}</tr>"
    yield "</tbody></table></article>"


def _bars(bars: Bars) -> str:
    """Stacked columns, the worst at the foot, under the number of each; the scale ends at the highest."""
    highest = max((sum(counts) for _, counts in bars.columns), default=0) or 1
    step = _WIDE / max(len(bars.columns), 1)
    base = _HEAD + _HIGH
    parts = [f'<line class="base" x1="0" y1="{base:g}" x2="{_WIDE:g}" y2="{base:g}"/>']
    for place, (name, counts) in enumerate(bars.columns):
        x, y = place * step, base
        for level, count in zip(RiskLevel, counts, strict=True):
            height = count / highest * _HIGH
            y -= height
            if count:
                box = f'x="{x + step / 6:.1f}" y="{y:.1f}" width="{step * 2 / 3:.1f}" height="{height:.1f}"'
                parts.append(f'<rect class="bar-{level.value}" {box}/>')
        middle = f"{x + step / 2:.1f}"
        if sum(counts):
            parts.append(f'<text class="count" x="{middle}" y="{y - 4:.1f}">{sum(counts)}</text>')
        parts.append(f'<text x="{middle}" y="{base + 15:.1f}">{escape(name)}</text>')
    size = f"0 0 {_WIDE:g} {base + _FOOT:g}"
    title = f"<title>{escape(bars.caption)}</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img">{title}{"".join(parts)}</svg>'
    )
