"""Keeps the book of incidents in the database, in the transaction that writes the steps of cases."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from alerts.database import Connection
from alerts.incidents import Book, Incident, News
from alerts.lifecycle import Gathering, Step
from alerts.words import plainly
from rules.levels import RiskLevel

_COLUMNS = tuple(each.name for each in fields(Incident))
_OPEN = "select * from incidents where closed_at is null order by opened_at for update"
_MEMBERS = """
select alert_id, incident_id from alerts
where incident_id is not null and (alert_id = any(%s) or alert_id = any(%s))
"""
_WRITE = """
insert into incidents ({columns}) select {columns} from jsonb_populate_recordset(null::incidents, %s)
on conflict (incident_id) do update set {changes}
""".format(
    columns=", ".join(_COLUMNS),
    changes=", ".join(f"{each} = excluded.{each}" for each in _COLUMNS if each != "incident_id"),
)
_MOVE = "update alerts set incident_id = %(to)s where incident_id = %(incident)s"
_JOIN = """
update alerts a set incident_id = member.incident_id
from unnest(%s::uuid[], %s::uuid[]) as member (alert_id, incident_id)
where a.alert_id = member.alert_id and a.incident_id is distinct from member.incident_id
"""
_EVENTS = """
insert into incident_events (incident_id, kind, who, event_time, why, data)
select incident_id, kind, who, event_time, why, data
from jsonb_populate_recordset(null::incident_events, %s)
"""
_CLOSE = "update incidents set closed_at = last_at where closed_at is null and live = 0 and last_at < %s"


async def opened(connection: Connection, gathering: Gathering, steps: Sequence[Step]) -> Book:
    """The book as far as it concerns these steps; its incidents are locked."""
    rows = await (await connection.execute(_OPEN)).fetchall()
    alerts = [step.case.alert_id for step in steps]
    covers = [step.case.covered_by for step in steps if step.case.covered_by]
    members = await (await connection.execute(_MEMBERS, [alerts, covers])).fetchall()
    return Book.of(
        gathering,
        map(_incident, rows),
        {row["alert_id"]: row["incident_id"] for row in members},
    )


async def write(connection: Connection, book: Book, news: Mapping[UUID, News], steps: Sequence[Step]) -> None:
    """Write what has changed; the cases are written already."""
    if not book.changed:
        return
    changed = [plainly(book.incidents[each]) for each in sorted(book.changed)]
    await connection.execute(_WRITE, [Jsonb(changed)])
    for incident, to in book.moved.items():
        await connection.execute(_MOVE, {"incident": incident, "to": to})
    alerts = list({step.case.alert_id for step in steps} & book.members.keys())
    await connection.execute(_JOIN, [alerts, [book.members[each] for each in alerts]])
    told = [step for step in steps if step.event.event_id in news]
    if said := [_event(book, step, news[step.event.event_id]) for step in told]:
        await connection.execute(_EVENTS, [Jsonb(said)])


async def close(connection: Connection, gathering: Gathering, now: datetime) -> None:
    """Close the incidents that nothing can join any more."""
    await connection.execute(_CLOSE, [now - timedelta(microseconds=int(gathering.linger))])


def _event(book: Book, step: Step, news: News) -> dict[str, object]:
    return {
        "incident_id": str(book.members[step.case.alert_id]),
        "kind": news.name.lower(),
        "who": step.event.who,
        "event_time": step.event.event_time.isoformat(),
        "why": str(news),
        "data": {"alert_id": str(step.case.alert_id)},
    }


def _incident(row: Mapping[str, Any]) -> Incident:
    level = row["told_level"]
    given = {name: row[name] for name in _COLUMNS}
    return Incident(**{**given, "told_level": None if level is None else RiskLevel(level)})
