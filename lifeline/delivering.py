"""What the command line does with deliveries and routes."""

from collections.abc import Sequence
from uuid import UUID

import psycopg

from alerts import database, deliveries
from alerts.database import Connection
from alerts.deliveries import Filter, Refusal, Sent
from alerts.outbox import Outbox
from sensors.errors import ConfigurationError, UnavailableError


async def connect(dsn: str) -> Connection:
    """A connection to the database of the alerts.

    Raises:
        UnavailableError: the server does not answer.
    """
    try:
        return await database.connect(dsn)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).splitlines()[0]}") from None


async def listed(dsn: str, wanted: Filter, limit: int) -> Sequence[Sent]:
    """The newest deliveries."""
    async with await connect(dsn) as connection:
        return await deliveries.page(connection, wanted, None, limit)


async def again(dsn: str, delivery_id: UUID) -> Sent:
    """Queue a delivery once more.

    Raises:
        ConfigurationError: there is none of that id, or its receiver has taken it.
    """
    async with await connect(dsn) as connection:
        result = await deliveries.retry(connection, Outbox(), delivery_id, None)
    if result is None:
        raise ConfigurationError(f"no delivery {delivery_id}: `lifeline deliveries list` shows them")
    if isinstance(result, Refusal):
        raise ConfigurationError(f"delivery {delivery_id}: {result}")
    return result
