"""How the alarm system does."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from alerts import clock, kpi_read
from alerts.api.calling import Calling, Moment, Using
from alerts.words import Time, Word

router = APIRouter(prefix="/api")


class Figure(Word):
    """One figure; ``met`` is null where there is no target."""

    name: str
    value: float | None
    unit: str
    target: str | None
    met: bool | None


class Contributor(Word):
    """What sounded most; share: of all alarms, 0 to 1."""

    asset_id: str
    hazard: str
    alarms: int
    share: float


class Kpi(Word):
    """The figures of a period; ``sound``: it is the thirty days or more that the standard asks for."""

    since: Time
    until: Time
    positions: int
    sound: bool
    figures: tuple[Figure, ...]
    top: tuple[Contributor, ...]


@router.get("/kpi")
async def kpi(
    using: Using,
    caller: Calling,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
) -> Kpi:
    """The figures of ISA-18.2 per operator position; of the last thirty days where nothing else is said."""
    async with using.pool.connection() as connection:
        end: datetime = until or await clock.now(connection)
        begin = since or end - kpi_read.PERIOD
        if begin >= end:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "since: expected a time before until")
        positions = using.recorder.policy.operator_positions
        found = await kpi_read.read(connection, begin, end, positions, caller.utility)
    return Kpi.model_validate(found, from_attributes=True)
