"""A database as worker and alerts leave it, made in this process: readings, transitions, risk, cases."""

import asyncio
from collections.abc import Sequence

import asyncpg
from prometheus_client import CollectorRegistry

from alerts import database as alerts_database
from alerts import policy
from alerts.claim import Claimer
from alerts.metrics import Metrics
from alerts.outbox import Outbox
from alerts.record import Recorder
from alerts.routing import Plan
from ingest.write import prepare, write_readings
from rules.engine import Engine, Step, Tick
from rules.model import RuleSet
from rules.write import write_step
from sensors.model import Registry
from sensors.readings import Readings
from tests.support.town import settle


def judged(
    dsn: str, registry: Registry, rules: RuleSet, *batches: tuple[Readings, Sequence[Tick]]
) -> list[Step]:
    """Load city and rules, take the batches as a worker does, and let alerts claim what came of them."""
    engine = Engine(settle(dsn, registry, rules), rules)
    return asyncio.run(_judge(dsn, engine, rules, batches))


async def _judge(
    dsn: str, engine: Engine, rules: RuleSet, batches: Sequence[tuple[Readings, Sequence[Tick]]]
) -> list[Step]:
    connection = await asyncpg.connect(dsn)
    await prepare(connection)
    steps = []
    for seq, (readings, ticks) in enumerate(batches, 1):
        step = engine.step(readings, ticks)
        async with connection.transaction():
            await write_readings(connection, readings, step.late)
            await write_step(connection, step, rules.version, "city", seq)
        steps.append(step)
    await connection.close()
    await claim(dsn)
    return steps


async def claim(dsn: str) -> None:
    """Turn all changes of risk into steps of cases, as alerts does."""

    metrics = Metrics(CollectorRegistry())
    async with await alerts_database.connect(dsn) as connection:
        claimer = Claimer(Recorder(Outbox(), Plan(), policy.default(), metrics), metrics)
        while await claimer.take(connection):
            pass
