"""The HTTP API: cases, what people do with them, health, metrics."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from alerts import figures, listing, problems, tokens
from alerts.acknowledge import acknowledge
from alerts.database import Pool
from alerts.leader import Leader, Standing
from alerts.lifecycle import Refusal, State
from alerts.listing import AlertInFull, Cursor, Filter, Page
from alerts.metrics import Metrics
from alerts.record import Recorder
from alerts.tokens import Caller, Role
from sensors.model import Domain

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")
]


@dataclass(frozen=True, slots=True)
class Services:
    """What the API works with."""

    pool: Pool
    recorder: Recorder
    metrics: Metrics
    leader: Leader


class Reason(BaseModel):
    """Why somebody does what they do."""

    model_config = ConfigDict(extra="forbid")
    why: Text


router = APIRouter()
_bearer = HTTPBearer(auto_error=False, description="a token that `lifeline token add` printed")


def create(services: Services) -> FastAPI:
    """The app; without pages of documentation, for they load from elsewhere; /openapi.json is there."""
    app = FastAPI(title="lifeline alerts", version="1", docs_url=None, redoc_url=None)
    app.state.services = services
    app.include_router(router)
    problems.install(app)
    return app


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


@router.get("/api/alerts")
async def alerts(
    using: Using,
    caller: Calling,
    state: Annotated[list[State], Query()] = [],  # noqa: B006, fastapi copies it
    level: Annotated[list[Annotated[int, Field(ge=1, le=4)]], Query()] = [],  # noqa: B006
    domain: Domain | None = None,
    utility: Text | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page:
    """Cases, newest first; give the ``next`` of a page as ``cursor`` to get the one after it."""
    wanted = Filter(state, level, domain, utility, caller.utility)
    try:
        after = Cursor.decode(cursor) if cursor is not None else None
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "cursor: expected one that this API gave"
        ) from None
    async with using.pool.connection() as connection:
        return await listing.page(connection, wanted, after, limit)


@router.get("/api/alerts/{alert_id}")
async def alert(using: Using, caller: Calling, alert_id: UUID) -> AlertInFull:
    """One case, with all that happened to it and all messages about it."""
    async with using.pool.connection() as connection:
        found = await listing.one(connection, alert_id, caller.utility)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no alert {alert_id}")
    return found


@router.post("/api/alerts/{alert_id}/acknowledge")
async def acknowledge_alert(using: Using, caller: Calling, alert_id: UUID, reason: Reason) -> AlertInFull:
    """Say that a case has been seen, and why it is in hand; 409 where that changes nothing."""
    if not caller.role.may(Role.UTILITY):
        raise HTTPException(HTTPStatus.FORBIDDEN, f"a {caller.role} may look, not acknowledge")
    async with using.pool.connection() as connection:
        result = await acknowledge(connection, using.recorder, alert_id, caller, reason.why)
    if isinstance(result, Refusal):
        raise HTTPException(HTTPStatus.CONFLICT, result)
    return await alert(using, caller, alert_id)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(using: Using) -> dict[str, str]:
    """The database answers, and changes are claimed, here or by the process that this one stands by for."""
    async with using.pool.connection(timeout=1) as connection:
        await connection.execute("select 1")
    standing = using.leader.standing
    if standing is Standing.WAITING:
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, standing)
    return {"status": "ready", "claimer": standing}


@router.get("/metrics", include_in_schema=False)
async def metrics(using: Using) -> Response:
    """For Prometheus; without the database, what the process itself has counted."""
    await figures.refresh(using.pool, using.metrics)
    return Response(generate_latest(using.metrics.registry), media_type=CONTENT_TYPE_LATEST)
