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


class Feed(_Form, frozen=True, kw_only=True):
    """A feed file whose form is right; whether its sensors are there is for a city to say."""

    path: Path
    locate: Locate

    @property
    def name(self) -> str:
        """What it is called: its file's name."""
        return self.path.stem

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
    """A column and its sensor; ``value * factor + offset`` is what the sensor sends."""

    column: str
    sensor: Sensor
    factor: float
    offset: float


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
    for column, name in feed.columns.items():
        try:
            found.append(Channel(column, sensors[name], *_scale(sensors[name], feed.units.get(column))))
        except KeyError:
            expected = f"expected a sensor of {registry.city.name_en}, there is no {name!r}"
            mistakes.append(feed.mistake(("columns", column), expected))
        except ValueError as error:
            mistakes.append(feed.mistake(("units", column), str(error)))
    if mistakes:
        raise Mistakes(mistakes)
    return tuple(found)


def _scale(sensor: Sensor, unit: str | None) -> tuple[float, float]:
    if unit is None:
        return 1.0, 0.0
    return conversion(unit, sensor.unit, QUANTITIES[sensor.quantity].lel)


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
    if feed.labels is not None and feed.labels.asset and feed.labels.asset_column:
        yield feed.mistake(("labels", "asset_column"), "expected no such field beside asset")


def _wrong_columns(feed: Feed) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for column, sensor in feed.columns.items():
        if (other := first.setdefault(sensor, column)) != column:
            yield feed.mistake(("columns", column), f"expected another sensor than that of column {other!r}")
    for column in feed.units.keys() - feed.columns.keys():
        yield feed.mistake(("units", column), "expected a column that is named under columns")
