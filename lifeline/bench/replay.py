"""``lifeline bench replay``: stored history out of TimescaleDB and through the rules.

The rate is of this process' CPU time, of which one core gives a second a second; what the database's own
process takes beside, and the wall's time, are told. What is read is what a backtest reads.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

import asyncpg

from ingest.write import prepare, write_readings
from lifeline.backtest.stored import holding, parts
from lifeline.bench.figures import Figure
from lifeline.bench.watched import Minutes, probes, three
from lifeline.rehearsal import Rehearsal
from lifeline.settings import Settings
from lifeline.stage import settle, stage
from rules.engine import Engine
from sensors.readings import MINUTE

ROUNDS = 3
SENSORS = 10_000
MINUTES = 200
ALARMS = 0.0005


@dataclass(frozen=True, slots=True)
class _Round:
    readings: int
    transitions: int
    cpu_s: float
    read_cpu_s: float
    wall_s: float

    @property
    def rate(self) -> float:
        return self.readings / self.cpu_s


def history(settings: Settings, sensors: int = SENSORS, minutes: int = MINUTES) -> Iterator[Figure]:
    """Three kinds over all sensors, a reading a minute, as it is stored."""
    with stage(settings) as staged:
        settle(staged.settings, probes(sensors), three())
        rounds = asyncio.run(_rounds(staged.dsn, sensors, minutes))
    yield Figure(
        bench="replay",
        case="history",
        value=round(median(each.rate for each in rounds)),
        unit="readings a second of one core, read from the database",
        goal="at least 500,000",
        beside={
            "rounds": ", ".join(f"{each.rate:,.0f}" for each in rounds),
            "wall_per_s": round(median(each.readings / each.wall_s for each in rounds)),
            "share_of_reading": round(median(each.read_cpu_s / each.cpu_s for each in rounds), 3),
            "readings": rounds[0].readings,
            "transitions": rounds[0].transitions,
            "sensors": sensors,
        },
    )


async def _rounds(dsn: str, sensors: int, minutes: int) -> list[_Round]:
    connection = await asyncpg.connect(dsn)
    try:
        await prepare(connection)
        first, last = await _store(connection, sensors, minutes)
        return [await _round(connection, first - MINUTE, last) for _ in range(ROUNDS)]
    finally:
        await connection.close()


async def _store(connection: asyncpg.Connection, sensors: int, minutes: int) -> tuple[int, int]:
    """When the first and the last of what is stored were measured."""
    feed = list(islice(Minutes(sensors, ALARMS), minutes))
    for each in feed:
        async with connection.transaction():
            await write_readings(connection, each, each.time < 0, certain=True)
    return int(feed[0].time.min()), int(feed[-1].time.max())


async def _round(connection: asyncpg.Connection, after: int, until: int) -> _Round:
    registry, rules = await holding(connection)
    rehearsal, readings, read = Rehearsal(Engine(registry, rules)), 0, 0.0
    wanted = [sensor.id for sensor in registry.sensors]
    cpu = last = time.process_time()
    wall = time.perf_counter()
    async for end, part in parts(connection, registry, wanted, after, until):
        read += time.process_time() - last
        rehearsal.hear(part.readings)
        rehearsal.until(end)
        readings += len(part.readings)
        last = time.process_time()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return _Round(readings, len(rehearsal.transitions), cpu, read, wall)
