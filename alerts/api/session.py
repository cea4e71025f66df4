"""Signing in and out, and who calls."""

import time
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from alerts.access import sessions, users
from alerts.access.limit import Limit
from alerts.api.calling import Calling, Name, Using
from alerts.api.problems import problems
from alerts.roles import Caller, Role
from alerts.words import Word

router = APIRouter(prefix="/api")

Password = Annotated[str, StringConstraints(min_length=1, max_length=users.LONGEST)]

# A person never meets these, who guesses does; and by failing on purpose nobody keeps another out for long,
# for the narrowest is of a name from one address; then of an address, then of a name.
_tries = (Limit(per_s=1 / 12, burst=10), Limit(per_s=1 / 4, burst=50), Limit(per_s=2, burst=200))


class Credentials(BaseModel):
    """Who wants to sign in."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    password: Password


class Me(Word):
    """The caller."""

    name: str
    role: Role
    utility: str | None
    csrf: str | None
    """To be sent as X-CSRF-Token with each write of this session; null for a token."""


@router.post(
    "/session",
    status_code=HTTPStatus.CREATED,
    responses=problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def sign_in(using: Using, request: Request, response: Response, given: Credentials) -> Me:
    """Begin a session: a cookie for the browser, and ``csrf`` for the page."""
    address = request.client.host if request.client else ""
    request.state.tried = given.name
    for limit, key in zip(_tries, (f"{given.name} {address}", address, given.name), strict=True):
        if wait := limit.wait(key, time.monotonic()):
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS, "too many tries", {"Retry-After": str(int(wait) + 1)}
            )
    caller = await users.verify(using.pool, given.name, given.password)
    if caller is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "the name or the password is wrong")
    request.state.who, request.state.tried = caller.name, None
    async with using.pool.connection() as connection:
        begun = await sessions.begin(connection, caller.name)
    response.set_cookie(
        sessions.COOKIE, begun.cookie, httponly=True, secure=using.secure, samesite="strict", path="/"
    )
    return _me(caller, begun.csrf)


@router.delete("/session", status_code=HTTPStatus.NO_CONTENT)
async def sign_out(using: Using, _: Calling, request: Request, response: Response) -> None:
    """End the session."""
    if cookie := request.cookies.get(sessions.COOKIE):
        async with using.pool.connection() as connection:
            await sessions.end(connection, cookie)
    response.delete_cookie(sessions.COOKIE, path="/")


@router.get("/me")
async def me(caller: Calling, request: Request) -> Me:
    """The caller's name and role."""
    by_token = "authorization" in request.headers
    cookie = None if by_token else request.cookies.get(sessions.COOKIE)
    return _me(caller, None if cookie is None else sessions.csrf(cookie))


def _me(caller: Caller, csrf: str | None) -> Me:
    return Me(name=caller.name, role=caller.role, utility=caller.utility, csrf=csrf)
