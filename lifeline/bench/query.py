"""``lifeline bench query``: what dashboards ask, of a database full of readings."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import psycopg
from psycopg.rows import TupleRow

from grafana.targets import Expansion, Target, boards, span, targets
from ingest.write import moment
from lifeline.bench.figures import Figure
from lifeline.bench.filled import NOW, Filled, fill, known
from lifeline.runtime.packages import Prefix
from lifeline.runtime.services import temporary_services
from lifeline.settings import Settings

READINGS, SENSORS = 100_000_000, 10_000
ROUNDS = 40
GOAL_MS = 100.0

_DATABASE = "query"
_POINTS = 1000
"""About as wide as a panel is, and as many buckets it asks for."""

_INTERVALS_S = (
    1,
    2,
    5,
    10,
    15,
    20,
    30,
    60,
    120,
    300,
    600,
    900,
    1200,
    1800,
    3600,
    7200,
    10_800,
    21_600,
    43_200,
)

Connection = psycopg.Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of query: its name, and the SQL of one round."""

    name: str
    sql: Callable[[], str]


def query(settings: Settings, readings: int = READINGS, sensors: int = SENSORS) -> Iterator[Figure]:
    """Fill the database unless it was, and ask each query with chance's sensors and assets."""
    with temporary_services(Prefix(settings.runtime / "prefix"), settings.runtime / "bench") as services:
        name = f"{_DATABASE}-{readings}"
        dsn = services.postgres.create_database(name)
        if (filled := known(dsn)) is None:
            services.postgres.drop_database(name)
            filled = asyncio.run(fill(services.postgres.create_database(name), readings, sensors))
        yield from measure(dsn, filled)


def measure(dsn: str, filled: Filled, rounds: int = ROUNDS) -> Iterator[Figure]:
    """Each query's figure, with the rights that Grafana has."""
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        connection.execute("set role lifeline_reader")
        for each in asked(connection, random.Random(6)):  # noqa: S311, no secret
            yield _figure(connection, each, filled, rounds)


def _figure(connection: Connection, each: Asked, filled: Filled, rounds: int) -> Figure:
    took, rows = [], 0
    for _ in range(rounds):
        sql = each.sql()
        begun = time.perf_counter()
        rows = len(connection.execute(sql.encode()).fetchall())
        took.append((time.perf_counter() - begun) * 1000)
    return Figure(
        bench="query",
        case=each.name,
        value=round(float(np.percentile(took, 95)), 1),
        unit="ms, 95th percentile",
        goal=f"at most {GOAL_MS:.0f}",
        beside={
            "p50_ms": round(float(np.percentile(took, 50)), 1),
            "longest_ms": round(max(took), 1),
            "rounds": rounds,
            "rows": rows,
            "readings": filled.readings,
            "sensors": filled.sensors,
        },
    )


def asked(connection: Connection, chance: random.Random) -> Iterator[Asked]:
    """One sensor near and far, then every query of every board."""
    yield from _of_one_sensor(connection, chance)
    for target in targets():
        if target.file.parent.name == "zh":
            yield Asked(target.name.removeprefix("zh-"), _Opened(connection, chance, target))


def _of_one_sensor(connection: Connection, chance: random.Random) -> Iterator[Asked]:
    old = [row[0] for row in connection.execute(
        "select sensor_id from grafana.readings_1h where time = %s", [moment(NOW) - timedelta(days=300)]
    )]  # fmt: skip
    now = f"'{moment(NOW).isoformat()}'::timestamptz"
    zoomed = (
        f"select * from grafana.readings_zoomed({{sensor}}, {now} - interval '{{back}}', {now}, '{{step}}')"
    )
    newest = (
        "select time, value, flag_name from grafana.readings_labelled where sensor_id = {sensor}"
        f" and time > {now} - interval '1 day' order by time desc limit 1"
    )
    for name, sql in (
        ("newest of a sensor", newest),
        ("a day of a sensor", zoomed.format(sensor="{sensor}", back="1 day", step="1 minute")),
        ("a month of a sensor", zoomed.format(sensor="{sensor}", back="31 days", step="30 minutes")),
        ("a year of a sensor", zoomed.format(sensor="{sensor}", back="365 days", step="6 hours")),
    ):
        yield Asked(name, partial(_of_any, chance, old, sql))


def _of_any(chance: random.Random, sensors: list[int], sql: str) -> str:
    return sql.format(sensor=chance.choice(sensors))


@dataclass(frozen=True, slots=True)
class _Opened:
    """A board's query as when it is opened, its variables at any of their values."""

    connection: Connection
    chance: random.Random
    target: Target

    def __call__(self) -> str:
        board = boards()[self.target.file]
        values = self._variables(board)
        if repeated := self.target.panel.get("repeat"):
            values[repeated] = (self.chance.choice(values[repeated]),)
        return self._expansion(board, values).sql(self.target.sql)

    def _variables(self, board: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        values: dict[str, tuple[str, ...]] = {}
        for variable in board["templating"]["list"]:
            if variable["type"] == "textbox":
                values[variable["name"]] = (variable["query"],)
                continue
            sql = self._expansion(board, values).sql(variable["query"])
            found = [str(row[-1]) for row in self.connection.execute(sql.encode())]
            values[variable["name"]] = tuple(found) if variable["multi"] else (self.chance.choice(found),)
        return values

    def _expansion(self, board: Mapping[str, Any], values: Mapping[str, tuple[str, ...]]) -> Expansion:
        back = span(board)
        wanted = back.total_seconds() / (self.target.panel.get("maxDataPoints") or _POINTS)
        interval = min(_INTERVALS_S, key=lambda each: abs(each - wanted))
        return Expansion(moment(NOW) - back, moment(NOW), timedelta(seconds=interval), values)
