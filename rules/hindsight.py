"""What a rerun found, into the database, and what it has to know of what was found before."""

from collections.abc import Collection
from datetime import datetime

import asyncpg

from rules.circle import CaseKey
from rules.retrospect import Findings
from rules.write import Source, write_risk_changes, write_transitions

# Evidence may stand for weeks; looking back further costs more than it could tell.
_HELD = """
select min(time) from (
    select distinct on (rule, subject) time, state
    from transitions join unnest($1::text[], $2::text[]) as wanted (asset_id, hazard) using (asset_id, hazard)
    where time <= $3 and time > $3 - interval '30 days'
    order by rule, subject, time desc
) newest where state <> 0
"""


async def held_since(
    connection: asyncpg.Connection, cases: Collection[CaseKey], moment: datetime
) -> datetime | None:
    """Since when the oldest evidence stood that stood at the moment; None if there was none."""
    assets, hazards = zip(*cases, strict=True) if cases else ((), ())
    since: datetime | None = await connection.fetchval(_HELD, assets, hazards, moment)
    return since


async def write_findings(connection: asyncpg.Connection, findings: Findings, source: Source) -> int:
    """Store what was not on record yet, marked retrospective; of how many (asset, hazard)s there was any.

    Risk goes with its transitions: where all of them were known, so was the risk.
    """
    new = await write_transitions(connection, findings.transitions, source)
    risks = [risk for risk in findings.risks if (risk.asset, risk.hazard) in new]
    if risks:
        await write_risk_changes(connection, risks, source)
        await connection.execute("notify lifeline_risk")
    return len(new)
