"""People with passwords: added, listed and removed by hand; a password is kept as its argon2id hash."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg import errors
from psycopg.rows import class_row

from alerts.database import Pool, session
from alerts.lifecycle import RULES
from alerts.roles import Caller, Role
from sensors.errors import ConfigurationError

SHORTEST = 12
"""Characters of a password; NIST SP 800-63B asks for eight or more, and for no rules beyond length."""

LONGEST = 200

_ADD = "insert into users (name, role, utility_id, hash) values (%s, %s, %s, %s)"
_LIST = "select name, role, utility_id, created_at, removed_at from users order by created_at"
_CHANGE = "update users set hash = %s where name = %s and removed_at is null"
_REMOVE = "update users set removed_at = clock_timestamp() where name = %s and removed_at is null"
_FORGET = "delete from sessions where name = %s"
_FIND = "select name, role, utility_id, hash from users where name = %s and removed_at is null"

_hasher = PasswordHasher()
_NOBODYS = _hasher.hash("nobody has this password")
"""Verified where there is no such name, so that it takes as long as where there is."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody as they are listed."""

    name: str
    role: str
    utility_id: str | None
    created_at: datetime
    removed_at: datetime | None


def add(dsn: str, name: str, role: str, utility: str | None, password: str) -> None:
    """Let somebody sign in.

    Raises:
        ConfigurationError: the name is taken, the role is none, the utility missing, unknown or out of place,
            the password too short.
        UnavailableError: the database cannot be reached.
    """
    if name == RULES or not name.strip():
        raise ConfigurationError(f"NAME: expected the name of a person or a desk, not {name!r}")
    if role not in list(Role):
        raise ConfigurationError(f"--role: expected {', '.join(Role)}, not {role!r}")
    if (role == Role.UTILITY) != (utility is not None):
        raise ConfigurationError("--utility: expected with --role utility, and with no other")
    with session(dsn) as connection:
        try:
            connection.execute(_ADD, (name, role, utility, _hash(password)))
        except errors.UniqueViolation:
            raise ConfigurationError(f"NAME: {name!r} is or was somebody else's") from None
        except errors.ForeignKeyViolation:
            raise ConfigurationError(f"--utility: the registry knows no utility {utility!r}") from None


def change(dsn: str, name: str, password: str) -> None:
    """Give somebody another password, which ends their sessions.

    Raises:
        ConfigurationError: nobody has that name, or the password is too short.
        UnavailableError: the database cannot be reached.
    """
    with session(dsn) as connection:
        _found(name, connection.execute(_CHANGE, (_hash(password), name)).rowcount)
        connection.execute(_FORGET, (name,))


def remove(dsn: str, name: str) -> None:
    """Let somebody sign in no more, and end their sessions; the name stays theirs.

    Raises:
        ConfigurationError: nobody has that name.
        UnavailableError: the database cannot be reached.
    """
    with session(dsn) as connection:
        _found(name, connection.execute(_REMOVE, (name,)).rowcount)
        connection.execute(_FORGET, (name,))


def listed(dsn: str) -> Sequence[User]:
    """All who ever could sign in, the earliest first.

    Raises:
        UnavailableError: the database cannot be reached.
    """
    with session(dsn) as connection:
        return connection.cursor(row_factory=class_row(User)).execute(_LIST).fetchall()


async def verify(pool: Pool, name: str, password: str) -> Caller | None:
    """Who that is; None if the name or the password is wrong, and it takes as long to say so.

    The hash takes tens of milliseconds, in which neither the loop nor a connection is held.
    """
    async with pool.connection() as connection:
        row = await (await connection.execute(_FIND, [name])).fetchone()
    is_right = await asyncio.to_thread(_is_right, row["hash"] if row else _NOBODYS, password)
    return Caller(row["name"], Role(row["role"]), row["utility_id"]) if row and is_right else None


def _is_right(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _hash(password: str) -> str:
    if not SHORTEST <= len(password) <= LONGEST:
        raise ConfigurationError(f"password: expected {SHORTEST} to {LONGEST} characters")
    return _hasher.hash(password)


def _found(name: str, rows: int) -> None:
    if not rows:
        raise ConfigurationError(f"NAME: nobody who can sign in is called {name!r}")
