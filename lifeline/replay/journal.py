"""How far worker and alerts are, as the database tells it."""

import time
from collections.abc import Callable

import psycopg

from ingest.journal import BatchEntry, decode
from sensors.errors import UnavailableError

LAG = 1000
"""Messages that may be published and not committed; beyond so many queued, Mosquitto's default drops them."""

PATIENCE_S = 60.0
"""How long nothing may happen before it is taken for a failure."""

GLANCE_S = 0.01

Connection = psycopg.Connection[tuple[object, ...]]

_NEW = """
select seq, messages, case when %s then body end from journal where partition = %s and seq > %s order by seq
"""
_UNCLAIMED = "select count(*) from risk_changes where claimed_at is null"


class Journal:
    """Follows one partition's journal.

    check: called while waiting; it raises where waiting is in vain.
    """

    def __init__(self, connection: Connection, partition: str, check: Callable[[], None]) -> None:
        self._connection, self._partition, self._check = connection, partition, check
        self._seq = self._committed = 0

    def keep_up(self, published: int) -> None:
        """Return when at most LAG of the messages published are not committed."""
        self._check()
        if published - self._committed > LAG:
            self._wait(lambda: self._advance(None) or published - self._committed <= LAG, "stored")

    def until(self, tick: int) -> None:
        """Return when the worker has committed the clock's message of a time (us since 1970 UTC)."""
        self._wait(lambda: self._advance(tick), "stored")

    def until_claimed(self) -> None:
        """Return when every change of risk has been taken into a case."""
        self._wait(lambda: self._connection.execute(_UNCLAIMED).fetchone() == (0,), "claimed")

    def _advance(self, tick: int | None) -> bool:
        """Take in what is new; whether a tick was in it."""
        seen = False
        for seq, messages, body in self._connection.execute(
            _NEW, [tick is not None, self._partition, self._seq]
        ):
            assert isinstance(seq, int)
            assert isinstance(messages, int)
            self._seq, self._committed = seq, self._committed + messages
            seen = seen or (tick is not None and _holds(body, tick))
        return seen

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline, seq = time.monotonic() + PATIENCE_S, self._seq
        while not done():
            self._check()
            if self._seq != seq:
                deadline, seq = time.monotonic() + PATIENCE_S, self._seq
            if time.monotonic() > deadline:
                raise UnavailableError(
                    f"nothing has been {what} for {PATIENCE_S:g} s, the replay is given up"
                )
            time.sleep(GLANCE_S)


def _holds(body: object, tick: int) -> bool:
    assert isinstance(body, bytes)
    entry = decode(body)
    return isinstance(entry, BatchEntry) and any(time == tick for _, time in entry.ticks)
