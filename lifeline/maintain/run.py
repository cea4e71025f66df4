"""One round of housekeeping, and rounds on schedule."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

import asyncpg
import structlog

from ingest.rollups import roll_up
from lifeline.health import Health
from lifeline.maintain.compress import compress
from lifeline.maintain.drop import drop
from lifeline.maintain.keep import Keep
from lifeline.maintain.metrics import Metrics

_ALONE = "select pg_try_advisory_lock(hashtextextended('lifeline maintain', 0))"

# Dropping a chunk waits for who reads it, and who comes after waits with it: not for long.
_OURS = {"application_name": "lifeline maintain", "timezone": "UTC", "lock_timeout": "5s"}

log = structlog.get_logger()


async def one_round(dsn: str, keep: Keep, now: datetime) -> AsyncGenerator[str]:
    """Do what is due and tell of it, a line a thing."""
    connection = await asyncpg.connect(dsn, server_settings=_OURS)
    try:
        if not await connection.fetchval(_ALONE):
            yield "another process is at it, nothing done"
            return
        rolled = await roll_up(connection)
        yield (
            f"rollups: {rolled.ten_minutes:,} buckets of 10 minutes and {rolled.hours:,} of 1 hour"
            f" brought up to date, from {rolled.entries:,} entries of the journal"
        )
        async for line in drop(connection, keep, now):
            yield line
        async for line in compress(connection, keep.compress_days, now):
            yield line
    finally:
        await connection.close()


async def on_schedule(dsn: str, keep: Keep, every_s: float, metrics: Metrics, health: Health) -> None:
    """A round each so many seconds until cancelled; one that fails is told of, and the next one goes on."""
    while True:
        try:
            async with aclosing(one_round(dsn, keep, datetime.now(UTC))) as lines:
                async for line in lines:
                    log.info("maintained", what=line)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            why = f"{type(error).__name__}: {error}"
            log.warning("maintenance_failed", error=why)
            metrics.rounds.labels("failed").inc()
            health.not_ready(f"the last round failed: {why}")
        else:
            metrics.rounds.labels("done").inc()
            metrics.last.set_to_current_time()
            health.ready()
        await asyncio.sleep(every_s)
