"""Makes messages, sends them, and writes down what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import aiohttp
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from alerts.backoff import next_try
from alerts.channels.build import build
from alerts.channels.channel import Channel, Earlier, Letter
from alerts.database import Connection
from alerts.message import message
from alerts.outcome import Outcome, Permanent, State, Taken, Transient
from alerts.routing import Decision, Plan, Receiver, role
from alerts.words import plainly
from rules.levels import RiskLevel

_READ = """
select d.delivery_id, d.receiver, d.kind, d.attempts, d.queued_at, d.finished_at,
    e.event_id, e.alert_id, e.number, e.who, e.why, e.event_time, e.wall_time, e.level, e.state, e.data,
    a.asset_id, a.hazard, s.name as asset_name, s.name_en as asset_name_en, s.kind as asset_kind,
    s.domain, s.district, s.longitude, s.latitude,
    s.utility_id, u.name as utility_name, u.name_en as utility_name_en,
    i.incident_id, i.cause as incident_cause, i.district as incident_district, i.alerts as incident_alerts,
    (select purpose from deployment) as purpose,
    array(
        select jsonb_build_object('id', before.event_id, 'at', before.wall_time)
        from alert_events before join deliveries told on told.event_id = before.event_id
        where before.alert_id = e.alert_id and before.number < e.number and told.receiver = d.receiver
        order by before.number
    ) as earlier
from deliveries d
join alert_events e using (event_id)
join alerts a using (alert_id)
left join incidents i using (incident_id)
left join assets s using (asset_id)
left join utilities u using (utility_id)
where d.delivery_id = any(%s) and d.finished_at is null
"""

_WRITE = """
update deliveries d set state = tried.state, attempts = tried.attempts, last_error = tried.error,
    receipt = tried.receipt, next_try_at = tried.next_try_at,
    finished_at = case when tried.state <> 'failed' then clock_timestamp() end
from jsonb_to_recordset(%s) as tried (
    delivery_id uuid, state text, attempts integer, error text, receipt text, next_try_at timestamptz
)
where d.delivery_id = tried.delivery_id and d.finished_at is null
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """A delivery after a try; next_try_at: None = it is finished."""

    delivery_id: UUID
    state: State
    attempts: int
    error: str | None
    receipt: str | None
    next_try_at: datetime | None


async def read(connection: Connection, deliveries: Sequence[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """What messages are made of, without those that are finished already."""
    rows = await (await connection.execute(_READ, [list(deliveries)])).fetchall()
    return {row["delivery_id"]: row for row in rows}


async def write(connection: Connection, tried: Sequence[Tried]) -> None:
    """Write down what came of tries, unless a receipt was quicker."""
    await connection.execute(_WRITE, [Jsonb([plainly(each) for each in tried])])


class Courier:
    """Delivers through the receivers' channels; one for the whole process."""

    def __init__(self, plan: Plan, client: aiohttp.ClientSession) -> None:
        self.ways: Mapping[str, tuple[Receiver, Channel]] = {
            receiver.id: (receiver, build(receiver, plan, client)) for receiver in plan.receivers
        }

    async def close(self) -> None:
        """Let go of the channels' connections."""
        for _, channel in self.ways.values():
            await channel.close()

    async def send(self, row: Mapping[str, Any]) -> Outcome:
        """Try a delivery once; row: one that was read."""
        if row["receiver"] not in self.ways:
            return Transient("the receiver is not in the receivers file")
        receiver, channel = self.ways[row["receiver"]]
        decision = role(receiver, drill=row["purpose"] == "replay")
        if decision is not Decision.DELIVER:
            return Permanent(decision)
        try:
            letter = _letter(row, datetime.now(UTC))
        except ValidationError as error:
            return Permanent(
                f"the message cannot be made: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}"
            )
        return await channel.send(letter)


def _letter(row: Mapping[str, Any], now: datetime) -> Letter:
    earlier = tuple(Earlier(UUID(each["id"]), datetime.fromisoformat(each["at"])) for each in row["earlier"])
    return Letter(message(row, now), row["wall_time"], earlier)


def after(outcome: Outcome, row: Mapping[str, Any], now: datetime, chance: float) -> Tried:
    """What a delivery is after a try. Pure; chance in [0, 1)."""
    tried = partial(Tried, row["delivery_id"], attempts=row["attempts"] + 1)
    match outcome:
        case Taken(receipt):
            closed = _storable(receipt) if receipt else None
            state = State.RECEIPTED if closed else State.DELIVERED
            return tried(state=state, error=None, receipt=closed, next_try_at=None)
        case Permanent(error):
            return tried(state=State.DEAD, error=_storable(error), receipt=None, next_try_at=None)
        case Transient(error):
            worst = RiskLevel(row["data"]["worst_level"])
            then = next_try(row["queued_at"], worst, row["attempts"] + 1, now, chance)
            state = State.FAILED if then else State.DEAD
            return tried(state=state, error=_storable(error), receipt=None, next_try_at=then)


def _storable(answer: str) -> str:
    """Without what no text of PostgreSQL holds: one such answer must not keep others from being written."""
    return answer.replace("\0", "\ufffd").encode(errors="replace").decode()
