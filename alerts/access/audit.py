"""Writes down every write that somebody asked for, with its outcome, and headers that keep browsers safe."""

import time

import psycopg
import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.access.limit import Limit
from alerts.database import Connection, Pool
from alerts.words import Time, Word

# Of what was tried, only the name of somebody whom we know: what else stands there may be a password.
_ADD = """
insert into api_audit (who, address, method, path, status, tried)
values (%s, %s, %s, %s, %s, (select name from users where name = %s))
"""
_LIST = """
select audit_id, at, who, address, method, path, status, tried from api_audit
where %(before)s::bigint is null or audit_id < %(before)s
order by audit_id desc limit %(limit)s
"""
_SAFE = {
    # Most answers are no page, and one that is names itself what it loads.
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_READING = {"GET", "HEAD", "OPTIONS"}

log = structlog.get_logger()


class Entry(Word):
    """One write that somebody asked for."""

    audit_id: int
    at: Time
    who: str | None
    """Null = whoever it was did not say, or said it wrongly."""
    address: str | None
    method: str
    path: str
    status: int
    tried: str | None
    """Who was to sign in, and was not: the name of somebody who could."""


class Audited:
    """Around the app: what is asked for is written down before it is answered."""

    def __init__(self, app: ASGIApp, pool: Pool, failed: ASGIApp, *, secure: bool) -> None:
        self._app, self._pool, self._failed = app, pool, failed
        # Who is nobody's caller must not be able to fill the table that is never emptied.
        self._strangers = Limit(per_s=1, burst=200)
        self._headers = {**_SAFE, **({"Strict-Transport-Security": "max-age=31536000"} if secure else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        started = False

        async def answered(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["method"] not in _READING:
                    await self._write(scope, message["status"])
            await send(message)

        try:
            await self._app(scope, receive, answered)
        except Exception:
            if started:
                raise
            log.exception("a call failed", method=scope["method"], path=scope["path"])
            await self._failed(scope, receive, answered)

    async def _write(self, scope: Scope, status: int) -> None:
        request = Request(scope)
        address = request.client.host if request.client else None
        who = getattr(request.state, "who", None)
        if who is None and self._strangers.wait(address or "", time.monotonic()):
            return
        path = request.url.path.replace("\0", "")[:500]
        said = [who, address, scope["method"], path, status, getattr(request.state, "tried", None)]
        try:
            async with self._pool.connection(timeout=1) as connection:
                await connection.execute(_ADD, said)
        except psycopg.Error:
            # The answer matters more than its record, which is in the log then.
            log.exception("a write could not be audited", said=said)


async def listed(connection: Connection, before: int | None, limit: int) -> list[Entry]:
    """What was asked for, the newest first."""
    rows = await (await connection.execute(_LIST, {"before": before, "limit": limit})).fetchall()
    return [Entry(**row) for row in rows]
