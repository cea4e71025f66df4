"""How alerts talks to its database: rows as dictionaries, and a pool that comes back soon after an outage."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from procrastinate.exceptions import ConnectorException
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from sensors.errors import UnavailableError

Connection = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

CONNECT_S = 5
"""How long to wait for a connection before the database counts as away."""


def pool(dsn: str) -> Pool:
    """A pool, not open yet, of connections on which each statement is a transaction unless one is opened.

    An attempt to connect is given up soon, for within one attempt the pool doubles its waits, while any
    new query begins another attempt at once. Connections are not checked at each use, which would double
    the queries: whoever notices an outage calls ``check`` after it.
    """
    return AsyncConnectionPool(
        dsn,
        connection_class=Connection,
        kwargs={"row_factory": dict_row, "autocommit": True},
        min_size=1,
        max_size=12,
        timeout=CONNECT_S,
        reconnect_timeout=2,
        open=False,
    )


async def connect(dsn: str) -> Connection:
    """A connection of one's own, like those of the pool."""
    return await AsyncConnection.connect(
        dsn, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_S
    )


def is_away(error: BaseException) -> bool:
    """Whether an error means that the database cannot be reached now, so that waiting will help."""
    if isinstance(error, ConnectorException) and error.__cause__ is not None:
        return is_away(error.__cause__)
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | UnavailableError)


@contextmanager
def session(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection of a command, in one transaction.

    Raises:
        UnavailableError: the database cannot be reached.
    """
    try:
        with psycopg.connect(dsn, connect_timeout=CONNECT_S) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database cannot be reached: {error}".strip()) from None
