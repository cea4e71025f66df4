"""Whether the process lives and works, and what it counts."""

from http import HTTPStatus

from fastapi import APIRouter, HTTPException, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from alerts import figures
from alerts.api.calling import Using
from alerts.api.problems import problems
from alerts.leader import Standing

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "alive"}


@router.get("/readyz", responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
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
