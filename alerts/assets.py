"""Assets as the map and their pages show them: level, place, neighbours, newest readings."""

from collections.abc import Mapping
from typing import Any

from alerts.database import Connection

# The shown level is the worst of what is inherent, what the rules say, and what is open.
_ASSETS = """
select c.asset_id as id, c.name, c.name_en, c.kind, c.domain, c.district, c.longitude, c.latitude,
    c.utility_id, c.utility_name, c.utility_name_en, c.inherent_level,
    least(c.level, o.level) as level, coalesce(o.alerts, 0) as alerts
from grafana.current_assets c
left join (
    select asset_id, count(*)::int as alerts, min(level) as level from alerts
    where state <> 'closed' group by asset_id
) o using (asset_id)
where (%(own)s::text is null or c.utility_id = %(own)s)
    and (%(asset)s::text is null or c.asset_id = %(asset)s)
order by c.asset_id
"""
_EDGES = """
select e.source_id, e.relation, e.target_id from asset_edges e
join assets a on a.asset_id = e.source_id
join assets b on b.asset_id = e.target_id
where a.removed_at is null and b.removed_at is null
    and (%(own)s::text is null or (a.utility_id = %(own)s and b.utility_id = %(own)s))
    and (%(asset)s::text is null or %(asset)s in (e.source_id, e.target_id))
"""
_CONSEQUENCE = """
select consequence, people, critical_users, cascade, cost, adjacent_spaces from assets
where asset_id = %(asset)s
"""
_SENSORS = """
select s.device_id || '/' || s.key as sensor, s.quantity, r.time, r.value, r.flag
from sensors s
left join lateral (
    select time, value, flag from readings where sensor_id = s.sensor_id
        and time > %(now)s - interval '2 days' order by time desc limit 1
) r on true
where s.asset_id = %(asset)s and s.removed_at is null
order by 1
"""
_TOWN = """
select array(select distinct domain from assets where removed_at is null order by 1) as domains,
    array(select distinct district from assets where removed_at is null order by 1) as districts,
    (select purpose = 'replay' from deployment) as drill,
    (select registry_version from configuration) as registry_version
"""
_UTILITIES = "select utility_id as id, name, name_en from utilities order by 1"
_MATRIX = "select level from risk_matrix order by likelihood, consequence"

Row = dict[str, Any]


async def listed(connection: Connection, own: str | None, asset: str | None = None) -> list[Row]:
    """The assets that a caller may see, or the one of them that is named."""
    return await (await connection.execute(_ASSETS, {"own": own, "asset": asset})).fetchall()


async def edges(connection: Connection, own: str | None, asset: str | None = None) -> list[Row]:
    """The edges between assets that a caller may see; of one asset, if it is named."""
    return await (await connection.execute(_EDGES, {"own": own, "asset": asset})).fetchall()


async def consequence(connection: Connection, asset: str) -> Mapping[str, int]:
    """The scores of an asset that is there."""
    row = await (await connection.execute(_CONSEQUENCE, {"asset": asset})).fetchone()
    assert row is not None
    return row


async def sensors(connection: Connection, asset: str, now: object) -> list[Row]:
    """What measures an asset, each with its newest reading of the last two days."""
    return await (await connection.execute(_SENSORS, {"asset": asset, "now": now})).fetchall()


async def town(connection: Connection) -> Row:
    """What there is to choose among, and the matrix; None for it where no rules are loaded."""
    row = await (await connection.execute(_TOWN)).fetchone()
    assert row is not None
    levels = [each["level"] for each in await (await connection.execute(_MATRIX)).fetchall()]
    matrix = [levels[start : start + 5] for start in range(0, 25, 5)] if len(levels) == 25 else None  # noqa: PLR2004
    return {
        **row,
        "utilities": await (await connection.execute(_UTILITIES)).fetchall(),
        "matrix": matrix,
    }
