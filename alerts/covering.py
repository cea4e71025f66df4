"""Reads what covers look at, and carries out what they mean for cases that are open already."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from alerts import record, windows
from alerts.cover import Cause, Circumstances, Topology
from alerts.database import Connection
from alerts.lifecycle import Covered, Policy, Step, on_circumstance, on_its_end

_VERSION = "select registry_version from configuration"
_EDGES = "select source_id, target_id from asset_edges where relation = 'flows-to'"
_KINDS = "select asset_id, kind from assets"
_GATEWAYS = "select device_id, gateway_id from devices where gateway_id is not null"

_CASES = """
select a.*, e.data -> 'evidence' as evidence from alerts a
left join lateral (
    select data from alert_events where alert_id = a.alert_id and risk_change_id is not null
    order by number desc limit 1
) e on true
"""
_CAUSES = (
    _CASES
    + """
where a.hazard = any(%s) and a.level is not null
    and a.state in ('unacknowledged', 'acknowledged')
order by a.opened_at, a.alert_id
"""
)
_MAY_BE_HIDDEN = (
    _CASES
    + """
where a.hazard = any(%s) and a.state = 'unacknowledged' and a.level > 1
order by a.opened_at, a.alert_id
for update of a
"""
)
_NO_LONGER_HIDDEN = (
    _CASES
    + """
join alerts b on b.alert_id = a.covered_by
where a.state = 'suppressed' and (b.level is null or b.state not in ('unacknowledged', 'acknowledged'))
order by a.opened_at, a.alert_id
for update of a
"""
)


class Covering:
    """The registry's part is kept until another registry is loaded."""

    def __init__(self, policy: Policy) -> None:
        self._covers = policy.cover
        self._by = list({cover.by for cover in policy.cover})
        self._hides = list({hazard for cover in policy.cover for hazard in cover.hides})
        self._topology: tuple[str | None, Topology] | None = None

    async def circumstances(self, connection: Connection, now: datetime) -> Circumstances:
        """What is known now of why changes need not be annunciated."""
        topology = await self._current(connection)
        opened = await windows.opened(connection, now)
        rows = await (await connection.execute(_CAUSES, [self._by])).fetchall()
        known = Circumstances(self._covers, topology, opened)
        for row in rows:
            case = record.read(row)
            known.causes[case.alert_id] = Cause(case, topology.gateway(row["evidence"] or ()))
        return known

    async def hide(
        self, connection: Connection, known: Circumstances, steps: Sequence[Step], now: datetime
    ) -> list[Step]:
        """What was annunciated before that which explains it; looked for where a cause has just come."""
        if not any(step.case.hazard in self._by and step.case.alert_id in known.causes for step in steps):
            return []
        rows = await (await connection.execute(_MAY_BE_HIDDEN, [self._hides])).fetchall()
        return [step for row in rows for step in _hidden(known, row, now)]

    async def uncover(self, connection: Connection, now: datetime) -> list[Step]:
        """What was hidden by a case that is over: another explains it, or it sounds now."""
        rows = await (await connection.execute(_NO_LONGER_HIDDEN)).fetchall()
        if not rows:
            return []
        known = await self.circumstances(connection, now)
        steps: list[Step] = []
        for row in rows:
            again, over = _hidden(known, row, now), on_its_end(record.read(row), now)
            if not again and isinstance(over, Step):
                known.saw(over)
                again = [over]
            steps += again
        return steps

    async def _current(self, connection: Connection) -> Topology:
        row = await (await connection.execute(_VERSION)).fetchone()
        version = row["registry_version"] if row else None
        if self._topology is None or self._topology[0] != version or version is None:
            self._topology = version, await _read(connection)
        return self._topology[1]


def _hidden(known: Circumstances, row: Mapping[str, Any], now: datetime) -> list[Step]:
    case = record.read(row)
    covered = known.cover(case.asset_id, case.hazard, case.level, row["evidence"] or ())
    if not isinstance(covered, Covered) or covered.by == case.alert_id:
        return []
    step = on_circumstance(case, covered, now)
    if not isinstance(step, Step):
        return []
    known.saw(step)
    return [step]


async def _read(connection: Connection) -> Topology:
    upstream: dict[str, list[str]] = defaultdict(list)
    for row in await (await connection.execute(_EDGES)).fetchall():
        upstream[row["target_id"]].append(row["source_id"])
    kinds = await (await connection.execute(_KINDS)).fetchall()
    gateways = await (await connection.execute(_GATEWAYS)).fetchall()
    return Topology(
        dict(upstream),
        {row["asset_id"]: row["kind"] for row in kinds},
        {row["device_id"]: row["gateway_id"] for row in gateways},
    )
