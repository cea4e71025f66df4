"""Writes what became of cases, in the caller's transaction: cases, events, outbox and jobs, or nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from alerts.database import Connection
from alerts.lifecycle import Case, Event, State, Step
from alerts.metrics import Metrics
from alerts.outbox import Outbox
from alerts.routing import Delivery, Place, Plan, told_as
from alerts.words import rfc3339
from rules.levels import RiskLevel

_WRITE_CASES = """
insert into alerts (alert_id, asset_id, hazard, state, level, worst_level, likelihood, consequence,
    opened_at, changed_at, sounded, events)
select alert_id, asset_id, hazard, state, level, worst_level, likelihood, consequence,
    opened_at, changed_at, sounded, events
from jsonb_populate_recordset(null::alerts, %s)
on conflict (alert_id) do update set
    state = excluded.state, level = excluded.level, worst_level = excluded.worst_level,
    likelihood = excluded.likelihood, consequence = excluded.consequence,
    changed_at = excluded.changed_at, sounded = excluded.sounded, events = excluded.events
"""

_WRITE_EVENTS = """
insert into alert_events
    (event_id, alert_id, number, kind, who, event_time, why, level, state, risk_change_id, data)
select event_id, alert_id, number, kind, who, event_time, why, level, state, risk_change_id, data
from jsonb_populate_recordset(null::alert_events, %s)
"""

_WRITE_DELIVERIES = """
insert into deliveries (delivery_id, event_id, receiver, kind)
select delivery_id, event_id, receiver, kind from jsonb_populate_recordset(null::deliveries, %s)
"""

_PLACES = """
select asset_id, domain, district, utility_id, (select purpose from deployment) = 'replay' as drill
from unnest(%s::text[]) as asset (asset_id) left join assets using (asset_id)
"""


def read(row: Mapping[str, Any]) -> Case:
    """The case that a row of ``alerts`` holds."""
    level = row["level"]
    graded = {
        "state": State(row["state"]),
        "level": None if level is None else RiskLevel(level),
        "worst_level": RiskLevel(row["worst_level"]),
    }
    return Case(**{**row, **graded})


class Recorder:
    """Writes steps of cases together with the messages that they make."""

    def __init__(self, outbox: Outbox, plan: Plan, metrics: Metrics) -> None:
        self.outbox, self.plan, self._metrics = outbox, plan, metrics

    async def write(self, connection: Connection, steps: Sequence[Step]) -> None:
        """Write steps, given in their order; the connection is in a transaction."""
        # Where a case closed and the next one opened in one call, the first must make room before the second.
        cases = {step.case.alert_id: step.case for step in steps}
        await connection.execute(_WRITE_CASES, [_rows(cases.values())])
        await connection.execute(_WRITE_EVENTS, [_rows(step.event for step in steps)])
        if messages := await self._messages(connection, steps):
            await connection.execute(_WRITE_DELIVERIES, [_rows(messages)])
            await self.outbox.put(connection, messages)

    async def _messages(self, connection: Connection, steps: Sequence[Step]) -> list[Delivery]:
        told = [step for step in steps if told_as(step) is not None]
        cursor = await connection.execute(_PLACES, [[step.case.asset_id for step in told]])
        places = {row["asset_id"]: row for row in await cursor.fetchall()}
        messages = []
        for step in told:
            row = places[step.case.asset_id]
            place = Place(row["domain"], row["district"], row["utility_id"])
            made = list(self.plan.deliveries(step, place, drill=row["drill"]))
            self._metrics.nobody.inc(not made)
            messages += made
        return messages


def _rows(things: Iterable[Case | Event | Delivery]) -> Jsonb:
    return Jsonb(
        [{each.name: _plain(getattr(thing, each.name)) for each in fields(thing)} for thing in things]
    )


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, UUID) else value
