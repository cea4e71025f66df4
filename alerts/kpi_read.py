"""Reads what the figures of ``alerts.kpi`` are made of: the events of cases."""

from datetime import datetime, timedelta

from psycopg.rows import class_row

from alerts.database import Connection
from alerts.kpi import Alarm, Life, Report, report

# It sounds where a step leads into the unacknowledged state from another, or sounds anew by its kind.
_ALARMS = """
with steps as (
    select e.alert_id, a.asset_id, a.hazard, e.level, e.event_time as at, e.kind, e.state,
        lag(e.state) over (partition by e.alert_id order by e.number) as before
    from alert_events e join alerts a using (alert_id) left join assets s using (asset_id)
    where a.opened_at < %(until)s and (a.changed_at >= %(since)s or a.state <> 'closed')
        and (%(own)s::text is null or s.utility_id = %(own)s)
)
select asset_id, hazard, level, at from steps
where state = 'unacknowledged' and level < 4 and before is distinct from 'unacknowledged'
    and kind <> 'found' and at >= %(since)s and at < %(until)s
"""
_LIVES = """
select min(e.event_time) filter (where e.state = 'unacknowledged' and e.level < 4) as sounded_at,
    min(e.event_time) filter (where e.kind = 'acknowledged') as acknowledged_at,
    min(e.event_time) filter (where e.kind = 'resolved') as resolved_at,
    min(e.event_time) filter (where e.kind = 'cleared') as returned_at,
    case when a.state in ('unacknowledged', 'acknowledged') then a.sounding_at end as standing_since
from alerts a join alert_events e using (alert_id) left join assets s using (asset_id)
where a.sounded and a.opened_at < %(until)s and (a.changed_at >= %(since)s or a.state <> 'closed')
    and (%(own)s::text is null or s.utility_id = %(own)s)
group by a.alert_id
having count(*) filter (where e.state = 'unacknowledged' and e.level < 4) > 0
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
