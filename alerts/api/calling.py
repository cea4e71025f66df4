"""What each call needs: the services, who calls, and the kinds of text that are taken."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import StringConstraints

from alerts import tokens
from alerts.database import Pool
from alerts.leader import Leader
from alerts.metrics import Metrics
from alerts.record import Recorder
from alerts.roles import Caller, Role

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")
]


@dataclass(frozen=True, slots=True)
class Services:
    """What the API works with."""

    pool: Pool
    recorder: Recorder
    metrics: Metrics
    leader: Leader


_bearer = HTTPBearer(auto_error=False, description="a token that `lifeline token add` printed")


def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


Using = Annotated[Services, Depends(_services)]


async def _caller(
    using: Using, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Caller:
    if credentials is not None:
        async with using.pool.connection() as connection:
            caller = await tokens.find(connection, credentials.credentials)
        if caller is not None:
            return caller
    detail = "expected a bearer token" if credentials is None else "the token is not known, or was revoked"
    raise HTTPException(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})


Calling = Annotated[Caller, Depends(_caller)]


def at_least(least: Role) -> Callable[[Caller], Coroutine[Any, Any, Caller]]:
    """A dependency that lets pass who is ``least`` or above."""

    async def allowed(caller: Calling) -> Caller:
        if not caller.role.may(least):
            raise HTTPException(HTTPStatus.FORBIDDEN, f"a {caller.role} may not do this; it takes a {least}")
        return caller

    return allowed


Engineer = Annotated[Caller, Depends(at_least(Role.ENGINEER))]
