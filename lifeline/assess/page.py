"""The report as one HTML page that needs nothing else: no script, no font, no file beside it. Pure."""

from collections.abc import Iterator
from html import escape
from importlib.resources import files

from grafana.language import Language
from lifeline.assess.geojson import COLOURS
from lifeline.assess.plots import ink
from lifeline.assess.report import Cell, Chip, Figure, Report, Section, Share, Table
from rules.levels import RiskLevel

CLOSED = (
    '<meta http-equiv="Content-Security-Policy"'
    """ content="default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'"/>"""
)
"""A page out of a file comes without headers: it says itself that nothing is loaded, and nothing runs."""

_TAGS = {Language.ZH: "zh-CN", Language.EN: "en"}


def render(report: Report, language: Language) -> bytes:
    """The page; it is well-formed XML too."""
    style = files("lifeline.assess").joinpath("page.css").read_text(encoding="utf-8")
    lines = [
        "<!DOCTYPE html>",
        f'<html xmlns="http://www.w3.org/1999/xhtml" lang="{_TAGS[language]}">',
        '<head><meta charset="utf-8"/><meta name="viewport" content="width=device-width, initial-scale=1"/>',
        CLOSED,
        f"<title>{escape(report.title)}</title>",
        f"<style>\n{style}</style></head>",
        "<body>",
        f"<header><h1>{escape(report.title)}</h1><p>{escape(report.subtitle)}</p></header>",
        '<div class="tiles">',
        *(_tile(level, name, count) for level, name, count in report.counts),
        "</div>",
        *(line for section in report.sections for line in _section(section)),
        "</body></html>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _tile(level: RiskLevel, name: str, count: int) -> str:
    return f'<div class="tile" style="{_colours(level)}"><b>{count}</b><span>{escape(name)}</span></div>'


def _colours(level: RiskLevel) -> str:
    return f"background:{COLOURS[level]};color:{ink(level)}"


def _section(section: Section) -> Iterator[str]:
    yield f"<section><h2>{escape(section.title)}</h2>"
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in section.paragraphs)
    if section.figures:
        yield f'<div class="figures n{len(section.figures)}">'
        yield from map(_figure, section.figures)
        yield "</div>"
    if section.table is not None and section.table.rows:
        yield from _table(section.table)
    yield "</section>"


def _figure(figure: Figure) -> str:
    return f"<figure>{figure.svg}<figcaption>{escape(figure.caption)}</figcaption></figure>"


def _table(table: Table) -> Iterator[str]:
    yield '<div class="table"><table>'
    head = (f"<th{_side(table, column)}>{escape(name)}</th>" for column, name in enumerate(table.head))
    yield f"<thead><tr>{''.join(head)}</tr></thead><tbody>"
    for row in table.rows:
        cells = (
            f"<td{_side(table, column)}{_bar(cell)}>{_cell(cell)}</td>" for column, cell in enumerate(row)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _side(table: Table, column: int) -> str:
    return ' class="number"' if column in table.numbers else ""


def _bar(cell: Cell) -> str:
    if not isinstance(cell, Share):
        return ""
    edge = f"{cell.share:.0%}"
    return f' style="background:linear-gradient(90deg,#d5e6f4 {edge},#fdf0ee {edge})"'


def _cell(cell: Cell) -> str:
    if isinstance(cell, Chip):
        return f'<span class="chip" style="{_colours(cell.level)}">{escape(cell.text)}</span>'
    return escape(cell if isinstance(cell, str) else cell.text)
