"""Reading cases, and what the policy lets people do with them."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import Field

from alerts import listing
from alerts.api.calling import Calling, Name, Place, Services, Using
from alerts.lifecycle import Awaited, Cause, Stage, State
from alerts.listing import AlertInFull, Page
from alerts.roles import Caller
from alerts.search import Cursor, Filter, Sort
from alerts.words import Word
from rules.levels import RiskLevel
from sensors.model import Domain

router = APIRouter()

ETAG = {"ETag": {"description": "Its version, for If-Match.", "schema": {"type": "string"}}}


class Handling(Word):
    """How alerts of one level are handled; seconds, null = no deadline."""

    deadlines: dict[Awaited, float | None]
    realarm: float | None
    longest_shelf: float
    shelved_by: str


class Policy(Word):
    """What people may do, and how soon they have to."""

    levels: dict[int, Handling]
    causes: tuple[Cause, ...]
    """Why an alarm can have been false."""
    latching: tuple[str, ...]
    operator_positions: int


@router.get("/api/alerts")
async def alerts(  # noqa: PLR0913, PLR0917, a filter each
    using: Using,
    caller: Calling,
    state: Annotated[list[State], Query()] = [],  # noqa: B006, fastapi copies it
    stage: Annotated[list[Stage], Query()] = [],  # noqa: B006
    level: Annotated[list[Annotated[int, Field(ge=1, le=4)]], Query()] = [],  # noqa: B006
    domain: Domain | None = None,
    district: Name | None = None,
    utility: Name | None = None,
    asset: Name | None = None,
    incident: UUID | None = None,
    id: Annotated[list[UUID], Query(max_length=200)] = [],  # noqa: A002, B006
    q: Name | None = None,
    sort: Sort = Sort.TIME,
    cursor: Place | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page:
    """Cases in the order of ``sort``; give the ``next`` of a page as ``cursor`` to get the one after it.

    ``q``: words, each of which stands in the names or ids of asset, hazard, utility or case.
    """
    wanted = Filter(
        state, stage, level, domain, district, utility, asset, caller.utility, id, incident, q or ""
    )
    after = _place(cursor, sort)
    async with using.pool.connection() as connection:
        return await listing.page(connection, wanted, sort, after, limit)


def _place(cursor: str | None, sort: Sort) -> Cursor | None:
    """Where a page begins: a place in one order is none in another."""
    if cursor is None:
        return None
    expected = f"cursor: expected one that this API gave for a list by {sort}"
    try:
        place = Cursor.decode(cursor)
    except ValueError:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, expected) from None
    if place.sort is not sort:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"{expected}, not by {place.sort}")
    return place


@router.get("/api/alerts/{alert_id}", responses={"200": {"headers": ETAG}})
async def alert(using: Using, caller: Calling, alert_id: UUID, response: Response) -> AlertInFull:
    """One case, with all that happened to it, all messages about it, and what the caller may do with it."""
    return await in_full(using, caller, alert_id, response)


async def in_full(using: Services, caller: Caller, alert_id: UUID, response: Response) -> AlertInFull:
    """The case as a call answers it; its version is the ETag."""
    async with using.pool.connection() as connection:
        found = await listing.one(connection, alert_id, caller, using.recorder.policy)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no alert {alert_id}")
    response.headers["ETag"] = f'"{found.events}"'
    return found


@router.get("/api/policy")
async def policy(using: Using, _: Calling) -> Policy:
    """Deadlines, shelves and causes."""
    ours = using.recorder.policy
    return Policy(
        levels={level.value: _handling(using, level) for level in RiskLevel},
        causes=tuple(Cause),
        latching=ours.latching,
        operator_positions=ours.operator_positions,
    )


def _handling(using: Services, level: RiskLevel) -> Handling:
    handling = using.recorder.policy.handling(level)
    return Handling(
        deadlines={each: _seconds(handling.deadline(each)) for each in Awaited},
        realarm=_seconds(handling.realarm),
        longest_shelf=int(handling.longest_shelf) / 1e6,
        shelved_by=handling.shelved_by,
    )


def _seconds(duration: int | None) -> float | None:
    return None if duration is None else duration / 1e6
