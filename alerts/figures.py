"""The figures that are in the database, taken when they are asked for."""

import psycopg

from alerts.database import Pool
from alerts.metrics import Metrics
from rules.levels import RiskLevel

_OPEN = "select level, count(*) as cases from alerts where state <> 'closed' group by level"
_AGE = """
select coalesce(extract(epoch from clock_timestamp() - min(queued_at)), 0)::float8 as age
from deliveries where finished_at is null
"""


async def refresh(pool: Pool, metrics: Metrics) -> None:
    """Set the gauges from the database; they keep what they showed while it is away."""
    try:
        async with pool.connection() as connection:
            opened = await (await connection.execute(_OPEN)).fetchall()
            age = await (await connection.execute(_AGE)).fetchone()
    except psycopg.OperationalError:
        return
    by_level = {row["level"]: row["cases"] for row in opened}
    for level in RiskLevel:
        metrics.open.labels(level.english).set(by_level.get(level.value, 0))
    metrics.open.labels("returned").set(by_level.get(None, 0))
    metrics.outbox_age.set(age["age"] if age else 0)
