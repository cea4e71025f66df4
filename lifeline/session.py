"""A worker's hold on its partition in the database: two connections, one lock, one epoch."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog

from ingest.write import prepare
from sensors.errors import ConfigurationError

log = structlog.get_logger()

_PATIENCE_S = 10.0

_WRONG = (
    ValueError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""What no waiting mends: a DSN that is none, a user or password that is refused, no such database."""

BROKEN = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What was idle when its dying server said so, and is asked again before that closes it.
    asyncpg.InternalClientError,
)
"""What a statement raises whose connection, or server, is not what it was: begin again."""

_EPOCH = """
insert into partitions (partition, epoch) values ($1, 1)
on conflict (partition) do update set epoch = partitions.epoch + 1
returning epoch
"""


@dataclass(frozen=True, slots=True)
class Session:
    """The only live worker of a partition.

    The lock belongs to the connection that writes: who has lost the one cannot use the other.
    """

    writer: asyncpg.Connection
    side: asyncpg.Pool
    """For what must not wait for a transaction: snapshots, versions, history and hindsight."""
    partition: str
    epoch: int


@asynccontextmanager
async def hold(dsn: str, partition: str) -> AsyncIterator[Session]:
    """Wait for the database, then for the partition, and hold it.

    A worker that finds the partition held stands by until the other lets go or dies.

    Raises:
        ConfigurationError: the DSN leads to no database that lets us in, or to one without tables.
    """
    writer = await _connect(dsn, partition)
    try:
        await _lock(writer, partition)
        await prepare(writer)
        epoch = await _next_epoch(writer, partition)
        async with asyncpg.create_pool(dsn, min_size=1, max_size=3, server_settings=_ours(partition)) as side:
            try:
                yield Session(writer, side, partition, epoch)
            finally:
                side.terminate()
    finally:
        writer.terminate()


def _ours(partition: str) -> dict[str, str]:
    return {
        "application_name": f"lifeline worker {partition}",
        "timezone": "UTC",
        # A host that vanishes must not hold its partition for hours.
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }


async def back_off(attempt: int) -> None:
    """Wait before the next attempt: longer each time, never the same for all workers."""
    await asyncio.sleep(min(0.2 * 2**attempt, _PATIENCE_S) * random.uniform(0.5, 1.0))  # noqa: S311, no secret


async def _connect(dsn: str, partition: str) -> asyncpg.Connection:
    attempt = 0
    while True:
        try:
            return await asyncpg.connect(dsn, timeout=_PATIENCE_S, server_settings=_ours(partition))
        except _WRONG as error:
            raise ConfigurationError(f"LIFELINE_DSN: {error}") from None
        except (
            OSError,
            TimeoutError,
            asyncpg.CannotConnectNowError,
            asyncpg.TooManyConnectionsError,
        ) as error:
            if attempt == 0:
                log.warning("database_away", error=str(error) or type(error).__name__)
            await back_off(attempt)
            attempt += 1


async def _next_epoch(connection: asyncpg.Connection, partition: str) -> int:
    try:
        epoch: int = await connection.fetchval(_EPOCH, partition)
    except asyncpg.UndefinedTableError:
        raise ConfigurationError("the database has no tables: call `lifeline migrate`") from None
    return epoch


async def _lock(connection: asyncpg.Connection, partition: str) -> None:
    standing_by: Callable[..., object] | None = log.info
    while not await connection.fetchval(
        "select pg_try_advisory_lock(hashtext('lifeline worker'), hashtext($1))", partition
    ):
        if standing_by is not None:
            standing_by("standing_by", partition=partition)
            standing_by = None
        await asyncio.sleep(0.5)
