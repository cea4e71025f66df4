"""The time by which cases live: the wall's, or in a replay that of the feed's newest change."""

from datetime import datetime

from alerts.database import Connection

_NOW = """
select purpose = 'replay' as replayed, case when purpose = 'replay'
    then coalesce((select time from risk_changes order by risk_change_id desc limit 1), clock_timestamp())
    else clock_timestamp() end as now
from deployment
"""


async def now(connection: Connection) -> datetime:
    """What time it is for a case."""
    return (await _read(connection))[1]


async def wall(connection: Connection) -> datetime | None:
    """When what is claimed now comes to be known; None in a replay, where that is when it happened."""
    replayed, time = await _read(connection)
    return None if replayed else time


async def _read(connection: Connection) -> tuple[bool, datetime]:
    row = await (await connection.execute(_NOW)).fetchone()
    assert row is not None
    return row["replayed"], row["now"]
