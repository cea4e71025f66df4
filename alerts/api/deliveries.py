"""The calls about deliveries, and the one that a utility makes: a receipt, signed with its key."""

import hashlib
import time
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.security import APIKeyHeader
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alerts import deliveries, signature
from alerts.api.calling import Calling, Place, Text, Using
from alerts.api.problems import problems
from alerts.database import Connection
from alerts.deliveries import Filter, Page, Refusal, Sent
from alerts.handling import handle
from alerts.lifecycle import Act, Kind
from alerts.outcome import State
from alerts.roles import Caller, Role
from alerts.search import Cursor
from alerts.tables import Webhook

router = APIRouter()

_signature = APIKeyHeader(
    name=signature.HEADER,
    scheme_name="signature",
    auto_error=False,
    description="`t=<unix s>,v1=<hex>`: HMAC-SHA256 with the receiver's key over `<t>.<body>`",
)
# Read by hand, for what is signed is the bytes of the body.
_BODY = {"application/json": {"schema": {"$ref": "#/components/schemas/Receipt"}}}


class Acknowledgement(BaseModel):
    """Who at the utility has it in hand, and why."""

    model_config = ConfigDict(extra="forbid")
    who: Annotated[Text, Field(max_length=200)]
    why: Text


class Receipt(BaseModel):
    """What a utility answers later, or by its own call."""

    model_config = ConfigDict(extra="forbid")
    receipt: Annotated[Text, Field(max_length=200)]
    acknowledge: Acknowledgement | None = None


@router.get("/api/deliveries")
async def list_deliveries(
    using: Using,
    caller: Calling,
    state: State | None = None,
    alert: UUID | None = None,
    receiver: Text | None = None,
    cursor: Place | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Page:
    """Messages to receivers, newest first; ``state=dead`` are those that nobody got."""
    try:
        after = Cursor.decode(cursor) if cursor is not None else None
    except ValueError:
        raise HTTPException(
            HTTPStatus.UNPROCESSABLE_ENTITY, "cursor: expected one that this API gave"
        ) from None
    place = (after.at, after.id) if after else None
    wanted = Filter(state, alert, receiver, caller.utility)
    async with using.pool.connection() as connection:
        found = await deliveries.page(connection, wanted, place, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    following = Cursor(last.queued_at, last.id).encode() if last else None
    return Page(deliveries=tuple(found[:limit]), next=following)


@router.post("/api/deliveries/{delivery_id}/retry", responses=problems(HTTPStatus.CONFLICT))
async def retry(using: Using, caller: Calling, delivery_id: UUID) -> Sent:
    """Try at once what has failed, or is dead; 409 where the receiver has taken it."""
    if not caller.role.may(Role.OPERATOR):
        raise HTTPException(HTTPStatus.FORBIDDEN, f"a {caller.role} may look, not send")
    async with using.pool.connection() as connection:
        result = await deliveries.retry(connection, using.recorder.outbox, delivery_id, caller.utility)
    return _answer(result, delivery_id)


@router.post(
    "/receipts/{delivery_id}",
    dependencies=[Depends(_signature)],
    responses=problems(HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT),
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
)
async def receipt(using: Using, delivery_id: UUID, request: Request) -> Sent:
    """Close a delivery with a receipt, and acknowledge its alert if that is said.

    Signed as messages are, with the key of the receiver to whom it was sent; each call once. No token.
    """
    body = await request.body()
    async with using.pool.connection() as connection, connection.transaction():
        table = await _signer(using, connection, delivery_id, request, body)
        said = _said(body)
        digest = hashlib.sha256(request.headers[signature.HEADER].encode() + body).digest()
        sent = _answer(await deliveries.close(connection, delivery_id, said.receipt, digest), delivery_id)
        if said.acknowledge is not None:
            await _acknowledge(using, connection, table, sent, said.acknowledge)
    return sent


async def _signer(
    using: Using, connection: Connection, delivery_id: UUID, request: Request, body: bytes
) -> Webhook:
    """The table of the receiver that has signed; an unknown delivery looks like a wrong signature."""
    name = await deliveries.receiver_of(connection, delivery_id)
    given = request.headers.get(signature.HEADER, "")
    for receiver in using.recorder.plan.receivers:
        table = receiver.table
        if receiver.id != name or not isinstance(table, Webhook):
            continue
        if signature.is_genuine(receiver.secrets["secret"], given, body, time.time()):
            return table
    raise HTTPException(
        HTTPStatus.UNAUTHORIZED, "the signature is missing, wrong, or older than five minutes"
    )


def _said(body: bytes) -> Receipt:
    try:
        return Receipt.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"]) or "body"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place}: {first['msg']}") from None


async def _acknowledge(
    using: Using, connection: Connection, table: Webhook, sent: Sent, said: Acknowledgement
) -> None:
    """One that is acknowledged or closed already stays so; the receipt counts all the same."""
    if table.utility is None:
        raise HTTPException(HTTPStatus.FORBIDDEN, f"receiver {table.id} has no utility to acknowledge for")
    caller = Caller(f"{said.who} ({table.id})", Role.UTILITY, table.utility)
    act = partial(Act, kind=Kind.ACKNOWLEDGED, who=caller.name, role=caller.role, why=said.why)
    result = await handle(connection, using.recorder, sent.alert_id, caller, act)
    if result is None:
        raise HTTPException(HTTPStatus.FORBIDDEN, f"the alert is not one of {table.utility}")


def _answer(result: Sent | Refusal | None, delivery_id: UUID) -> Sent:
    if result is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no delivery {delivery_id}")
    if isinstance(result, Refusal):
        raise HTTPException(HTTPStatus.CONFLICT, result)
    return result
