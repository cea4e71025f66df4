"""Writes what became of cases, in the caller's transaction: cases, events, outbox and jobs, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from alerts import bookkeeping
from alerts.database import Connection
from alerts.incidents import News
from alerts.lifecycle import Case, Policy, Stage, State, Step, awaited, due_at
from alerts.metrics import Metrics
from alerts.outbox import Outbox
from alerts.routing import Delivery, Place, Plan, told_as
from alerts.words import plain, plainly
from rules.levels import RiskLevel

_FIXED = {"alert_id", "asset_id", "hazard", "opened_at"}
_COLUMNS = (*(each.name for each in fields(Case)), "level", "awaits", "due_at")

_WRITE_CASES = """
insert into alerts ({columns}) select {columns} from jsonb_populate_recordset(null::alerts, %s)
on conflict (alert_id) do update set {changes}
""".format(
    columns=", ".join(_COLUMNS),
    changes=", ".join(f"{each} = excluded.{each}" for each in _COLUMNS if each not in _FIXED),
)

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
    given = {each.name: row[each.name] for each in fields(Case)}
    levels = {name: given[name] for name in ("found_level", "given_level", "worst_level", "shelved_level")}
    graded = {name: None if level is None else RiskLevel(level) for name, level in levels.items()}
    return Case(**{**given, **graded, "state": State(given["state"]), "stage": Stage(given["stage"])})


class Recorder:
    """Writes steps of cases together with the messages that they make."""

    def __init__(self, outbox: Outbox, plan: Plan, policy: Policy, metrics: Metrics) -> None:
        self.outbox, self.plan, self.policy, self._metrics = outbox, plan, policy, metrics

    async def write(self, connection: Connection, steps: Sequence[Step]) -> None:
        """Write steps, given in their order; the connection is in a transaction."""
        # Where a case closed and the next one opened in one call, the first must make room before the second.
        cases = {step.case.alert_id: step.case for step in steps}
        await connection.execute(_WRITE_CASES, [Jsonb([self._row(case) for case in cases.values()])])
        await connection.execute(_WRITE_EVENTS, [Jsonb([plainly(step.event) for step in steps])])
        if messages := await self._messages(connection, steps):
            await connection.execute(_WRITE_DELIVERIES, [Jsonb([plainly(each) for each in messages])])
            await self.outbox.put(connection, messages)

    def _row(self, case: Case) -> dict[str, object]:
        """The case as it is stored: with what it waits for, and when time next does something to it."""
        following = {"level": case.level, "awaits": awaited(case), "due_at": due_at(case, self.policy)}
        return {**plainly(case), **{name: plain(value) for name, value in following.items()}}

    async def _messages(self, connection: Connection, steps: Sequence[Step]) -> list[Delivery]:
        cursor = await connection.execute(_PLACES, [[step.case.asset_id for step in steps]])
        places = {row["asset_id"]: row for row in await cursor.fetchall()}
        book = await bookkeeping.opened(connection, self.policy.gathering, steps)
        messages: list[Delivery] = []
        all_news: dict[UUID, News] = {}
        for step in steps:
            row, told = places[step.case.asset_id], told_as(step)
            if news := book.take(step, told, row["district"]):
                all_news[step.event.event_id] = news
            place = Place(row["domain"], row["district"], row["utility_id"])
            made = list(self.plan.deliveries(step, place, drill=row["drill"], news=news))
            self._metrics.nobody.inc(told is not None and not made)
            messages += made
        await bookkeeping.write(connection, book, all_news, steps)
        return messages
