"""Brings one message to its receiver and writes down what came of it."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
from pydantic import ValidationError

from alerts.backoff import next_try
from alerts.channels.build import build
from alerts.channels.channel import Channel, Earlier, Letter
from alerts.database import Pool
from alerts.message import message
from alerts.metrics import Metrics
from alerts.outbox import TryAgain
from alerts.outcome import Outcome, Permanent, Taken, Transient
from alerts.routing import Decision, Plan, Receiver, role
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
where d.delivery_id = %s
"""

_WRITE = """
update deliveries set state = %(state)s, attempts = %(attempts)s, last_error = %(error)s,
    receipt = %(receipt)s, next_try_at = %(next_try_at)s,
    finished_at = case when %(state)s <> 'failed' then clock_timestamp() end
where delivery_id = %(delivery_id)s and finished_at is null
"""


class Courier:
    """Delivers through the receivers' channels; one for the whole process."""

    def __init__(self, pool: Pool, plan: Plan, client: httpx.AsyncClient, metrics: Metrics) -> None:
        self._pool, self._metrics = pool, metrics
        self.ways: Mapping[str, tuple[Receiver, Channel]] = {
            receiver.id: (receiver, build(receiver, plan, client)) for receiver in plan.receivers
        }

    async def close(self) -> None:
        """Let go of the channels' connections."""
        for _, channel in self.ways.values():
            await channel.close()

    async def deliver(self, delivery_id: UUID) -> None:
        """Try a delivery once, unless an earlier try has finished it.

        Raises:
            TryAgain: it did not get through, and when to try again.
        """
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_READ, [delivery_id])).fetchone()
        if row is None or row["finished_at"] is not None:
            return
        outcome = await self._send(row)
        result = _result(outcome, row, datetime.now(UTC))
        async with self._pool.connection() as connection:
            await connection.execute(_WRITE, {"delivery_id": delivery_id, **result})
        self._metrics.deliveries.labels(result["state"]).inc()
        if result["next_try_at"] is not None:
            raise TryAgain(result["next_try_at"])

    async def _send(self, row: Mapping[str, Any]) -> Outcome:
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


def _result(outcome: Outcome, row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The columns of a delivery after a try."""
    attempts = row["attempts"] + 1
    result = {"attempts": attempts, "error": None, "receipt": None, "next_try_at": None}
    match outcome:
        case Taken(receipt):
            return {**result, "state": "receipted" if receipt else "delivered", "receipt": receipt}
        case Permanent(error):
            return {**result, "state": "dead", "error": error}
        case Transient(error):
            worst = RiskLevel(row["data"]["worst_level"])
            then = next_try(row["queued_at"], worst, attempts, now, random.random())  # noqa: S311, spreads, hides nothing
            return {**result, "state": "failed" if then else "dead", "error": error, "next_try_at": then}
