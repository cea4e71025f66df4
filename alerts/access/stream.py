"""Tells all who watch of each alert that changed, when it is committed, whichever process wrote it.

Each step of an alert has a position, in the order of commits: who has heard of one has missed none before.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from psycopg import errors

from alerts.database import Connection, Pool, connect, is_away

CHANNEL = "lifeline_alerts"
NAME = "lifeline stream"
"""Of the connection that listens, among those of the server."""

WAITING = 2_000
"""Most changes that wait for a reader; one that lags further is let go, and comes back for the rest."""
PAGE = 1_000
AGAIN_S = 1.0

_NEWEST = "select coalesce(max(position), 0) as position from alert_stream"
_BETWEEN = """
select position, alert_id::text, version, utility_id as utility
from alert_stream join alerts using (alert_id) left join assets using (asset_id)
where position > %(after)s and (%(until)s::bigint is null or position <= %(until)s)
    and (%(utility)s::text is null or utility_id = %(utility)s)
order by position limit %(page)s
"""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Changed:
    """An alert has come to a version. utility: whose asset it is at."""

    position: int
    alert_id: str
    version: int
    utility: str | None


class Stream:
    """One listener for all readers of a process. position: of the newest change that it has told."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._readers: set[asyncio.Queue[Changed | None]] = set()
        self.listening = False
        self.position = 0

    async def run(self) -> None:
        """Listen until cancelled; who reads while the database is away is let go."""
        while True:
            try:
                async with await connect(self._dsn) as connection:
                    await self._listen(connection)
            except errors.UndefinedTable:
                pass  # a database that was not migrated; who leads says so, and ends the process
            except Exception as error:
                if not is_away(error):
                    raise
            self.listening = False
            self.close()
            await asyncio.sleep(AGAIN_S)

    async def _listen(self, connection: Connection) -> None:
        await connection.execute(f"set application_name = '{NAME}'")
        await connection.execute(f"listen {CHANNEL}")
        self.position = await newest(connection)
        self.listening = True
        while True:
            async for _ in connection.notifies(stop_after=1):
                pass
            while changes := await _page(connection, self.position, None, None):
                for changed in changes:
                    self._tell(changed)
                self.position = changes[-1].position

    def close(self) -> None:
        """Let all readers go."""
        for reader in self._readers:
            reader.put_nowait(None)
        self._readers.clear()

    @contextmanager
    def reader(self) -> Iterator["asyncio.Queue[Changed | None]"]:
        """A queue of all that comes after ``position`` from now on; None in it is its end."""
        queue: asyncio.Queue[Changed | None] = asyncio.Queue(WAITING + 1)  # and its end
        self._readers.add(queue)
        try:
            yield queue
        finally:
            self._readers.discard(queue)

    def _tell(self, changed: Changed) -> None:
        for reader in list(self._readers):
            if reader.qsize() < WAITING:
                reader.put_nowait(changed)
            else:
                # What waits stays: whoever comes back with its last position would not hear of it again.
                self._readers.discard(reader)
                reader.put_nowait(None)


async def newest(connection: Connection) -> int:
    """The position of the newest change; 0 = there is none."""
    row = await (await connection.execute(_NEWEST)).fetchone()
    return row["position"] if row else 0


async def missed(pool: Pool, after: int, until: int, utility: str | None) -> AsyncIterator[Changed]:
    """The changes between two positions, the second one included; utility: only those of its assets."""
    while True:
        async with pool.connection() as connection:
            changes = await _page(connection, after, until, utility)
        for changed in changes:
            yield changed
        if len(changes) < PAGE:
            return
        after = changes[-1].position


async def _page(connection: Connection, after: int, until: int | None, utility: str | None) -> list[Changed]:
    given = {"after": after, "until": until, "utility": utility, "page": PAGE}
    return [Changed(**row) for row in await (await connection.execute(_BETWEEN, given)).fetchall()]


async def changes(
    queue: "asyncio.Queue[Changed | None]", heartbeat_s: float
) -> AsyncIterator[Changed | None]:
    """What a reader hears: changes, and None where nothing changed for a while; ends when it is let go."""
    while True:
        try:
            changed = await asyncio.wait_for(queue.get(), heartbeat_s)
        except TimeoutError:
            yield None
            continue
        if changed is None:
            return
        yield changed
