"""A city from its files: read as a whole, checked as a whole, or refused with all its mistakes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Literal, TypeVar, get_args, get_origin

import msgspec

from sensors.check import check
from sensors.consequence_scale import ConsequenceScale, default_scale
from sensors.draft import Draft, Entry
from sensors.errors import Mistake, Mistakes
from sensors.model import Asset, City, Device, DeviceType, Edge, Registry, Sensor, Utility
from sensors.rows import Row, Section, rows
from sensors.toml import explained

DEMO_CITY = Path(__file__).parent / "demo_city"
"""The city that comes with the project."""

T = TypeVar("T", bound=msgspec.Struct)


def read_city(path: Path) -> Registry:
    """The city that a TOML file or a folder describes; its sensors have no ids yet.

    Raises:
        Mistakes: everything that is wrong with it, each with file, line, field and what was expected.
    """
    reader = _Reader(rows(path))
    draft = Draft(
        city=reader.entries("city", City),
        scale=reader.entries("consequence", ConsequenceScale),
        utilities=reader.entries("utility", Utility),
        assets=reader.entries("asset", Asset),
        edges=reader.entries("edge", Edge),
        device_types=reader.entries("device_type", DeviceType),
        devices=reader.entries("device", Device),
        sensors=reader.entries("sensor", Sensor),
        broken=reader.broken,
    )
    mistakes = reader.mistakes
    if reader.complete:
        mistakes += check(draft)
    if not mistakes and not draft.city:
        mistakes.append(Mistake(path, None, "city", "expected to be given"))
    if mistakes:
        raise Mistakes(sorted(mistakes, key=lambda mistake: (mistake.file, mistake.line or 0)))
    return _registry(draft)


class _Reader:
    """Gives the rows their form, section by section, and keeps what is wrong with them."""

    def __init__(self, found: Iterable[Row | Mistake]) -> None:
        self.rows: defaultdict[Section, list[Row]] = defaultdict(list)
        self.mistakes: list[Mistake] = []
        self.broken: defaultdict[Section, set[str]] = defaultdict(set)
        for row in found:
            if isinstance(row, Row):
                self.rows[row.section].append(row)
            else:
                self.mistakes.append(row)
        self.complete = not self.mistakes
        """Nothing was left out; where something was, references to it would be blamed for nothing."""

    def entries(self, section: Section, form: type[T]) -> Sequence[Entry[T]]:
        entries = []
        for row in self.rows[section]:
            try:
                entries.append(Entry(msgspec.convert(row.values, form, strict=row.strict), row.place))
            except msgspec.ValidationError as error:
                self.mistakes += list(_wrong_fields(row, form)) or [row.place.mistake(*explained(error))]
                self.broken[section] |= _identity(row)
        return entries


def _identity(row: Row) -> set[str]:
    """The id that a broken row has, or that of the device whose sensor it is."""
    values = row.values if isinstance(row.values, dict) else {}
    return {str(values[name]) for name in ("id", "device") if name in values}


def _wrong_fields(row: Row, form: type[msgspec.Struct]) -> Iterator[Mistake]:
    """Every wrong field of a row, where msgspec stops at the first."""
    if not isinstance(row.values, dict):
        return
    known = {field.name: field for field in msgspec.structs.fields(form)}
    for name in row.values.keys() - known.keys():
        yield row.place.mistake(name, f"expected one of {', '.join(known)}")
    for name, field in known.items():
        if name not in row.values:
            if field.required:
                yield row.place.mistake(name, "expected to be given")
            continue
        try:
            msgspec.convert(row.values[name], field.type, strict=row.strict)
        except msgspec.ValidationError as error:
            keys, expected = explained(error)
            yield row.place.mistake((name, *keys), _choices(field.type, row.values[name]) or expected)


def _choices(form: object, value: object) -> str | None:
    """What the field may hold, where that is one of a few words."""
    if isinstance(form, type) and issubclass(form, Enum):
        words = [member.value for member in form]
    elif get_origin(form) is Literal:
        words = list(get_args(form))
    else:
        return None
    return f"expected one of {', '.join(words)}, not {value!r}"


def _registry(draft: Draft) -> Registry:
    return Registry(
        city=draft.city[0].item,
        utilities=_items(draft.utilities),
        assets=_items(draft.assets),
        edges=_items(draft.edges),
        device_types=_items(draft.device_types),
        devices=_items(draft.devices),
        sensors=_items(draft.sensors),
        consequence=[*_items(draft.scale), default_scale()][0],
    )


def _items(entries: Sequence[Entry[T]]) -> tuple[T, ...]:
    return tuple(entry.item for entry in entries)
