"""One process claims and delivers; others stand by for it; all of them wait while the database is away."""

import asyncio
import random
import time
from enum import StrEnum
from typing import LiteralString

import structlog
from psycopg.sql import SQL, Identifier

from alerts import outbox
from alerts.claim import Claimer
from alerts.database import Connection, Pool, connect, is_away
from alerts.dispatch import Dispatcher
from alerts.heartbeat import Hearts
from alerts.metrics import Metrics
from alerts.timekeeper import Timekeeper
from sensors.errors import ConfigurationError

CHANNEL = "lifeline_risk"
"""Where a worker says that there are new changes of risk; what they are is read from their table."""

POLL_S = 1.0
HASTE_POLL_S = 0.02
STAND_BY_S = 0.5
LONGEST_WAIT_S = 5.0

_MIGRATED = "select to_regclass('alert_stream') is not null as migrated"
_LEAD = "select pg_try_advisory_lock(hashtextextended('lifeline alerts', 0)) as leads"
# The server has to notice a dead peer soon, or the lock stays with it and nobody takes its place.
_NOTICE = "set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3"

log = structlog.get_logger()


class Standing(StrEnum):
    """What a process is doing about changes of risk."""

    WAITING = "waiting for the database"
    STANDING_BY = "standing by"
    CLAIMING = "claiming"


class Leader:
    """Claims and delivers while no other process does.

    The lock belongs to the connection that claims, so that a process cannot lose the one and go on with
    the other.
    """

    def __init__(
        self,
        dsn: str,
        pool: Pool,
        claimer: Claimer,
        timekeeper: Timekeeper,
        dispatcher: Dispatcher,
        metrics: Metrics,
        hearts: Hearts,
    ) -> None:
        self._dsn, self._pool, self._claimer, self._dispatcher = dsn, pool, claimer, dispatcher
        self._timekeeper, self._metrics, self._hearts = timekeeper, metrics, hearts
        self.standing = Standing.WAITING
        self._failures = 0

    async def run(self) -> None:
        """Go on until cancelled.

        Raises:
            ConfigurationError: the database has not been migrated.
        """
        while True:
            try:
                async with await connect(self._dsn) as connection:
                    await self._stand_by(connection)
                    await self._lead(connection)
            except Exception as error:
                why = _away(error)
                if why is None:
                    raise
                await self._wait(why)

    async def _wait(self, why: Exception) -> None:
        if not self._failures:
            log.warning("the database is away, waiting for it", error=str(why).strip())
        self._stand(Standing.WAITING)
        self._failures += 1
        longest = min(0.1 * 2 ** min(self._failures, 10), LONGEST_WAIT_S)
        await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311, spreads, hides nothing

    async def _stand_by(self, connection: Connection) -> None:
        if not await _is_true(connection, _MIGRATED):
            raise ConfigurationError("the database is not at the newest version: call `lifeline migrate`")
        await self._pool.check()
        await connection.execute(_NOTICE)
        while not await _is_true(connection, _LEAD):
            self._stand(Standing.STANDING_BY)
            await asyncio.sleep(STAND_BY_S)

    async def _lead(self, connection: Connection) -> None:
        for channel in (CHANNEL, outbox.CHANNEL):
            await connection.execute(SQL("listen {}").format(Identifier(channel)))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._claim(connection))
                group.create_task(self._dispatcher.work())
                group.create_task(self._hearts.beat())
        finally:
            self._stand(Standing.WAITING)

    async def _claim(self, connection: Connection) -> None:
        struck = -POLL_S
        while True:
            taken = await self._claimer.take(connection)
            self._stand(Standing.CLAIMING)
            if (now := time.monotonic()) - struck >= POLL_S:
                struck = now
                await self._timekeeper.strike(connection)
            # What was queued by that is heard of before more is claimed, and what is urgent is sent first.
            await self._listen(connection, 0 if taken else POLL_S)
            while taken and self._dispatcher.is_hasty() and not await self._listen(connection, HASTE_POLL_S):
                pass

    async def _listen(self, connection: Connection, seconds: float) -> bool:
        """Pass on what is heard of the queues; whether there are new changes. Ends when anything is heard."""
        changes = False
        async for notice in connection.notifies(timeout=seconds, stop_after=1):
            changes |= notice.channel == CHANNEL
            if notice.channel == outbox.CHANNEL:
                self._dispatcher.hear(notice.payload)
        return changes

    def _stand(self, standing: Standing) -> None:
        if standing is not Standing.WAITING and standing is not self.standing:
            self._failures = 0
            log.info(standing.value)
        self.standing = standing
        self._metrics.claiming.set(standing is Standing.CLAIMING)


async def _is_true(connection: Connection, question: LiteralString) -> bool:
    row = await (await connection.execute(question)).fetchone()
    return row is not None and all(row.values())


def _away(error: Exception) -> Exception | None:
    """The error that says that the database is away; None if something else is wrong as well."""
    if isinstance(error, ExceptionGroup):
        reasons = [_away(each) for each in error.exceptions]
        return reasons[0] if all(reasons) else None
    return error if is_away(error) else None
