"""What people do to cases: one call an act, each answered by the case as it is then."""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from alerts.api.calling import Calling, Moment, Name, Text, Using
from alerts.api.cases import ETAG, in_full
from alerts.api.problems import problems
from alerts.handling import Report, Stale, handle, report
from alerts.lifecycle import Act, Cause, Kind, Refusal
from alerts.listing import AlertInFull
from alerts.words import Word
from rules.hazards import hazards
from rules.levels import RiskLevel

router = APIRouter(prefix="/api/alerts")
_case = APIRouter(prefix="/{alert_id}", responses={"200": {"headers": ETAG}, **problems(HTTPStatus.CONFLICT)})

Version = Annotated[str | None, Header(alias="If-Match", pattern=r'^"\d{1,9}"$')]
"""The ETag of the case that the caller has seen; without it the act is carried out on what there is."""

MOST_AT_ONCE = 1000

LOCATION = {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}


class Reason(BaseModel):
    """Why somebody does what they do."""

    model_config = ConfigDict(extra="forbid")
    why: Text


class Shelf(Reason):
    """How long to put it aside; without ``until`` as long as the policy lets it."""

    until: Moment | None = None
    once: bool = False
    """Or until its evidence is gone, if that is sooner."""


class Dispatch(Reason):
    """Who is sent; without ``to`` the owning utility."""

    to: Name | None = None


class Dismissal(Reason):
    """Why the alarm was false."""

    cause: Cause


class Note(Reason):
    """A note, and where what belongs to it is found."""

    attachments: tuple[Name, ...] = Field(default=(), max_length=20)


class HandMade(Reason):
    """What somebody called about; without ``level`` it is graded as certain."""

    asset_id: Name
    hazard: Annotated[Name, Field(json_schema_extra={"enum": list(hazards())})]
    level: Annotated[int, Field(ge=1, le=4)] | None = None


class _Target:
    """The case that a call is about, and the version of it that the caller has seen."""

    def __init__(
        self, using: Using, caller: Calling, response: Response, alert_id: UUID, version: Version = None
    ) -> None:
        self._using, self._caller, self._response, self._alert_id = using, caller, response, alert_id
        self._version = None if version is None else int(version.strip('"'))

    async def undergo(self, kind: Kind, why: str, **details: Any) -> AlertInFull:  # noqa: ANN401, fields of Act
        """Carry out an act on it, and answer with what it is then."""
        act = partial(Act, kind=kind, who=self._caller.name, role=self._caller.role, why=why, **details)
        async with self._using.pool.connection() as connection:
            result = await handle(
                connection, self._using.recorder, self._alert_id, self._caller, act, self._version
            )
        if isinstance(result, Stale):
            now = f"it is at version {result.version}, {result.kind} by {result.who}"
            raise HTTPException(HTTPStatus.PRECONDITION_FAILED, f"somebody else was faster: {now}")
        if isinstance(result, Refusal):
            raise HTTPException(_STATUS.get(result, HTTPStatus.CONFLICT), result)
        return await in_full(self._using, self._caller, self._alert_id, self._response)


Target = Annotated[_Target, Depends()]


class Several(Reason):
    """Cases that are acknowledged together."""

    ids: tuple[UUID, ...] = Field(min_length=1, max_length=MOST_AT_ONCE)


class Answer(Word):
    """What became of one of several cases: null = done."""

    id: UUID
    refusal: str | None


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses={"201": {"headers": ETAG | LOCATION}, **problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)},
)
async def open_by_hand(using: Using, caller: Calling, response: Response, what: HandMade) -> AlertInFull:
    """Open a case that no sensor saw: a phone call, the hotline; 409 where one is open already."""
    if what.hazard not in hazards():
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"hazard: expected one of {', '.join(hazards())}"
        )
    level = None if what.level is None else RiskLevel(what.level)
    async with using.pool.connection() as connection:
        result = await report(
            connection, using.recorder, caller, Report(what.asset_id, what.hazard, level), what.why
        )
    if result is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no asset {what.asset_id}")
    if isinstance(result, Refusal):
        raise HTTPException(_STATUS.get(result, HTTPStatus.CONFLICT), result)
    response.headers["Location"] = f"{router.prefix}/{result.case.alert_id}"
    return await in_full(using, caller, result.case.alert_id, response)


@router.post("/acknowledge")
async def acknowledge_several(using: Using, caller: Calling, several: Several) -> tuple[Answer, ...]:
    """Acknowledge cases together, each by itself: what is refused for one holds up no other."""
    act = partial(Act, kind=Kind.ACKNOWLEDGED, who=caller.name, role=caller.role, why=several.why)
    answers = []
    async with using.pool.connection() as connection:
        for alert_id in several.ids:
            result = await handle(connection, using.recorder, alert_id, caller, act)
            refusal = f"no alert {alert_id}" if result is None else None
            refusal = str(result) if isinstance(result, Refusal) else refusal
            answers.append(Answer(id=alert_id, refusal=refusal))
    return tuple(answers)


@_case.post("/acknowledge")
async def acknowledge(target: Target, said: Reason) -> AlertInFull:
    """Say that a case has been seen, and why it is in hand; 409 where that changes nothing."""
    return await target.undergo(Kind.ACKNOWLEDGED, said.why)


@_case.post("/shelve")
async def shelve(target: Target, said: Shelf) -> AlertInFull:
    """Put a case aside; it is evaluated on, and comes back if it becomes worse."""
    return await target.undergo(Kind.SHELVED, said.why, until=said.until, once=said.once)


@_case.post("/unshelve")
async def unshelve(target: Target, said: Reason) -> AlertInFull:
    """Take a case off the shelf."""
    return await target.undergo(Kind.UNSHELVED, said.why)


@_case.post("/reset")
async def reset(target: Target, said: Reason) -> AlertInFull:
    """Reset a case that latched: its cause has been looked into."""
    return await target.undergo(Kind.RESET, said.why)


@_case.post("/dispatch")
async def dispatch(target: Target, said: Dispatch) -> AlertInFull:
    """Send somebody: the owning utility, or whom ``to`` names."""
    return await target.undergo(Kind.DISPATCHED, said.why, to=said.to)


@_case.post("/receive")
async def receive(target: Target, said: Reason) -> AlertInFull:
    """Whoever was sent has the task."""
    return await target.undergo(Kind.RECEIVED, said.why)


@_case.post("/arrive")
async def arrive(target: Target, said: Reason) -> AlertInFull:
    """They are on site."""
    return await target.undergo(Kind.ARRIVED, said.why)


@_case.post("/verify")
async def verify(target: Target, said: Reason) -> AlertInFull:
    """They have seen that it is so."""
    return await target.undergo(Kind.VERIFIED, said.why)


@_case.post("/dismiss")
async def dismiss(target: Target, said: Dismissal) -> AlertInFull:
    """It was a false alarm, and why."""
    return await target.undergo(Kind.DISMISSED, said.why, cause=said.cause)


@_case.post("/resolve")
async def resolve(target: Target, said: Reason) -> AlertInFull:
    """It is mended."""
    return await target.undergo(Kind.RESOLVED, said.why)


@_case.post("/close")
async def close(target: Target, said: Reason) -> AlertInFull:
    """Close a case whose handling has ended and whose evidence is gone."""
    return await target.undergo(Kind.CLOSED, said.why)


@_case.post("/note")
async def note(target: Target, said: Note) -> AlertInFull:
    """Write something down, with references to what belongs to it; also of a case that is closed."""
    return await target.undergo(Kind.NOTED, said.why, attachments=said.attachments)


router.include_router(_case)

_STATUS = {
    Refusal.NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    Refusal.NEEDS_MORE: HTTPStatus.FORBIDDEN,
    Refusal.SHELVED_TOO_LONG: HTTPStatus.UNPROCESSABLE_ENTITY,
    Refusal.SHELF_IN_THE_PAST: HTTPStatus.UNPROCESSABLE_ENTITY,
}
