"""Carries out on cases what time brings: deadlines that pass, shelves that end, maintenance."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts import bookkeeping, clock, record
from alerts.covering import Covering
from alerts.database import Connection
from alerts.lifecycle import InWindow, Step, on_circumstance, on_its_end, on_time
from alerts.record import Recorder
from alerts.windows import Open

BATCH = 500
"""Most cases in one transaction."""

_DUE = """
select * from alerts where due_at <= %s and state <> 'closed' order by due_at limit %s for update
"""
_BEGUN = """
update maintenance_windows set begun = true where not begun and not ended and starts_at <= %s
returning window_id, asset_id, device_id, why
"""
_ENDED = """
update maintenance_windows set ended = true, begun = true
where not ended and coalesce(ended_early_at, ends_at) <= %s returning window_id
"""
# A device's cases are those of its sensors' assets; whether all of their evidence is its own is asked after.
_LIVE = """
select a.*, e.data -> 'evidence' as evidence from alerts a
left join lateral (
    select data from alert_events where alert_id = a.alert_id and risk_change_id is not null
    order by number desc limit 1
) e on true
where a.state in ('unacknowledged', 'acknowledged', 'shelved', 'suppressed') and a.level is not null
    and (a.asset_id = %(asset_id)s
        or a.asset_id in (select asset_id from sensors where device_id = %(device_id)s))
order by a.alert_id
for update of a
"""
_IN_WINDOWS = "select * from alerts where window_id = any(%s) order by alert_id for update"


class Timekeeper:
    """What happens by time alone; in the same process as the claimer, for both hold the order of a case."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._covering = Covering(recorder.policy)

    async def strike(self, connection: Connection) -> int:
        """Carry out what has become due, and say how many steps that was."""
        async with connection.transaction():
            now, taken = await clock.now(connection), 0
            # One after the other, for one case can be concerned by several.
            for each in (self._due, _begun, _ended, self._covering.uncover):
                if steps := await each(connection, now):
                    await self._recorder.write(connection, steps)
                    taken += len(steps)
            await bookkeeping.close(connection, self._recorder.policy.gathering, now)
        return taken

    async def _due(self, connection: Connection, now: datetime) -> list[Step]:
        rows = await (await connection.execute(_DUE, [now, BATCH])).fetchall()
        return [step for row in rows for step in on_time(record.read(row), self._recorder.policy, now)]


async def _begun(connection: Connection, now: datetime) -> list[Step]:
    rows = await (await connection.execute(_BEGUN, [now])).fetchall()
    return [step for row in rows for step in await _beginning(connection, Open(**row), now)]


async def _ended(connection: Connection, now: datetime) -> list[Step]:
    ended = [row["window_id"] for row in await (await connection.execute(_ENDED, [now])).fetchall()]
    rows = await (await connection.execute(_IN_WINDOWS, [ended])).fetchall() if ended else []
    results = [on_its_end(record.read(row), now) for row in rows]
    return [result for result in results if isinstance(result, Step)]


async def _beginning(connection: Connection, window: Open, now: datetime) -> list[Step]:
    given = {"asset_id": window.asset_id, "device_id": window.device_id}
    rows = await (await connection.execute(_LIVE, given)).fetchall()
    results = [
        on_circumstance(record.read(row), InWindow(window.window_id, window.why), now)
        for row in rows
        if _concerned(window, row)
    ]
    return [result for result in results if isinstance(result, Step)]


def _concerned(window: Open, row: Mapping[str, Any]) -> bool:
    return window.covers(row["asset_id"], row["evidence"] or ())
