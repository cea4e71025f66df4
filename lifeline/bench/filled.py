"""A database that a city of 10,000 sensors has filled: made once, by COPY, and kept.

The city is the demo city many times over, each sensor with a reading a minute up to ``NOW``. One sensor in
five has been there for a year: of its older life the rollups are there, as far apart on disk as those of all
sensors would be.
"""

import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import asyncpg
import msgspec
import numpy as np
import psycopg
from numpy.typing import NDArray

from ingest.copy import binary, timestamps
from ingest.rollups import roll_up
from ingest.write import moment
from lifeline.migrate import migrate
from rules import store as rule_store
from rules.model import RuleSet
from rules.risk import default_matrix
from sensors import store as city_store
from sensors.load import DEMO_CITY, read_city
from sensors.model import Flag, Registry
from sensors.readings import DAY, HOUR, MINUTE

NOW = 1_784_678_400_000_000
"""The moment at which the city was left: 2026-07-22 00:00 UTC."""

LATEST_S = 3600.0
"""So long filling may take; then what is there has to do."""

_MONTH, _YEAR = 31 * DAY, 365 * DAY
_ONE_IN = 5
_DOUBTFUL = 0.001
_ROWS = 200_000
"""About as many rows in a COPY."""

_ROLLUP = ("sensor_id", "time", "readings", "numbers", "worst", "low", "high", "total", "last")

# The clock of a kept database stands still; the functions are as dear as those they take the place of.
_PRESENT = """
create or replace function grafana.{name}() returns timestamptz
language plpgsql stable security definer set search_path = public, pg_temp as
$$ begin return '{now}'::timestamptz; end $$
"""

_DONE = "comment on table readings is '{}'"
_IS_DONE = "select obj_description('readings'::regclass)"


@dataclass(frozen=True, slots=True)
class Filled:
    """How much there is, and how long it took to be made."""

    readings: int
    sensors: int
    fill_s: float
    rollup_s: float


def tiled(sensors: int) -> Registry:
    """The demo city beside itself, until it has that many sensors that give readings."""
    city = read_city(DEMO_CITY)
    of_one = sum(sensor.quantity != "acceleration" for sensor in city.sensors)
    tiles = [_tile(city, number) for number in range(-(-sensors // of_one))]
    return msgspec.structs.replace(
        city,
        assets=tuple(each for tile in tiles for each in tile.assets),
        edges=tuple(each for tile in tiles for each in tile.edges),
        devices=tuple(each for tile in tiles for each in tile.devices),
        sensors=tuple(each for tile in tiles for each in tile.sensors),
    )


def _tile(city: Registry, number: int) -> Registry:
    if not number:
        return city
    end, east, north = f"-{number}", number % 8 * 0.1, number // 8 * 0.1
    new = msgspec.structs.replace
    return new(
        city,
        assets=tuple(
            new(each, id=each.id + end, longitude=each.longitude + east, latitude=each.latitude + north)
            for each in city.assets
        ),
        edges=tuple(new(each, source=each.source + end, target=each.target + end) for each in city.edges),
        devices=tuple(
            new(each, id=each.id + end, gateway=each.gateway and each.gateway + end) for each in city.devices
        ),
        sensors=tuple(new(each, device=each.device + end, asset=each.asset + end) for each in city.sensors),
    )


def known(dsn: str) -> Filled | None:
    """What an earlier call made; none if there is nothing, or it was broken off."""
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        if connection.execute("select to_regclass('readings')").fetchone() == (None,):
            return None
        row = connection.execute(_IS_DONE).fetchone()
        return msgspec.json.decode(row[0], type=Filled) if row and row[0] else None


async def fill(dsn: str, readings: int, sensors: int) -> Filled:
    """Make it in an empty database."""
    migrate(dsn)
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        city_store.load(connection, tiled(sensors))
        rule_store.load(connection, RuleSet(rules=(), groups=(), matrix=default_matrix()))
        registry = city_store.read(connection)
    ids = np.array([s.id for s in registry.sensors if s.quantity != "acceleration"], np.int32)[:sensors]
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
    try:
        begun = time.monotonic()
        stored = await _readings(connection, ids, readings // len(ids))
        filled = time.monotonic()
        await roll_up(connection)
        rolled = time.monotonic()
        await _older(connection, ids[::_ONE_IN], NOW - stored // len(ids) * MINUTE)
        await _rest(connection)
        done = Filled(stored, len(ids), round(filled - begun, 1), round(rolled - filled, 1))
        await connection.execute(_DONE.format(msgspec.json.encode(done).decode()))
    finally:
        await connection.close()
    return done


async def _readings(connection: asyncpg.Connection, ids: NDArray[np.int32], minutes: int) -> int:
    """A reading of each a minute, in the order in which they would have come; how many."""
    random = np.random.default_rng(6)
    latest, part, done = time.monotonic() + LATEST_S, max(1, _ROWS // len(ids)), 0
    sensor = np.tile(ids, part)
    while done < minutes and time.monotonic() < latest:
        count = min(part, minutes - done)
        first = NOW - (minutes - done) * MINUTE
        when = np.repeat(first + MINUTE * np.arange(1, count + 1), len(ids))
        value = _course(sensor[: len(when)], when, random)
        flag = np.where(random.random(len(when)) < _DOUBTFUL, Flag.SUSPECT, Flag.GOOD).astype(np.int16)
        columns: list[NDArray[Any]] = [sensor[: len(when)], timestamps(when), value, flag]
        await _copy(connection, "readings", ("sensor_id", "time", "value", "flag"), columns)
        done += count
    await connection.execute(
        "insert into rollups_due (first_time, last_time) values ($1, $2)",
        moment(NOW - minutes * MINUTE),
        moment(NOW),
    )
    return done * len(ids)


def _course(
    sensor: NDArray[np.int32], when: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.float64]:
    """A level of each sensor's own, with the day's rise and fall and noise."""
    day: NDArray[np.float64] = np.sin(when / DAY * 2 * np.pi + sensor)
    return sensor % 97 + 2 * day + random.normal(0, 0.3, len(when))


async def _older(connection: asyncpg.Connection, ids: NDArray[np.int32], until: int) -> None:
    for table, width, since in (
        ("readings_10min", 10 * MINUTE, NOW - _MONTH),
        ("readings_1h", HOUR, NOW - _YEAR),
    ):
        first, last = since // width * width, until // HOUR * HOUR
        starts = np.arange(first, last, width)
        for part in np.array_split(starts, max(1, len(starts) * len(ids) // _ROWS)):
            await _copy(connection, table, _ROLLUP, _rollups(ids, part, width // MINUTE))


def _rollups(ids: NDArray[np.int32], starts: NDArray[np.int64], count: int) -> list[NDArray[Any]]:
    sensor, when = np.tile(ids, len(starts)), np.repeat(starts, len(ids))
    mean = _course(sensor, when, np.random.default_rng(len(starts)))
    counts, worst = np.full(len(when), count, np.int32), np.ones(len(when), np.int16)
    return [sensor, timestamps(when), counts, counts, worst, mean - 1, mean + 1, mean * count, mean]


async def _rest(connection: asyncpg.Connection) -> None:
    """What a city has besides: cases, what the rules said, who was told, waveforms, the journal's counts."""
    text = (files(__package__) / "filled.sql").read_text(encoding="utf-8")
    await connection.execute(text.replace("$NOW", moment(NOW).isoformat()))
    for name in ("present", "rolled_until"):
        await connection.execute(_PRESENT.format(name=name, now=moment(NOW).isoformat()))
    await connection.execute("vacuum analyze")


async def _copy(
    connection: asyncpg.Connection, table: str, names: tuple[str, ...], columns: list[NDArray[Any]]
) -> None:
    async def once() -> AsyncIterator[bytes]:
        yield binary(columns)

    await connection.copy_to_table(table, source=once(), columns=names, format="binary")
