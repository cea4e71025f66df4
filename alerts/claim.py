"""Claims changes of risk and turns each into a step of its case: all in one transaction, or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from alerts import clock, record
from alerts.covering import Covering
from alerts.database import Connection, is_away
from alerts.lifecycle import Case, Change, Refusal, Step, follow
from alerts.metrics import Metrics
from alerts.record import Recorder
from rules.levels import RiskLevel

BATCH = 200
"""Most changes in one transaction: a major one that comes meanwhile has to wait for it."""

# Cases with a major change go before the others, each with all of its changes in their order.
_UNCLAIMED = """
with urgent as (
    select distinct asset_id, hazard from risk_changes
    where claimed_at is null and level = 1 and not risk_change_id = any(%(skipped)s)
), next as (
    select risk_change_id from risk_changes
    where claimed_at is null and not risk_change_id = any(%(skipped)s)
        and ((asset_id, hazard) in (select asset_id, hazard from urgent) or not exists (select from urgent))
    order by risk_change_id limit %(limit)s
    for update
)
"""

# Waits where another holds a row, rather than step over it: to step over would break the order of a case.
_CLAIM = (
    _UNCLAIMED
    + """
, claimed as (
    update risk_changes set claimed_at = clock_timestamp()
    where risk_change_id in (select risk_change_id from next)
    returning *
)
select * from claimed order by risk_change_id
"""
)

_FIRST = _UNCLAIMED + "select risk_change_id as first from next"

# Open cases last, so that they are what is remembered of an (asset, hazard) that has both.
_LOCK_CASES = """
select a.* from alerts a
where exists (
    select 1
    from unnest(%(assets)s::text[], %(hazards)s::text[], %(times)s::timestamptz[])
        as change (asset_id, hazard, time)
    where a.asset_id = change.asset_id and a.hazard = change.hazard
        and (a.state <> 'closed' or a.opened_at = change.time)
)
order by a.state <> 'closed', a.alert_id
for update of a
"""

log = structlog.get_logger()


class Claimer:
    """Takes what the rules found. Only one may run at a time: nothing else keeps the order of a case."""

    def __init__(self, recorder: Recorder, metrics: Metrics) -> None:
        self._recorder, self._metrics = recorder, metrics
        self._covering = Covering(recorder.policy)
        self._skipped: set[int] = set()

    async def take(self, connection: Connection) -> int:
        """Claim the oldest unclaimed changes, and say how many there were.

        One that cannot be taken holds nobody up: it stays unclaimed, is reported, and is tried again at
        the next start.
        """
        try:
            return await self._take(connection, BATCH)
        except Exception as error:
            if is_away(error):
                raise
            log.warning("a batch of risk changes was refused, taking them one by one")
            return await self._take_singly(connection)

    async def _take_singly(self, connection: Connection) -> int:
        claimed = 0
        for _ in range(BATCH):
            try:
                taken = await self._take(connection, 1)
            except Exception as error:
                if is_away(error):
                    raise
                await self._skip(connection, error)
            else:
                claimed += taken
                if not taken:
                    break
        return claimed

    async def _skip(self, connection: Connection, error: Exception) -> None:
        cursor = await connection.execute(_FIRST, {"skipped": list(self._skipped), "limit": 1})
        row = await cursor.fetchone()
        if row is not None and row["first"] is not None:
            self._skipped.add(row["first"])
            self._metrics.skipped.set(len(self._skipped))
            log.error(
                "risk change skipped", risk_change_id=row["first"], error=repr(error.__cause__ or error)
            )

    async def _take(self, connection: Connection, limit: int) -> int:
        async with connection.transaction():
            cursor = await connection.execute(_CLAIM, {"skipped": list(self._skipped), "limit": limit})
            rows = await cursor.fetchall()
            if not rows:
                return 0
            now = await clock.now(connection)
            changes = await self._changes(connection, rows)
            known = await self._covering.circumstances(connection, now)
            results = follow(await _cases(connection, changes), changes, known)
            if steps := [result for result in results if isinstance(result, Step)]:
                await self._recorder.write(connection, steps)
                if hidden := await self._covering.hide(connection, known, steps, now):
                    await self._recorder.write(connection, hidden)
        self._count(results)
        return len(changes)

    async def _changes(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> list[Change]:
        """The changes, with when they came to be known."""
        heard_at, latching = await clock.wall(connection), self._recorder.policy.latching
        return [
            replace(change, heard_at=heard_at, latching=change.hazard in latching)
            for change in map(_change, rows)
        ]

    def _count(self, results: Iterable[Step | Refusal]) -> None:
        for result in results:
            name = result.name.lower() if isinstance(result, Refusal) else result.event.kind
            self._metrics.changes.labels(name).inc()


async def _cases(connection: Connection, changes: Sequence[Change]) -> list[Case]:
    wanted = {
        "assets": [change.asset_id for change in changes],
        "hazards": [change.hazard for change in changes],
        "times": [change.time for change in changes],
    }
    cursor = await connection.execute(_LOCK_CASES, wanted)
    return [record.read(row) for row in await cursor.fetchall()]


def _change(row: Mapping[str, Any]) -> Change:
    cause = {
        "cause": None if row["cause"] is None else str(row["cause"]),
        "rules_version": row["rules_version"],
        "previous_level": row["previous_level"],
    }
    return Change(
        risk_change_id=row["risk_change_id"],
        asset_id=row["asset_id"],
        hazard=row["hazard"],
        time=row["time"],
        level=None if row["level"] is None else RiskLevel(row["level"]),
        likelihood=row["likelihood"],
        consequence=row["consequence"],
        data={**row["inputs"], **cause},
        retrospective=row["retrospective"],
    )
