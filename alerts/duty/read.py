"""Reads the facts of a duty report, all as they stood at one moment."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from alerts import clock, kpi_read
from alerts.database import Connection
from alerts.duty import read_data
from alerts.duty.counted import majors
from alerts.duty.facts import Case, Facts, Happening, Names, Said, Sent
from alerts.duty.period import Span, period, until_now, yesterday
from alerts.lifecycle import Awaited, Cause, Kind, Stage, State
from alerts.outcome import State as Sending
from alerts.registries import registry
from sensors.model import City

MOST_MAJORS = 100
"""Of more than so many major cases only the count is told."""

_SNAPSHOT = "set transaction isolation level repeatable read, read only"
_DEPLOYED = """
select (select purpose = 'replay' from deployment) as drill,
    (select registry_version from configuration) as registry_version
"""
_UTILITY = "select utility_id as id, name, name_en from utilities where utility_id = %s"

# at: evidence can come in after somebody has acted, and takes effect no earlier than what was before it.
_TIMED = """
with cases as (
    select a.alert_id, a.asset_id, a.hazard, a.opened_at,
        s.name, s.name_en, s.domain, s.district, s.utility_id
    from alerts a left join assets s using (asset_id)
    where a.opened_at < %(until)s and (a.changed_at >= %(since)s or a.state <> 'closed')
        and (%(own)s::text is null or s.utility_id = %(own)s)
),
timed as (
    select e.*, max(e.event_time) over (partition by e.alert_id order by e.number) as at
    from alert_events e join cases using (alert_id)
)
"""
_HAPPENINGS = f"""{_TIMED}
select c.*, u.name as utility_name, u.name_en as utility_name_en, t.kind, t.at, t.level, t.state,
    coalesce(t.data ->> 'stage', 'none') as stage,
    case when t.kind = 'escalated' then t.data ->> 'awaits' end as awaited,
    case when t.kind = 'dismissed' then t.data ->> 'cause' end as cause
from timed t join cases c using (alert_id) left join utilities u using (utility_id)
order by c.opened_at, c.alert_id, t.number
"""
_SENT = f"""{_TIMED}
select t.alert_id, d.receiver, d.state, count(*) as messages
from timed t join deliveries d using (event_id)
where t.at >= %(from)s and t.at < %(until)s
group by t.alert_id, d.receiver, d.state
"""
_SAID = f"""{_TIMED}
select alert_id, at, kind, who, why, level, data ->> 'to' as to, data -> 'evidence' as evidence,
    case when kind = 'escalated' then data ->> 'awaits' end as awaited,
    case when kind = 'dismissed' then data ->> 'cause' end as cause
from timed where alert_id = any(%(wanted)s) and at < %(until)s
order by alert_id, number
"""

Row = Mapping[str, Any]


async def read(
    connection: Connection, span: Span, text: str | None, positions: int, own: str | None
) -> Facts:
    """The facts of a day or month; of yesterday, where none is named. own: of that utility's assets only.

    Raises:
        NoPeriodError: the text names none, or one that has not begun.
    """
    async with connection.transaction():
        await connection.execute(_SNAPSHOT)
        row = await (await connection.execute(_DEPLOYED)).fetchone()
        assert row is not None
        loaded = await registry(connection, row["registry_version"])
        city = None if loaded is None else loaded.city
        zone = ZoneInfo(city.timezone if city else "UTC")
        now = await clock.now(connection)
        wanted, before = until_now(period(span, text or yesterday(now, zone), zone), zone, now)
        given = {"since": before.since, "from": wanted.since, "until": wanted.until, "own": own}
        cases = await _cases(connection, given)
        qualities, blind = await read_data.qualities(connection, wanted, now, own)
        return Facts(
            city=_city(city),
            zone=zone.key,
            drill=row["drill"],
            now=now,
            utility=await _utility(connection, own),
            period=wanted,
            before=before,
            cases=cases,
            stories=await _stories(connection, given, [each.case.alert_id for each in majors(cases, wanted)]),
            sent=await _sent(connection, given),
            alarms=await kpi_read.read(connection, wanted.since, wanted.until, positions, own),
            qualities=qualities,
            nights=await read_data.nights(connection, wanted, zone.key, own),
            blind=blind,
        )


def _city(city: City | None) -> Names | None:
    return None if city is None else Names(city.id, city.name, city.name_en)


async def _utility(connection: Connection, own: str | None) -> Names | None:
    row = None if own is None else await (await connection.execute(_UTILITY, [own])).fetchone()
    return None if row is None else Names(**row)


async def _cases(connection: Connection, given: Row) -> tuple[Case, ...]:
    rows = await (await connection.execute(_HAPPENINGS, given)).fetchall()
    return tuple(_case(list(mine)) for _, mine in groupby(rows, itemgetter("alert_id")))


def _case(rows: Sequence[Row]) -> Case:
    first = rows[0]
    asset, utility = first["asset_id"], first["utility_id"]
    return Case(
        alert_id=first["alert_id"],
        asset=Names(asset, first["name"] or asset, first["name_en"] or asset),
        domain=first["domain"],
        district=first["district"],
        utility=Names(utility, first["utility_name"], first["utility_name_en"]) if utility else None,
        hazard=first["hazard"],
        opened_at=first["opened_at"],
        happenings=tuple(map(_happening, rows)),
    )


def _happening(row: Row) -> Happening:
    return Happening(
        kind=Kind(row["kind"]),
        at=row["at"],
        level=row["level"],
        state=State(row["state"]),
        stage=Stage(row["stage"]),
        awaited=Awaited(row["awaited"]) if row["awaited"] else None,
        cause=Cause(row["cause"]) if row["cause"] else None,
    )


async def _stories(connection: Connection, given: Row, ids: Sequence[UUID]) -> dict[UUID, tuple[Said, ...]]:
    wanted = {**given, "wanted": list(ids[:MOST_MAJORS])}
    rows = await (await connection.execute(_SAID, wanted)).fetchall()
    by_alert = groupby(rows, itemgetter("alert_id"))
    return {alert_id: tuple(map(_said, mine)) for alert_id, mine in by_alert}


def _said(row: Row) -> Said:
    evidence = tuple(f"{each['rule']} {each['subject']}: {each['reason']}" for each in row["evidence"] or ())
    return Said(
        at=row["at"],
        kind=Kind(row["kind"]),
        who=row["who"],
        why=row["why"],
        level=row["level"],
        to=row["to"],
        awaited=Awaited(row["awaited"]) if row["awaited"] else None,
        cause=Cause(row["cause"]) if row["cause"] else None,
        evidence=evidence,
    )


async def _sent(connection: Connection, given: Row) -> tuple[Sent, ...]:
    rows = await (await connection.execute(_SENT, given)).fetchall()
    return tuple(Sent(**{**row, "state": Sending(row["state"])}) for row in rows)
