"""Reads what the figures of ``alerts.kpi`` are made of: the events of cases."""

from datetime import datetime, timedelta

from psycopg.rows import class_row

from alerts.database import Connection
from alerts.kpi import Alarm, Life, Report, report

# What sounds, or sounds anew: a step of such a kind that leaves a case unacknowledged, worse than low.
_SOUNDS = """
e.state = 'unacknowledged' and e.level < 4
and e.kind in ('raised', 'risen', 'realarmed', 'unshelved', 'unsuppressed', 'in_service')
"""
_OF = """
a.opened_at < %(until)s and (a.changed_at >= %(since)s or a.state <> 'closed')
and (%(own)s::text is null or s.utility_id = %(own)s)
"""
_ALARMS = f"""
select a.asset_id, a.hazard, e.level, e.event_time as at
from alert_events e join alerts a using (alert_id) left join assets s using (asset_id)
where {_OF} and {_SOUNDS} and e.event_time >= %(since)s and e.event_time < %(until)s
"""
# What came before it sounded, while it was low, shelved or suppressed, is no answer to it.
_LIVES = f"""
with sounded as (
    select a.alert_id, min(e.event_time) as at
    from alert_events e join alerts a using (alert_id) left join assets s using (asset_id)
    where {_OF} and {_SOUNDS} and e.event_time < %(until)s group by a.alert_id
)
select sounded.at as sounded_at,
    min(e.event_time) filter (where e.kind = 'acknowledged') as acknowledged_at,
    min(e.event_time) filter (where e.kind = 'resolved') as resolved_at,
    min(e.event_time) filter (where e.kind = 'cleared') as returned_at,
    case when (array_agg(e.state order by e.number desc))[1] in ('unacknowledged', 'acknowledged')
        then sounded.at end as standing_since
from sounded join alert_events e using (alert_id)
where e.event_time >= sounded.at and e.event_time < %(until)s
group by alert_id, sounded.at
"""

PERIOD = timedelta(days=30)
"""What is reported where nobody says since when."""


async def read(
    connection: Connection, since: datetime, until: datetime, positions: int, own: str | None
) -> Report:
    """The figures of a period. own: of the assets of that utility only."""
    given = {"since": since, "until": until, "own": own}
    async with connection.cursor(row_factory=class_row(Alarm)) as cursor:
        alarms = await (await cursor.execute(_ALARMS, given)).fetchall()
    async with connection.cursor(row_factory=class_row(Life)) as cursor:
        lives = await (await cursor.execute(_LIVES, given)).fetchall()
    return report(alarms, lives, since, until, positions)
