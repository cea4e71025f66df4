"""Who may call the API: named tokens with a role. The token itself is shown once and kept nowhere."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import errors
from psycopg.rows import class_row

from alerts.database import Connection, session
from alerts.lifecycle import RULES
from alerts.roles import Caller, Role
from sensors.errors import ConfigurationError

PREFIX = "lifeline_"
"""Begins every token, so that one that leaks is known for what it is."""

_ADD = "insert into api_tokens (name, role, utility_id, hash) values (%s, %s, %s, %s)"
_REVOKE = "update api_tokens set revoked_at = clock_timestamp() where name = %s and revoked_at is null"
_LIST = "select name, role, utility_id, created_at, revoked_at from api_tokens order by created_at"
_FIND = "select name, role, utility_id from api_tokens where hash = %s and revoked_at is null"


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed."""

    name: str
    role: str
    utility_id: str | None
    created_at: datetime
    revoked_at: datetime | None


def add(dsn: str, name: str, role: str, utility: str | None) -> str:
    """Make a token and give it back; nobody can do so again.

    Raises:
        ConfigurationError: the name is taken, the role is none, the utility missing, unknown or out of place.
        UnavailableError: the database cannot be reached.
    """
    if name == RULES or not name.strip():
        raise ConfigurationError(f"NAME: expected the name of a person or a desk, not {name!r}")
    if role not in list(Role):
        raise ConfigurationError(f"--role: expected {', '.join(Role)}, not {role!r}")
    if (role == Role.UTILITY) != (utility is not None):
        raise ConfigurationError("--utility: expected with --role utility, and with no other")
    token = PREFIX + secrets.token_urlsafe(32)
    with session(dsn) as connection:
        try:
            connection.execute(_ADD, (name, role, utility, _hash(token)))
        except errors.UniqueViolation:
            raise ConfigurationError(f"NAME: {name!r} is or was another token's") from None
        except errors.ForeignKeyViolation:
            raise ConfigurationError(f"--utility: the registry knows no utility {utility!r}") from None
    return token


def revoke(dsn: str, name: str) -> None:
    """End a token's life.

    Raises:
        ConfigurationError: no live token has that name.
        UnavailableError: the database cannot be reached.
    """
    with session(dsn) as connection:
        if not connection.execute(_REVOKE, (name,)).rowcount:
            raise ConfigurationError(f"NAME: no live token is called {name!r}")


def tokens(dsn: str) -> Sequence[Token]:
    """All tokens that ever were, oldest first.

    Raises:
        UnavailableError: the database cannot be reached.
    """
    with session(dsn) as connection:
        return connection.cursor(row_factory=class_row(Token)).execute(_LIST).fetchall()


async def find(connection: Connection, token: str) -> Caller | None:
    """Who holds a token; None if it is nobody's, or was revoked."""
    row = await (await connection.execute(_FIND, [_hash(token)])).fetchone()
    return None if row is None else Caller(row["name"], Role(row["role"]), row["utility_id"])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
