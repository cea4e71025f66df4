"""Incidents: what has one cause; merged and split by operators."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import Field

from alerts import clock, gathered
from alerts.api.acts import MOST_AT_ONCE, Reason
from alerts.api.calling import Calling, Using, at_least
from alerts.api.problems import problems
from alerts.gathered import Incident, IncidentInFull, NotItsCasesError
from alerts.roles import Caller, Role

router = APIRouter(prefix="/api/incidents")

Operator = Annotated[Caller, Depends(at_least(Role.OPERATOR))]


class Merger(Reason):
    """Which incident it is a part of."""

    into: UUID


class Parting(Reason):
    """Which cases have another cause."""

    ids: tuple[UUID, ...] = Field(min_length=1, max_length=MOST_AT_ONCE)


@router.get("")
async def listed(
    using: Using, caller: Calling, *, past: Annotated[bool, Query()] = False
) -> tuple[Incident, ...]:
    """The open incidents, newest first; with ``past`` the closed ones too."""
    async with using.pool.connection() as connection:
        gathering = using.recorder.policy.gathering
        return tuple(await gathered.listed(connection, gathering, caller.utility, past=past))


@router.get("/{incident_id}")
async def incident(using: Using, caller: Calling, incident_id: UUID) -> IncidentInFull:
    """One incident, with all that became of it."""
    async with using.pool.connection() as connection:
        found = await gathered.one(connection, using.recorder.policy.gathering, incident_id, caller.utility)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no incident {incident_id}")
    return found


@router.post("/{incident_id}/merge", responses=problems(HTTPStatus.CONFLICT))
async def merge(using: Using, caller: Operator, incident_id: UUID, merger: Merger) -> IncidentInFull:
    """Let all of its cases belong to another; answers with that."""
    async with using.pool.connection() as connection:
        at = await clock.now(connection)
        if not await gathered.merge(connection, incident_id, merger.into, caller, merger.why, at):
            raise HTTPException(HTTPStatus.CONFLICT, "expected two open incidents")
    return await incident(using, caller, merger.into)


@router.post("/{incident_id}/split", responses=problems(HTTPStatus.CONFLICT))
async def split(using: Using, caller: Operator, incident_id: UUID, parting: Parting) -> IncidentInFull:
    """Make some of its cases an incident of their own; answers with that."""
    async with using.pool.connection() as connection:
        at = await clock.now(connection)
        try:
            new = await gathered.split(connection, incident_id, parting.ids, caller, parting.why, at)
        except NotItsCasesError:
            detail = f"not all of them are cases of {incident_id}"
            raise HTTPException(HTTPStatus.CONFLICT, detail) from None
    if new is None:
        raise HTTPException(HTTPStatus.CONFLICT, "expected an open incident")
    return await incident(using, caller, new)
