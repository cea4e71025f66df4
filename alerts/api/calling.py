"""What each call needs: the services, who calls, and the kinds of text that are taken."""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StringConstraints

from alerts import tokens
from alerts.access import sessions
from alerts.access.limit import Limit
from alerts.access.stream import Stream
from alerts.database import Connection, Pool
from alerts.leader import Leader
from alerts.metrics import Metrics
from alerts.record import Recorder
from alerts.roles import Caller, Role

_SAYING = r"^[^\x00]*[^\x00\s][^\x00]*$"
"""Not nothing; and PostgreSQL's text cannot hold a NUL."""

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=_SAYING)
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_SAYING)]

Place = Annotated[str, StringConstraints(max_length=200, pattern=r"^[A-Za-z0-9_-]+=*$")]
"""A cursor, as a list gave it for its next page."""


def _written(given: object) -> object:
    """Refuses numbers, which would be taken for seconds or for milliseconds, whichever fits."""
    if not isinstance(given, str | datetime) or (isinstance(given, str) and "-" not in given[:5]):
        raise ValueError("expected a time such as 2026-01-02T03:04:05Z")
    return given


def _of_our_age(given: datetime) -> datetime:
    """Refuses what no clock means, and no arithmetic of times can bear."""
    if not 1900 < given.year < 2200:  # noqa: PLR2004
        raise ValueError("expected a time between 1901 and 2199")
    return given


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_of_our_age)]


@dataclass(frozen=True, slots=True)
class Services:
    """What the API works with."""

    pool: Pool
    recorder: Recorder
    metrics: Metrics
    leader: Leader
    stream: Stream
    secure: bool
    """It is reached by TLS: cookies go no other way."""

    async def still(self, request: Request) -> bool:
        """Whether whoever began a long call may go on with it."""
        async with self.pool.connection() as connection:
            return await _find(connection, request) is not None


# A console that is open asks a few times a second; who asks more often than this is a program gone wild.
_calls = Limit(per_s=50, burst=500)

_bearer = HTTPBearer(auto_error=False, description="a token that `lifeline token add` printed")
_session = APIKeyCookie(
    name=sessions.COOKIE,
    scheme_name="session",
    auto_error=False,
    description=f"of `POST /api/session`; writes take its `csrf` as {sessions.HEADER} besides",
)


def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


Using = Annotated[Services, Depends(_services)]


async def _caller(
    using: Using,
    request: Request,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    __: Annotated[str | None, Depends(_session)],
) -> Caller:
    async with using.pool.connection() as connection:
        caller = await _find(connection, request)
    if caller is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, _why(request), {"WWW-Authenticate": "Bearer"})
    request.state.who = caller.name
    if wait := _calls.wait(caller.name, time.monotonic()):
        detail, retry = "too many calls at once", {"Retry-After": str(int(wait) + 1)}
        raise HTTPException(HTTPStatus.TOO_MANY_REQUESTS, detail, retry)
    if request.method != "GET" and not _is_meant(request):
        detail = f"expected {sessions.HEADER} with the csrf of /api/me"
        raise HTTPException(HTTPStatus.FORBIDDEN, detail)
    return caller


async def _find(connection: Connection, request: Request) -> Caller | None:
    """Who calls: by token where one is given, else by the browser's session."""
    if "authorization" in request.headers:
        scheme, _, token = request.headers["authorization"].partition(" ")
        return await tokens.find(connection, token.strip()) if scheme.lower() == "bearer" else None
    cookie = request.cookies.get(sessions.COOKIE)
    return None if cookie is None else await sessions.find(connection, cookie)


def _is_meant(request: Request) -> bool:
    """Whether a write was sent by us: a browser sends its cookie along for any page, but no token."""
    if "authorization" in request.headers:
        return True
    return sessions.is_ours(request.cookies[sessions.COOKIE], request.headers.get(sessions.HEADER))


def _why(request: Request) -> str:
    if "authorization" in request.headers:
        return "the token is not known, or was revoked"
    if sessions.COOKIE in request.cookies:
        return "the session is over: sign in again"
    return "expected a bearer token, or a session"


Calling = Annotated[Caller, Depends(_caller)]


def at_least(least: Role) -> Callable[[Caller], Coroutine[Any, Any, Caller]]:
    """A dependency that lets pass who is ``least`` or above."""

    async def allowed(caller: Calling) -> Caller:
        if not caller.role.may(least):
            raise HTTPException(HTTPStatus.FORBIDDEN, f"a {caller.role} may not do this; it takes a {least}")
        return caller

    return allowed


Engineer = Annotated[Caller, Depends(at_least(Role.ENGINEER))]
