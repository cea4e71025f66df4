"""Deliveries as people see them: a page of the list, a try by hand, and the receipt that a utility brings."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from alerts import words
from alerts.database import Connection
from alerts.lifecycle import Kind
from alerts.outbox import Outbox
from alerts.outcome import State
from alerts.routing import Delivery

_COLUMNS = """
select d.*, d.delivery_id as id, e.alert_id, e.number, a.hazard, a.asset_id
from deliveries d join alert_events e using (event_id) join alerts a using (alert_id)
left join assets s using (asset_id)
"""

_PAGE = (
    _COLUMNS
    + """
where (%(state)s::text is null or d.state = %(state)s)
    and (%(alert)s::uuid is null or e.alert_id = %(alert)s)
    and (%(receiver)s::text is null or d.receiver = %(receiver)s)
    and (%(own)s::text is null or s.utility_id = %(own)s)
    and (%(before)s::timestamptz is null or (d.queued_at, d.delivery_id) < (%(before)s, %(before_id)s::uuid))
order by d.queued_at desc, d.delivery_id desc
limit %(limit)s
"""
)

_LOCK = (
    _COLUMNS
    + """
where d.delivery_id = %(delivery_id)s and (%(own)s::text is null or s.utility_id = %(own)s)
for update of d
"""
)

_AGAIN = """
update deliveries set state = 'queued', attempts = 0, next_try_at = null, finished_at = null,
    queued_at = clock_timestamp()
where delivery_id = %s
"""
_USE = "insert into receipt_calls (digest) values (%s) on conflict do nothing"
_CLOSE = """
update deliveries set state = 'receipted', receipt = %s, next_try_at = null, last_error = null,
    finished_at = clock_timestamp()
where delivery_id = %s
"""


class Refusal(StrEnum):
    """Why something changed nothing."""

    TAKEN = "the receiver has taken it"
    RECEIPTED_OTHERWISE = "it is closed with another receipt"
    REPLAYED = "this call was made before; sign each one anew"


class Sent(words.Word):
    """One message to one receiver, and what became of it."""

    id: UUID
    alert_id: UUID
    number: int
    asset_id: str
    hazard: str
    receiver: str
    kind: str
    state: State
    attempts: int
    last_error: str | None
    next_try_at: words.Time | None
    receipt: str | None
    queued_at: words.Time
    finished_at: words.Time | None


class Page(words.Word):
    """Part of the list, newest first; ``next`` is the cursor of the part after it, null at the end."""

    deliveries: tuple[Sent, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries are wanted; own: the only utility whose assets the caller may see."""

    state: State | None = None
    alert: UUID | None = None
    receiver: str | None = None
    own: str | None = None


async def page(
    connection: Connection, wanted: Filter, after: tuple[datetime, UUID] | None, limit: int
) -> list[Sent]:
    """The newest ``limit`` deliveries after a place in the list."""
    before, before_id = after or (None, None)
    given = {
        "state": wanted.state,
        "alert": wanted.alert,
        "receiver": wanted.receiver,
        "own": wanted.own,
        "before": before,
        "before_id": before_id,
        "limit": limit,
    }
    rows = await (await connection.execute(_PAGE, given)).fetchall()
    return [Sent(**row) for row in rows]


async def retry(
    connection: Connection, outbox: Outbox, delivery_id: UUID, own: str | None
) -> Sent | Refusal | None:
    """Try at once what failed or is dead, counting anew; None if there is none that the caller may see."""
    async with connection.transaction():
        row = await _locked(connection, delivery_id, own)
        if row is None:
            return None
        if row["state"] in {State.DELIVERED, State.RECEIPTED}:
            return Refusal.TAKEN
        await connection.execute(_AGAIN, [delivery_id])
        if row["state"] == State.DEAD:
            message = Delivery(
                delivery_id,
                row["event_id"],
                row["alert_id"],
                row["receiver"],
                Kind(row["kind"]),
                urgent=True,
            )
            await outbox.put(connection, [message])
        else:
            await outbox.hurry(connection, row["alert_id"], row["receiver"])
        again = await _locked(connection, delivery_id, own)
        assert again is not None
        return Sent(**again)


async def close(
    connection: Connection, delivery_id: UUID, receipt: str, digest: bytes
) -> Sent | Refusal | None:
    """Close a delivery with a receipt, by a call that is made once; the connection is in a transaction."""
    row = await _locked(connection, delivery_id, None)
    if row is None:
        return None
    if not (await connection.execute(_USE, [digest])).rowcount:
        return Refusal.REPLAYED
    if row["receipt"] not in {None, receipt}:
        return Refusal.RECEIPTED_OTHERWISE
    await connection.execute(_CLOSE, [receipt, delivery_id])
    closed = await _locked(connection, delivery_id, None)
    assert closed is not None
    return Sent(**closed)


async def receiver_of(connection: Connection, delivery_id: UUID) -> str | None:
    """Whose a delivery is, whose key signs for it."""
    query = "select receiver from deliveries where delivery_id = %s"
    row = await (await connection.execute(query, [delivery_id])).fetchone()
    return None if row is None else str(row["receiver"])


async def _locked(connection: Connection, delivery_id: UUID, own: str | None) -> dict[str, Any] | None:
    return await (await connection.execute(_LOCK, {"delivery_id": delivery_id, "own": own})).fetchone()
