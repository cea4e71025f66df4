"""Live changes as server-sent events, and who asked for what."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.responses import StreamingResponse

from alerts.access import audit, stream
from alerts.access.stream import Changed
from alerts.api.calling import Calling, Services, Using, at_least
from alerts.api.problems import problems
from alerts.roles import Caller, Role

router = APIRouter(prefix="/api")

HEARTBEAT_S = 15.0


class Events(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


@router.get("/stream", response_class=Events)
async def live(
    using: Using,
    caller: Calling,
    request: Request,
    last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=40)] = None,
) -> Events:
    """``alert`` events with id and version, as they are committed; a comment now and then while nothing is.

    Who comes back with the id of the last event hears of all that was committed since. An event ``anew`` says
    that this is not known, for the id is none of this database's: read everything anew.
    """
    if not using.stream.listening:
        detail, again = "changes cannot be heard of now", {"Retry-After": "2"}
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail, again)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Events(_told(using, caller, request, last), headers=headers)


async def _told(using: Services, caller: Caller, request: Request, last: str | None) -> AsyncIterator[bytes]:
    with using.stream.reader() as queue:
        if not using.stream.listening:  # it broke off since that was asked
            return
        position = using.stream.position  # what comes after it comes through the queue
        yield b": listening\n\n"
        if last is not None:
            if (after := await _known(using, last)) is None:
                yield b"event: anew\ndata: {}\n\n"
            else:
                async for missed in stream.missed(using.pool, after, position, caller.utility):
                    yield _event(missed)
        yield _place(position)
        async for changed in stream.changes(queue, HEARTBEAT_S):
            if changed is None:
                if await request.is_disconnected() or not await using.still(request):
                    return
                yield b": nothing new\n" + _place(position)
            else:
                position = changed.position
                if caller.utility in {None, changed.utility}:
                    yield _event(changed)


async def _known(using: Services, last: str) -> int | None:
    """The position that an id names, unless there is none such here."""
    if not last.isdecimal():
        return None
    async with using.pool.connection() as connection:
        return int(last) if int(last) <= await stream.newest(connection) else None


def _place(position: int) -> bytes:
    """Where a reader is, for it to come back with; no event."""
    return b"id: %d\n\n" % position


def _event(changed: Changed) -> bytes:
    data = msgspec.json.encode({"id": changed.alert_id, "version": changed.version})
    return b"event: alert\nid: %d\ndata: %s\n\n" % (changed.position, data)


@router.get("/audit", responses=problems(HTTPStatus.FORBIDDEN))
async def audited(
    using: Using,
    _: Annotated[Caller, Depends(at_least(Role.ADMIN))],
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> tuple[audit.Entry, ...]:
    """Every write that was asked for, the newest first; give the last one's ``audit_id`` as ``before``."""
    async with using.pool.connection() as connection:
        return tuple(await audit.listed(connection, before, limit))
