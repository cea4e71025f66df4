"""Somebody acknowledges a case: one wins, whoever comes second is told so."""

from uuid import UUID

from alerts import record
from alerts.database import Connection
from alerts.lifecycle import Refusal, Step, on_acknowledgement
from alerts.record import Recorder
from alerts.tokens import Caller

_LOCK = """
select a.* from alerts a left join assets s using (asset_id)
where a.alert_id = %(alert_id)s and (%(own)s::text is null or s.utility_id = %(own)s)
for update of a
"""

# The event time of a person's act: a replayed feed has a clock of its own, which stands at the newest event.
_NOW = """
select case when purpose = 'replay'
    then (select max(event_time) from alert_events where alert_id = %s) else clock_timestamp() end as now
from deployment
"""


async def acknowledge(
    connection: Connection, recorder: Recorder, alert_id: UUID, caller: Caller, why: str
) -> Step | Refusal | None:
    """Acknowledge a case, or say why that changes nothing; None if there is none that the caller may see."""
    async with connection.transaction():
        row = await (
            await connection.execute(_LOCK, {"alert_id": alert_id, "own": caller.utility})
        ).fetchone()
        if row is None:
            return None
        now = await (await connection.execute(_NOW, [alert_id])).fetchone()
        assert now is not None
        result = on_acknowledgement(record.read(row), caller.name, why, now["now"])
        if isinstance(result, Step):
            await recorder.write(connection, [result])
        return result
