"""Maintenance windows: planned by engineers, seen by all."""

from http import HTTPStatus
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, model_validator

from alerts import clock, windows
from alerts.api.calling import Calling, Engineer, Moment, Name, Text, Using
from alerts.api.problems import problems
from alerts.words import Time, Word

router = APIRouter(prefix="/api/windows")


class Plan(BaseModel):
    """A window of one asset, or of one device."""

    model_config = ConfigDict(extra="forbid")
    asset_id: Name | None = None
    device_id: Name | None = None
    starts_at: Moment
    ends_at: Moment
    why: Text

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.asset_id is None) == (self.device_id is None):
            raise ValueError("expected asset_id or device_id, and not both")
        if self.starts_at >= self.ends_at:
            raise ValueError("ends_at: expected a time after starts_at")
        return self


class Window(Word):
    """A maintenance window."""

    window_id: UUID
    asset_id: str | None
    device_id: str | None
    starts_at: Time
    ends_at: Time
    state: str
    """planned, open or over"""
    why: str
    who: str
    created_at: Time
    ended_early_at: Time | None
    ended_by: str | None


@router.get("")
async def listed(
    using: Using, caller: Calling, *, past: Annotated[bool, Query()] = False
) -> tuple[Window, ...]:
    """The windows that are planned or open, newest first; with ``past`` those that are over too."""
    async with using.pool.connection() as connection:
        now = await clock.now(connection)
        rows = await windows.listed(connection, caller.utility, now, past=past)
    return tuple(Window(**row) for row in rows)


@router.post("", status_code=HTTPStatus.CREATED, responses=problems(HTTPStatus.NOT_FOUND))
async def plan(using: Using, caller: Engineer, planned: Plan) -> Window:
    """Plan a window; one that has begun takes effect within a second."""
    of, between = (planned.asset_id, planned.device_id), (planned.starts_at, planned.ends_at)
    async with using.pool.connection() as connection:
        now = await clock.now(connection)
        if planned.ends_at <= now:
            raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, "ends_at: expected a time to come")
        window_id = await windows.add(connection, of, between, planned.why, caller)
        if window_id is None:
            raise HTTPException(
                HTTPStatus.NOT_FOUND, f"no asset or device {planned.asset_id or planned.device_id}"
            )
        rows = await windows.listed(connection, caller.utility, now, past=False)
    return next(Window(**row) for row in rows if row["window_id"] == window_id)


@router.delete("/{window_id}", status_code=HTTPStatus.NO_CONTENT)
async def end(using: Using, caller: Engineer, window_id: UUID) -> None:
    """End a window before its time; what is live then sounds again."""
    async with using.pool.connection() as connection:
        now = await clock.now(connection)
        if not await windows.end(connection, window_id, caller.name, now):
            raise HTTPException(HTTPStatus.NOT_FOUND, f"no window {window_id} that is not over")
