"""Bulk history: a feed's tables into the readings of the city that is loaded, past the rules.

Times are kept as they are, and nothing is judged: no transition, no alert, no journal. What is there already
stays: the same value again is a duplicate, another value a conflict, kept as a dead letter with both.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import numpy as np
import psycopg

from ingest import validate
from ingest.allowance import Allowance
from ingest.index import Index
from ingest.rollups import note_due
from ingest.write import prepare, write_dead, write_readings
from sensors import store
from sensors.errors import ConfigurationError, UnavailableError
from sensors.model import Registry
from sensors.readings import DAY, Readings
from simulator.feed import Channel, Feed, channels
from simulator.feed_rows import Rows, read_rows, survey

_LONGEST = 100 * DAY
"""Most time in a transaction: each day in it is a chunk with locks of its own."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the readings: stored, there already, or there with another value.

    kept: how many of the conflicts are dead letters; a device may have only so many.
    """

    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    kept: int = 0


async def load_history(
    dsn: str, feed: Feed, data: Path, conflicts_kept: int, show: Callable[[int, int], None]
) -> Loaded:
    """Store all readings of the feed's tables; ``show`` is told how many rows are done, of how many.

    conflicts_kept: most dead letters a device. It may be broken off and called again: what was stored is
    then a duplicate.

    Raises:
        Mistake, Mistakes: a table is wrong, or the city has no such sensor; nothing was stored.
        ConfigurationError: no city is loaded.
        UnavailableError: the database does not answer.
    """
    registry = _registry(dsn)
    columns = channels(feed, registry)
    extent = survey(feed, columns, data)
    index, allowance = Index(registry), Allowance(conflicts_kept)
    loaded, done = Loaded(), 0
    try:
        connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
        await prepare(connection)
        for rows in _portions(read_rows(feed, columns, data)):
            loaded = await _store(connection, _readings(rows, columns, index), index, allowance, loaded)
            done += len(rows)
            show(done, extent.rows)
        await connection.close()
    except (
        OSError,
        asyncpg.PostgresConnectionError,
        asyncpg.InterfaceError,
        asyncpg.AdminShutdownError,
    ) as error:
        raise UnavailableError(f"the database went away, call again when it is back: {error}") from None
    return loaded


async def _store(
    connection: asyncpg.Connection, readings: Readings, index: Index, allowance: Allowance, before: Loaded
) -> Loaded:
    async with connection.transaction():
        written = await write_readings(connection, readings, np.zeros(len(readings), np.bool_), certain=False)
        kept = allowance.admit(written.conflicts, index, now=0)
        await write_dead(connection, kept)
        await note_due(connection, readings)
    allowance.spend(kept, index)
    return Loaded(
        stored=before.stored + written.stored,
        duplicates=before.duplicates + written.duplicates,
        conflicts=before.conflicts + len(written.conflicts),
        kept=before.kept + len(kept),
    )


def _registry(dsn: str) -> Registry:
    try:
        with closing(psycopg.connect(dsn)) as connection:
            return store.read(connection)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).splitlines()[0]}") from None
    except psycopg.errors.UndefinedTable:
        raise ConfigurationError("the database has no tables: call `lifeline migrate`") from None


def _portions(chunks: Iterator[Rows]) -> Iterator[Rows]:
    """The rows in parts that a transaction can take."""
    for rows in chunks:
        cuts = np.searchsorted(rows.time, np.arange(rows.time[0], rows.time[-1] + 1, _LONGEST))
        for start, end in zip(cuts, [*cuts[1:], len(rows)], strict=True):
            if end > start:
                yield rows[start:end]


def _readings(rows: Rows, columns: tuple[Channel, ...], index: Index) -> Readings:
    """The values that there are, in the quantities' own units, by time."""
    sensor = np.tile(np.array([each.sensor.id for each in columns], np.int32), len(rows))
    time, sent = np.repeat(rows.time, len(columns)), rows.value.reshape(-1)
    value = sent * index.factor[sensor] + index.offset[sensor]
    flag = validate.flags(value, index.low[sensor], index.high[sensor])
    return Readings(sensor, time, value, flag)[~np.isnan(sent)]
