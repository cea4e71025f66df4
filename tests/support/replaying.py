"""``lifeline replay`` and ``lifeline import`` as tests call them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.support.processes import Lifeline

FEEDS = Path(__file__).parents[1] / "data" / "feeds"
CHAMBERS = FEEDS / "chambers.toml"


@dataclass(frozen=True)
class Ran:
    """A command that has ended: its exit code, and all that it said."""

    code: int
    text: str

    @property
    def figures(self) -> dict[str, Any]:
        """What it printed as JSON."""
        assert self.code == 0, self.text
        (line,) = (line for line in self.text.splitlines() if line.startswith("{"))
        found: dict[str, Any] = json.loads(line)
        return found


def run(folder: Path, *command: str, patience: float = 60, **settings: object) -> Ran:
    with Lifeline(folder, *command, **{"data": FEEDS, **settings}) as process:
        return Ran(process.wait(patience), process.text)


def kept(dsn: str, ran: Ran) -> str:
    """The DSN of the database that a replay left."""
    return urlsplit(dsn)._replace(path=f"/lifeline-replay-{ran.figures['run']}").geturl()


def replay_databases(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select datname from pg_database where datname like 'lifeline-replay-%'")
        return [name for (name,) in rows]


ALERTS = """
select alert_id::text, asset_id, hazard, kind, event_time, e.level, e.state, e.why
from alert_events e join alerts a using (alert_id) order by alert_id, number
"""

TRANSITIONS = """
select transition_id::text, rule, subject, time, state, previous, value, reason
from transitions order by time, rule, subject, state
"""

READINGS = """
select device_id || '/' || key, (extract(epoch from time) * 1000000)::bigint, value, flag
from readings join sensors using (sensor_id)
"""


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()
