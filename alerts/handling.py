"""People's acts, carried out: one wins, whoever comes second is told so."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import UniqueViolation

from alerts import clock, record
from alerts.database import Connection
from alerts.lifecycle import LEAST, Act, Kind, Refusal, Step, on_act, opened
from alerts.record import Recorder
from alerts.roles import Caller
from rules.levels import RiskLevel

_LOCK = """
select a.* from alerts a left join assets s using (asset_id)
where a.alert_id = %(alert_id)s and (%(own)s::text is null or s.utility_id = %(own)s)
for update of a
"""
_ASSET = """
select asset_id, consequence, (
    select level from risk_matrix m where (m.likelihood, m.consequence) = (%(likelihood)s, a.consequence)
) as level
from assets a
where asset_id = %(asset_id)s and removed_at is null
    and (%(own)s::text is null or utility_id = %(own)s)
"""
_LAST = "select who, kind from alert_events where alert_id = %s order by number desc limit 1"
_ONE_OPEN = "select from alerts where asset_id = %s and hazard = %s and state <> 'closed' for update"

SEEN = 5
"""The likelihood of what a person saw: it is there."""


@dataclass(frozen=True, slots=True)
class Stale:
    """The caller spoke of another version of the case; who made it what it is, and by doing what."""

    version: int
    who: str
    kind: str


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody called about. level: None = what the matrix gives for what is there for certain."""

    asset_id: str
    hazard: str
    level: RiskLevel | None


async def handle(
    connection: Connection,
    recorder: Recorder,
    alert_id: UUID,
    caller: Caller,
    act: Callable[..., Act],
    version: int | None = None,
) -> Sequence[Step] | Refusal | Stale | None:
    """Carry out an act on a case; None if there is none that the caller may see.

    act: made ``at`` the time by which the case lives. version: the one that the caller saw, if it matters.
    """
    async with connection.transaction():
        given = {"alert_id": alert_id, "own": caller.utility}
        row = await (await connection.execute(_LOCK, given)).fetchone()
        if row is None:
            return None
        case = record.read(row)
        if version is not None and version != case.events:
            last = await (await connection.execute(_LAST, [alert_id])).fetchone()
            assert last is not None
            return Stale(case.events, last["who"], last["kind"])
        result = on_act(case, act(at=await clock.now(connection)), recorder.policy)
        if not isinstance(result, Refusal):
            await recorder.write(connection, result)
        return result


async def report(
    connection: Connection, recorder: Recorder, caller: Caller, what: Report, why: str
) -> Step | Refusal | None:
    """Open a case by hand; None if there is no such asset that the caller may see."""
    if not caller.role.may(LEAST[Kind.OPENED]):
        return Refusal.NOT_ALLOWED
    try:
        return await _report(connection, recorder, caller, what, why)
    except UniqueViolation:  # the rules opened one meanwhile
        return Refusal.ALREADY_OPEN


async def _report(
    connection: Connection, recorder: Recorder, caller: Caller, what: Report, why: str
) -> Step | Refusal | None:
    async with connection.transaction():
        given = {"asset_id": what.asset_id, "own": caller.utility, "likelihood": SEEN}
        asset = await (await connection.execute(_ASSET, given)).fetchone()
        if asset is None:
            return None
        if await (await connection.execute(_ONE_OPEN, [what.asset_id, what.hazard])).fetchone() is not None:
            return Refusal.ALREADY_OPEN
        level = what.level or RiskLevel(asset["level"] or RiskLevel.MAJOR)
        at = await clock.now(connection)
        act = Act(kind=Kind.OPENED, who=caller.name, role=caller.role, why=why, at=at)
        step = opened(what.asset_id, what.hazard, level, SEEN, asset["consequence"], act)
        await recorder.write(connection, [step])
        return step
