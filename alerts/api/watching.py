"""Live changes as server-sent events, and who asked for what."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
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
OVERLAP = timedelta(seconds=10)
"""What was committed late may be older than what was told before it."""

_SINCE = """
select e.alert_id, max(e.number) as version from alert_events e
where e.wall_time > %s group by e.alert_id order by max(e.wall_time)
"""
_OWN = """
select from alerts join assets using (asset_id) where alert_id = %s and utility_id = %s
"""


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

    The id of an event is a time; who comes back with it hears again of what changed since.
    """
    if not using.stream.listening:
        detail, again = "changes cannot be heard of now", {"Retry-After": "2"}
        raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail, again)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    told = _told(using, caller, request, _moment(last))
    return Events(told, headers=headers)


async def _told(
    using: Services, caller: Caller, request: Request, since: datetime | None
) -> AsyncIterator[bytes]:
    with using.stream.reader() as queue:
        if not using.stream.listening:  # it broke off since that was asked
            return
        yield b": listening\n\n"
        for missed in await _missed(using, since):
            if await _may_hear(using, caller, missed):
                yield _event(missed)
        async for changed in stream.changes(queue, HEARTBEAT_S):
            if changed is None:
                if await request.is_disconnected() or not await using.still(request):
                    return
                yield b": nothing new\n\n"
            elif await _may_hear(using, caller, changed):
                yield _event(changed)


async def _missed(using: Services, since: datetime | None) -> list[Changed]:
    if since is None:
        return []
    async with using.pool.connection() as connection:
        rows = await (await connection.execute(_SINCE, [since - OVERLAP])).fetchall()
    return [Changed(str(row["alert_id"]), row["version"]) for row in rows]


async def _may_hear(using: Services, caller: Caller, changed: Changed) -> bool:
    if caller.utility is None:
        return True
    async with using.pool.connection() as connection:
        found = await connection.execute(_OWN, [changed.alert_id, caller.utility])
        return await found.fetchone() is not None


def _event(changed: Changed) -> bytes:
    data = msgspec.json.encode({"id": changed.alert_id, "version": changed.version})
    return b"event: alert\nid: %s\ndata: %s\n\n" % (datetime.now(UTC).isoformat().encode(), data)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else None


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
