"""The files of a city as rows: what stands in them, and where, before anyone judges it.

A city is one TOML file, or a folder of ``city.toml`` with any of ``assets.csv``, ``assets.geojson``,
``edges.csv``, ``devices.csv`` and ``sensors.csv`` beside it.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from sensors.errors import Mistake
from sensors.lines import Keys, Locate, dotted, locate_json
from sensors.toml import read, read_text

Section = Literal["city", "consequence", "utility", "asset", "edge", "device_type", "device", "sensor"]
"""What a row can be; in TOML, the name of its table."""

_BESIDE: Mapping[str, Section] = {
    "assets.csv": "asset",
    "assets.geojson": "asset",
    "edges.csv": "edge",
    "devices.csv": "device",
    "sensors.csv": "sensor",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row was written, so that a mistake in it can be shown."""

    file: Path
    keys: Keys
    """The way to the row in the file; none in a CSV, whose line says it all."""
    locate: Locate
    elsewhere: Mapping[str, Keys] = field(default_factory=dict)
    """Fields that do not stand where the row does: a GeoJSON feature's coordinates."""

    @property
    def line(self) -> int:
        """Where the row begins."""
        return self.locate(self.keys)

    def mistake(self, keys: Keys | str, expected: str) -> Mistake:
        """A mistake in a field of this row, or in what the field holds."""
        inside = (keys,) if isinstance(keys, str) else keys
        whole = self.elsewhere.get(str(inside[0])) if inside else None
        if whole is None:
            whole = (*self.keys, *inside)
        return Mistake(self.file, self.locate(whole), dotted(whole) or "row", expected)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a section as it was written. strict: its values have types; a CSV's are all text."""

    section: Section
    values: object
    place: Place
    strict: bool = True


def rows(path: Path) -> Iterator[Row | Mistake]:
    """The rows of a city, and what is wrong with the form of its files."""
    if not path.is_dir():
        yield from _toml(path)
        return
    yield from _toml(path / "city.toml")
    for name, section in _BESIDE.items():
        if (path / name).exists():
            yield from (_csv if name.endswith(".csv") else _geojson)(path / name, section)


def _toml(path: Path) -> Iterator[Row | Mistake]:
    try:
        content, locate = read(path)
    except Mistake as mistake:
        yield mistake
        return
    for name, value in content.items():
        section = next((known for known in get_args(Section) if known == name), None)
        if section is None:
            sections = ", ".join(get_args(Section))
            yield Mistake(path, locate((name,)), name, f"expected one of {sections}")
        elif section in ("city", "consequence"):
            yield Row(section, value, Place(path, (name,), locate))
        elif isinstance(value, list):
            for index, row in enumerate(value):
                yield Row(section, row, Place(path, (name, index), locate))
        else:
            yield Mistake(path, locate((name,)), name, f"expected tables headed [[{name}]]")


def _csv(path: Path, section: Section) -> Iterator[Row | Mistake]:
    """A column is a field; ``consequence.people`` is a field of a field, and so is ``attributes.depth_m``."""
    try:
        records = _records(path)
        line, columns = next(records, (1, []))
        if repeated := _repeated(columns):
            yield Mistake(path, line, repeated, "expected only one such column")
            return
        for line, cells in records:
            place = Place(path, (), _always(line))
            if len(cells) == len(columns):
                yield Row(section, _nested(columns, cells), place, strict=False)
            else:
                yield place.mistake(
                    (), f"expected {len(columns)} cells as in the first line, not {len(cells)}"
                )
    except Mistake as mistake:
        yield mistake


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV that are not empty, each with the line on which it begins."""
    reader = csv.reader(read_text(path).splitlines(keepends=True), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Mistake(path, line, "syntax", str(error)) from None


def _repeated(columns: list[str]) -> str | None:
    """A column that stands twice, or once as a field and once as what it holds."""
    whole = {column.partition(".")[0] for column in columns if "." in column}
    return next((column for column in columns if columns.count(column) > 1 or column in whole), None)


def _nested(columns: list[str], cells: list[str]) -> dict[str, object]:
    """The cells that hold anything, by column."""
    row: dict[str, object] = {}
    for column, cell in zip(columns, cells, strict=True):
        if not (cell := cell.strip()):
            continue
        outer, dot, inner = column.partition(".")
        if dot:
            part = row.setdefault(outer, {})
            assert isinstance(part, dict)
            part[inner] = _number(cell) if outer == "attributes" else cell
        else:
            row[column] = cell.split(";") if column == "tags" else cell
    return row


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _always(line: int) -> Locate:
    return lambda _: line


def _geojson(path: Path, section: Section) -> Iterator[Row | Mistake]:
    """A FeatureCollection of points; a feature's properties are the fields."""
    try:
        text = read_text(path)
        content = json.loads(text)
    except Mistake as mistake:
        yield mistake
        return
    except json.JSONDecodeError as error:
        yield Mistake(path, error.lineno, "syntax", error.msg[:1].lower() + error.msg[1:])
        return
    locate = locate_json(text)
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        yield Mistake(path, 1, "features", "expected a FeatureCollection")
        return
    for index, feature in enumerate(features):
        yield _feature(section, feature, Place(path, ("features", index), locate))


def _feature(section: Section, feature: object, place: Place) -> Row | Mistake:
    match feature:
        case {
            "geometry": {"type": "Point", "coordinates": [longitude, latitude, *_]},
            "properties": {**properties},
        }:
            keys = (*place.keys, "geometry", "coordinates")
            inside = Place(
                place.file,
                (*place.keys, "properties"),
                place.locate,
                {"longitude": (*keys, 0), "latitude": (*keys, 1)},
            )
            return Row(section, properties | {"longitude": longitude, "latitude": latitude}, inside)
        case _:
            return place.mistake((), "expected a feature with properties and a Point")
