"""Tells all who watch of each alert that changed, when it is committed, whichever process wrote it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from alerts.database import connect, is_away

CHANNEL = "lifeline_alerts"
WAITING = 2_000
"""Most changes that wait for a reader; one that lags further behind is let go, and reads everything anew."""
AGAIN_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Changed:
    """An alert has come to a version."""

    alert_id: str
    version: int


class Stream:
    """One listener for all readers of a process."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._readers: set[asyncio.Queue[Changed | None]] = set()
        self.listening = False

    async def run(self) -> None:
        """Listen until cancelled; who reads while the database is away is let go."""
        while True:
            try:
                async with await connect(self._dsn) as connection:
                    await connection.execute(f"listen {CHANNEL}")
                    self.listening = True
                    async for notice in connection.notifies():
                        if (changed := _changed(notice.payload)) is not None:
                            self._tell(changed)
            except Exception as error:
                if not is_away(error):
                    raise
            self.listening = False
            self.close()
            await asyncio.sleep(AGAIN_S)

    def close(self) -> None:
        """Let all readers go."""
        for reader in self._readers:
            while reader.full():
                reader.get_nowait()
            reader.put_nowait(None)

    @contextmanager
    def reader(self) -> Iterator["asyncio.Queue[Changed | None]"]:
        """A queue of what changes from now on; None in it is its end."""
        queue: asyncio.Queue[Changed | None] = asyncio.Queue(WAITING)
        self._readers.add(queue)
        try:
            yield queue
        finally:
            self._readers.discard(queue)

    def _tell(self, changed: Changed) -> None:
        for reader in list(self._readers):
            if reader.full():
                self._readers.discard(reader)
                reader.get_nowait()
                reader.put_nowait(None)
            else:
                reader.put_nowait(changed)


def _changed(payload: str) -> Changed | None:
    """What a notice says; None if it is none of ours, for any role can notify."""
    alert_id, _, version = payload.partition(" ")
    return Changed(alert_id, int(version)) if version.isdecimal() else None


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
