"""Sessions of browsers: a random cookie, kept as its hash, and what a page shows with each write."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from alerts.database import Connection
from alerts.roles import Caller, Role

COOKIE = "lifeline_session"
HEADER = "X-CSRF-Token"

IDLE = "12 hours"
"""A shift; a console that is open asks far more often."""
LONGEST = "7 days"

_BEGIN = "insert into sessions (hash, name) values (%s, %s)"
_END = "delete from sessions where hash = %s"
_TIDY = "delete from sessions where used_at < now() - %s::interval or begun_at < now() - %s::interval"
# Written at most once a minute, for a console asks all the time.
_FIND = """
with used as (
    update sessions set used_at = clock_timestamp()
    where hash = %(hash)s and used_at < clock_timestamp() - interval '1 minute'
        and used_at > clock_timestamp() - %(idle)s::interval
)
select u.name, u.role, u.utility_id from sessions s join users u using (name)
where s.hash = %(hash)s and u.removed_at is null
    and s.used_at > clock_timestamp() - %(idle)s::interval
    and s.begun_at > clock_timestamp() - %(longest)s::interval
"""


@dataclass(frozen=True, slots=True)
class Session:
    """What a browser was given. cookie: for the browser only. csrf: for the page, to send with each write."""

    cookie: str
    csrf: str


async def begin(connection: Connection, name: str) -> Session:
    """Begin a session of somebody who has given their password."""
    cookie = secrets.token_urlsafe(32)
    await connection.execute(_TIDY, [IDLE, LONGEST])
    await connection.execute(_BEGIN, [_hash(cookie), name])
    return Session(cookie, csrf(cookie))


async def find(connection: Connection, cookie: str) -> Caller | None:
    """Whose session it is; None if it is over, or nobody's."""
    given = {"hash": _hash(cookie), "idle": IDLE, "longest": LONGEST}
    row = await (await connection.execute(_FIND, given)).fetchone()
    return None if row is None else Caller(row["name"], Role(row["role"]), row["utility_id"])


async def end(connection: Connection, cookie: str) -> None:
    """End a session."""
    await connection.execute(_END, [_hash(cookie)])


def csrf(cookie: str) -> str:
    """What a page of that session sends with each write; another site can neither read nor make it."""
    return hmac.new(cookie.encode(), b"csrf", hashlib.sha256).hexdigest()


def is_ours(cookie: str, given: str | None) -> bool:
    """Whether a write was sent by a page of the session; compared in constant time."""
    return given is not None and hmac.compare_digest(csrf(cookie).encode(), given.encode())


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
