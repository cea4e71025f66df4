"""Incidents as people see them, and what people do with them: merge two, split cases off one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.types.json import Jsonb
from pydantic import Field

from alerts import words
from alerts.database import Connection
from alerts.lifecycle import Gathering
from alerts.roles import Caller

MOST = 200
"""Incidents in one answer; the newest."""

# Counted anew: a utility sees its own cases only, and an incident without any of them not at all.
_SEEN = """
select i.incident_id, i.cause, i.district, i.opened_at, i.last_at, i.closed_at, i.merged_into,
    count(a.*) as alerts, count(a.*) filter (where a.level is not null) as live,
    count(a.*) filter (where a.state = 'unacknowledged') as unacknowledged,
    count(a.*) filter (where a.state = 'suppressed') as suppressed,
    min(a.level) as level, min(a.worst_level) as worst_level
from incidents i
left join (
    alerts a left join assets s using (asset_id)
) on a.incident_id = i.incident_id and (%(own)s::text is null or s.utility_id = %(own)s)
where (%(incident)s::uuid is null or i.incident_id = %(incident)s)
    and (%(past)s or i.closed_at is null)
group by i.incident_id
having %(own)s::text is null or count(a.*) > 0
order by i.opened_at desc, i.incident_id desc
limit %(limit)s
"""
_EVENTS = """
select kind, who, event_time, wall_time, why, data from incident_events
where incident_id = %s order by incident_event_id
"""
_LOCK = "select * from incidents where incident_id = any(%s) and closed_at is null order by 1 for update"
_JOIN = "update alerts set incident_id = %(into)s where incident_id = %(incident)s"
_MERGED = """
update incidents set closed_at = %(at)s, merged_into = %(into)s, live = 0, alerts = 0
where incident_id = %(incident)s
"""
_WIDEN = """
update incidents i set live = i.live + m.live, alerts = i.alerts + m.alerts,
    last_at = greatest(i.last_at, m.last_at), told_level = least(i.told_level, m.told_level),
    district = case when i.district = m.district then i.district end
from incidents m where i.incident_id = %(into)s and m.incident_id = %(incident)s
"""
_OPEN = """
insert into incidents (incident_id, cause, district, opened_at, last_at, live, alerts)
select %(new)s, cause, district, opened_at, last_at, 0, 0 from incidents where incident_id = %(incident)s
"""
_MOVE = """
update alerts set incident_id = %(new)s where incident_id = %(incident)s and alert_id = any(%(alerts)s)
"""
_COUNT = """
update incidents i set alerts = n.alerts, live = n.live
from (
    select count(*) as alerts, count(level) as live from alerts where incident_id = %(incident)s
) n where i.incident_id = %(incident)s
"""
_SAY = """
insert into incident_events (incident_id, kind, who, event_time, why, data) values (%s, %s, %s, %s, %s, %s)
"""


class Incident(words.Word):
    """What has one cause, as far as the caller may see it."""

    id: UUID
    cause: words.Named
    district: str | None
    """Null = the city's."""
    level: words.Level | None
    worst_level: words.Level | None
    alerts: int
    live: int
    unacknowledged: int
    suppressed: int
    opened_at: words.Time
    last_at: words.Time
    closed_at: words.Time | None
    merged_into: UUID | None


class Event(words.Word):
    """One thing that became of an incident."""

    kind: str
    who: str
    why: str
    event_time: words.Time
    wall_time: words.Time
    data: dict[str, Any] = Field(default_factory=dict)


class IncidentInFull(Incident):
    """An incident with all that became of it; its cases are listed by ``/api/alerts?incident=``."""

    history: tuple[Event, ...]


async def listed(
    connection: Connection, gathering: Gathering, own: str | None, *, past: bool
) -> list[Incident]:
    """The newest incidents; those that are closed too, if ``past``."""
    given = {"own": own, "incident": None, "past": past, "limit": MOST}
    rows = await (await connection.execute(_SEEN, given)).fetchall()
    return [Incident(**_incident(row, gathering)) for row in rows]


async def one(
    connection: Connection, gathering: Gathering, incident: UUID, own: str | None
) -> IncidentInFull | None:
    """An incident with its history; None if there is none that the caller may see."""
    given = {"own": own, "incident": incident, "past": True, "limit": 1}
    row = await (await connection.execute(_SEEN, given)).fetchone()
    if row is None:
        return None
    events = await (await connection.execute(_EVENTS, [incident])).fetchall()
    return IncidentInFull(**_incident(row, gathering), history=tuple(Event(**each) for each in events))


async def merge(
    connection: Connection, incident: UUID, into: UUID, caller: Caller, why: str, at: datetime
) -> bool:
    """Let all cases of an incident belong to another; False if they are not two open ones."""
    async with connection.transaction():
        found = await (await connection.execute(_LOCK, [[incident, into]])).fetchall()
        if len(found) != 2:  # noqa: PLR2004, two
            return False
        given = {"incident": incident, "into": into, "at": at}
        for query in (_WIDEN, _JOIN, _MERGED):
            await connection.execute(query, given)
        await _say(connection, (incident, "merged", caller.name, at, why), {"into": str(into)})
        await _say(connection, (into, "merged", caller.name, at, why), {"of": str(incident)})
    return True


async def split(
    connection: Connection, incident: UUID, alerts: Sequence[UUID], caller: Caller, why: str, at: datetime
) -> UUID | None:
    """Make cases of an incident one of their own; None if it is not open.

    Raises:
        NotItsCasesError: not all of them are its cases.
    """
    new = uuid4()
    async with connection.transaction():
        if not await (await connection.execute(_LOCK, [[incident]])).fetchall():
            return None
        given = {"incident": incident, "new": new, "alerts": list(alerts)}
        await connection.execute(_OPEN, given)
        if (await connection.execute(_MOVE, given)).rowcount != len(set(alerts)):
            raise NotItsCasesError
        for each in (incident, new):
            await connection.execute(_COUNT, {"incident": each})
        await _say(connection, (incident, "split", caller.name, at, why), {"off": str(new)})
        await _say(connection, (new, "split", caller.name, at, why), {"of": str(incident)})
    return new


class NotItsCasesError(Exception):
    """Not all of the cases belong to the incident; nothing was changed."""


async def _say(
    connection: Connection, said: tuple[UUID, str, str, datetime, str], data: Mapping[str, str]
) -> None:
    await connection.execute(_SAY, [*said, Jsonb(data)])


def _incident(row: Mapping[str, Any], gathering: Gathering) -> dict[str, Any]:
    levels = {name: words.level(row[name]) for name in ("level", "worst_level")}
    named = {"id": row["incident_id"], "cause": words.cause(row["cause"], gathering)}
    return {**row, **levels, **named}
