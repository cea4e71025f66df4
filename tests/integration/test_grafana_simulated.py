"""What the gas board shows half an hour into a simulated leak, judged by the demo city's rules."""

import asyncio
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg.rows import dict_row

import rules
import simulator
from ingest.decode import Window, decode
from ingest.index import Index
from ingest.message import Message
from ingest.rollups import roll_up
from lifeline.migrate import migrate
from lifeline.runtime.postgres import Postgres
from rules.engine import Tick
from rules.hazards import hazards
from rules.load import load
from sensors.load import DEMO_CITY, read_city
from sensors.readings import MINUTE
from simulator.publish import Publisher
from simulator.scenario_file import read_scenario
from simulator.setting import setting
from simulator.simulation import Simulation
from tests.support.grafana import Expansion, boards, targets
from tests.support.judged import judged
from tests.support.town import settle

SCENARIO = Path(simulator.__file__).parent / "scenarios" / "gas-leak.toml"
RULES = Path(rules.__file__).parent / "demo"
START = datetime(2026, 3, 4, 6, tzinfo=UTC)
LEAK_STARTS, SEEN_FOR = timedelta(minutes=10), timedelta(minutes=40)
NOW = START + SEEN_FOR
CHAMBER = "VC-101"

Rows = list[dict[str, Any]]


class Heard:
    """An outlet that keeps what it hears."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        del retain
        self.messages.append(Message(topic, payload))
        return 0

    def requests(self) -> Iterator[tuple[str, bytes]]:
        return iter(())


@pytest.fixture(scope="module")
def leak(postgres: Postgres) -> Iterator[str]:
    dsn = postgres.create_database("grafana_leak")
    migrate(dsn)
    city = read_city(DEMO_CITY)
    scenario, rule_set = read_scenario(SCENARIO, city, hazards()), load([RULES], city)
    registry = settle(dsn, setting(scenario, city), rule_set, purpose="replay")
    begin, heard = round(START.timestamp()) * 1_000_000, Heard()
    simulation = Simulation(registry, scenario, start=begin, seed=0)
    Publisher(simulation, heard, deque(maxlen=0)).run(begin + 40 * MINUTE)
    batch = decode(heard.messages, Index(registry), Window(), None)
    ticks = [Tick(position, time) for position, time in batch.ticks]
    judged(dsn, registry, rule_set, (batch.readings, ticks))
    asyncio.run(_rolled_up(dsn))
    yield dsn
    postgres.drop_database("grafana_leak")


async def _rolled_up(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "insert into rollups_due (first_time, last_time) select min(time), max(time) from readings"
    )
    await roll_up(connection)
    await connection.close()


def rows(dsn: str, title: str) -> Rows:
    """What a panel of the English gas board gets, all districts chosen, in the hour up to now."""
    target = next(
        each
        for each in targets()
        if (each.file.parent.name, each.file.stem) == ("en", "gas") and each.panel["title"] == title
    )
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        connection.execute("set role lifeline_reader")
        variables = boards()[target.file]["templating"]["list"]
        sql = next(each["query"] for each in variables if each["name"] == "district")
        districts = tuple(row["__value"] for row in connection.execute(sql))
        frame = Expansion(NOW - timedelta(hours=1), NOW, timedelta(minutes=1), {"district": districts})
        return connection.execute(frame.sql(target.sql)).fetchall()


def test_the_chamber_that_leaks_is_on_top_and_rises(leak: str) -> None:
    first, second, *_ = rows(leak, "Chambers now")
    assert first["asset_id"] == CHAMBER
    assert first["level"] == 1
    assert first["lel"] > 20 > second["lel"]
    assert first["rise"] > 30
    assert first["reaches"] is None, "it is there already"


def test_its_line_climbs_once_gas_leaks_and_no_other_does(leak: str) -> None:
    shown = rows(leak, "Methane")
    mine = [row for row in shown if row["metric"].startswith(CHAMBER)]
    assert all(row["value"] < 10 for row in mine if row["time"] < START + LEAK_STARTS)
    assert max(row["value"] for row in mine) > 20
    assert max(row["value"] for row in shown if row not in mine) < 20
    rising = [row for row in rows(leak, "Rise of methane") if row["value"] and row["value"] > 60]
    assert {row["metric"].split()[0] for row in rising} == {CHAMBER}


def test_its_case_is_counted_and_listed(leak: str) -> None:
    (counts,) = rows(leak, "Live alerts")
    assert counts["major"] == 1
    worst = rows(leak, "Recent alerts")[0]
    assert (worst["asset_id"], worst["level"], worst["state"]) == (CHAMBER, 1, "unacknowledged")
    assert {row["rule"] for row in rows(leak, "Recent transitions")} >= {"chamber-methane"}
