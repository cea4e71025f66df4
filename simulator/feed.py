"""Feed files: tables of measurements, and which sensor each of their columns is.

A feed names the city that it happens in and the rules that judge it, both relative to its own file, and its
tables relative to the data folder, so that a feed can be shared and its data need not be.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

import msgspec
from msgspec import Meta

from sensors import toml
from sensors.errors import ConfigurationError, Mistake, Mistakes
from sensors.lines import Keys, Locate, dotted
from sensors.model import Registry, Sensor
from sensors.quantities import QUANTITIES
from sensors.readings import HOUR, MINUTE, SECOND
from sensors.units import conversion

FEEDS = Path(__file__).parent / "feeds"
"""The feeds that come with the project: NAME.toml, NAME.rules.toml, and the city in NAME/."""

Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Mark = Annotated[str, Meta(min_length=1, max_length=1)]


class Times(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the tables write time."""

    column: str
    zone: str = "UTC"
    """Of times that do not say it themselves."""
    format: str = "iso"
    """``iso``, ``unix`` (seconds), ``unix-ms``, or a pattern such as ``%d/%m/%Y %H:%M``."""


class Labels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What truly happened: a table with a row an event, or several rows of one name."""

    file: Path
    hazard: str
    start: str
    end: str
    last_s: NotNegative = 0.0
    """How long the moment named as the end still belongs to the event."""
    name: str | None = None
    """Column of the event's name; without it each row is an event of its own."""
    asset: str | None = None
    """Where it happens; without this and ``asset_column`` an alert at any asset finds it."""
    asset_column: str | None = None
    where: Mapping[str, tuple[str, ...]] = {}
    """Which rows count: those that have one of the values in each of the columns."""
    lead_min: NotNegative = 0.0
    """How early an alert may come and still be of the event."""

    @property
    def lead(self) -> int:
        """The same in microseconds."""
        return round(self.lead_min * MINUTE)


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tables of one form: each file goes on where the one before it ended."""

    files: Annotated[tuple[Path, ...], Meta(min_length=1)]
    columns: Annotated[Mapping[str, str], Meta(min_length=1)]
    """The sensor, as device/key, that each column is; others are not read."""
    units: Mapping[str, str] = {}
    """Units of columns that are not in the unit that their sensor sends."""


class Train(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"since": "from", "until": "to"},
):
    """The quiet stretch that learned parameters come from; it is not scored."""

    files: tuple[Path, ...] = ()
    """Tables of their own, in the form of the feed's; without them it is a stretch of the feed itself."""
    since: datetime | None = None
    until: datetime | None = None


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in a feed file."""

    title: str
    title_en: str
    source: str
    city: Path | None = None
    """The city it happens in, and the rules that judge it; only a replay needs them."""
    rules: Path | None = None
    files: Annotated[tuple[Path, ...], Meta(min_length=1)]
    """Each goes on where the one before it ended."""
    beside: tuple[Part, ...] = ()
    """More tables over the same time, with columns of their own."""
    in_order: bool = True
    """Whether the rows stand in order of time; else they are sorted, and of one time the first counts."""
    interval_s: Positive
    """Usual time between two rows."""
    warm_up_h: NotNegative = 0.0
    """From the first row on; what happens in it is not scored."""
    since: datetime | None = None
    """Rows from before are left out."""
    delimiter: Mark = ","
    decimal: Literal[".", ","] = "."
    missing: tuple[str, ...] = ("", "NaN", "nan")
    time: Times
    columns: Annotated[Mapping[str, str], Meta(min_length=1)]
    """The sensor, as device/key, that each column is; others are not read."""
    units: Mapping[str, str] = {}
    """Units of columns that are not in the unit that their sensor sends."""
    labels: Labels | None = None
    train: Train | None = None
    floor: str = ""
    """What others are known to reach, in words: it stands beside the figures."""


class Feed(_Form, frozen=True, kw_only=True):
    """A feed file whose form is right; whether its sensors are there is for a city to say."""

    path: Path
    locate: Locate

    @property
    def name(self) -> str:
        """What it is called: its file's name."""
        return self.path.stem

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its tables by their form."""
        return Part(files=self.files, columns=self.columns, units=self.units), *self.beside

    @property
    def interval(self) -> int:
        """Usual time between two rows in microseconds."""
        return round(self.interval_s * SECOND)

    @property
    def warm_up(self) -> int:
        """The unscored time at its beginning in microseconds."""
        return round(self.warm_up_h * HOUR)

    def mistake(self, keys: Keys, expected: str) -> Mistake:
        """A mistake in a value of this file."""
        return Mistake(self.path, self.locate(keys), dotted(keys), expected)


@dataclass(frozen=True, slots=True)
class Channel:
    """A column of a part, and its sensor; ``value * factor + offset`` is what the sensor sends."""

    column: str
    sensor: Sensor
    factor: float
    offset: float
    part: int = 0


def find(name: str) -> Path:
    """The feed file of that path, or the one of that name that comes with the project.

    Raises:
        ConfigurationError: there is neither.
    """
    if (path := Path(name)).is_file():
        return path
    known = {path.stem: path for path in sorted(FEEDS.glob("*.toml")) if "." not in path.stem}
    if name not in known:
        raise ConfigurationError(f"there is no feed {name!r}: expected a file, or one of {', '.join(known)}")
    return known[name]


def read_feed(path: Path) -> Feed:
    """The feed that a file describes; paths of city and rules are resolved.

    Raises:
        Mistake, Mistakes: everything that is wrong with it, by file and line.
    """
    content, locate = toml.read(path)
    try:
        form = msgspec.convert(content, _Form, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise toml.mistake(path, locate, error) from None
    given = {name: getattr(form, name) for name in form.__struct_fields__}
    beside = {name: given[name] and path.parent / given[name] for name in ("city", "rules")}
    feed = Feed(**{**given, **beside, "path": path, "locate": locate})
    if mistakes := list(_mistakes(feed)):
        raise Mistakes(mistakes)
    return feed


def channels(feed: Feed, registry: Registry) -> tuple[Channel, ...]:
    """The feed's columns with the sensors of a city.

    Raises:
        Mistakes: a column's sensor is not in the city, or its unit is not of the sensor's quantity.
    """
    sensors = {sensor.name: sensor for sensor in registry.sensors}
    found: list[Channel] = []
    mistakes: list[Mistake] = []
    for number, part in enumerate(feed.parts):
        for column, name in part.columns.items():
            try:
                scale = _scale(sensors[name], part.units.get(column))
                found.append(Channel(column, sensors[name], *scale, number))
            except KeyError:
                expected = f"expected a sensor of {registry.city.name_en}, there is no {name!r}"
                mistakes.append(feed.mistake((*_place(number), "columns", column), expected))
            except ValueError as error:
                mistakes.append(feed.mistake((*_place(number), "units", column), str(error)))
    if mistakes:
        raise Mistakes(mistakes)
    return tuple(found)


def _scale(sensor: Sensor, unit: str | None) -> tuple[float, float]:
    if unit is None:
        return 1.0, 0.0
    return conversion(unit, sensor.unit, QUANTITIES[sensor.quantity].lel)


def _place(part: int) -> Keys:
    return ("beside", part - 1) if part else ()


def _path(kind: type, value: object) -> Path:
    assert kind is Path
    if not isinstance(value, str):
        raise ValueError(f"expected a path, not {value!r}")  # noqa: TRY004, msgspec shows ValueErrors
    return Path(value)


def _mistakes(feed: Feed) -> Iterator[Mistake]:
    if feed.time.zone not in available_timezones():
        expected = f'expected a time zone such as "Asia/Shanghai", not {feed.time.zone!r}'
        yield feed.mistake(("time", "zone"), expected)
    if feed.decimal == feed.delimiter:
        yield feed.mistake(("decimal",), "expected another mark than the delimiter")
    if feed.since is not None and feed.since.tzinfo is None:
        yield feed.mistake(("since",), "expected a time with its zone, such as 2025-11-21T00:00:00Z")
    yield from _wrong_columns(feed)
    yield from _wrong_train(feed)
    if feed.labels is not None and feed.labels.asset and feed.labels.asset_column:
        yield feed.mistake(("labels", "asset_column"), "expected no such field beside asset")


def _wrong_columns(feed: Feed) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for number, part in enumerate(feed.parts):
        for column, sensor in part.columns.items():
            if sensor in first:
                expected = f"expected another sensor than that of column {first[sensor]!r}"
                yield feed.mistake((*_place(number), "columns", column), expected)
            first[sensor] = column
        for column in part.units.keys() - part.columns.keys():
            yield feed.mistake(
                (*_place(number), "units", column), "expected a column that is named under columns"
            )


def _wrong_train(feed: Feed) -> Iterator[Mistake]:
    if feed.train is None:
        return
    given = {"from": feed.train.since, "to": feed.train.until}
    for name, time in given.items():
        if time is not None and time.tzinfo is None:
            yield feed.mistake(("train", name), "expected a time with its zone, such as 2025-11-21T00:00:00Z")
    if not feed.train.files and feed.train.until is None:
        yield feed.mistake(("train",), "expected to, or files of its own")
