"""The database, for commands that ask it something and end."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lifeline.settings import Settings
from sensors.errors import ConfigurationError, UnavailableError

if TYPE_CHECKING:
    from psycopg import Connection


@contextmanager
def connected() -> Iterator["Connection[tuple[object, ...]]"]:
    """A connection to the database of the settings.

    Raises:
        UnavailableError: it does not answer.
        ConfigurationError: it is not prepared.
    """
    import psycopg  # noqa: PLC0415, heavy, and needed here only

    try:
        with psycopg.connect(Settings.load().database(), autocommit=True) as conn:
            yield conn
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).splitlines()[0]}") from None
    except psycopg.errors.UndefinedTable:
        raise ConfigurationError("the database is not prepared: call `lifeline migrate`") from None
