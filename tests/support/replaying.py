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


class Replay:
    """Calls ``lifeline replay`` with a server and a broker configured."""

    def __init__(self, dsn: str, mqtt_url: str, folder: Path) -> None:
        self.dsn, self.mqtt_url, self.folder = dsn, mqtt_url, folder

    def __call__(
        self, *options: str, feed: Path | str = CHAMBERS, patience: float = 60, **settings: object
    ) -> Ran:
        given = {"dsn": self.dsn, "mqtt_url": self.mqtt_url, **settings}
        return run(self.folder, "replay", str(feed), "--json", *options, patience=patience, **given)

    def process(self, *options: str, feed: Path | str = CHAMBERS) -> Lifeline:
        settings = {"dsn": self.dsn, "mqtt_url": self.mqtt_url, "data": FEEDS}
        return Lifeline(self.folder, "replay", str(feed), "--json", *options, **settings)

    def databases(self) -> list[str]:
        """The names of all databases that replays have left, or are using."""
        with psycopg.connect(self.dsn) as connection:
            found = connection.execute(
                "select datname from pg_database where datname like 'lifeline-replay-%'"
            )
            return [name for (name,) in found]

    def kept(self, ran: Ran) -> str:
        """The DSN of the database that a replay left."""
        return self.database(f"lifeline-replay-{ran.figures['run']}")

    def database(self, name: str) -> str:
        return urlsplit(self.dsn)._replace(path=f"/{name}").geturl()


# What nobody did in time is told by the clock, so it is no part of what a feed says.
ALERTS = """
select alert_id::text, asset_id, hazard, kind, event_time, e.level, e.state, e.why
from alert_events e join alerts a using (alert_id)
where risk_change_id is not null order by alert_id, number
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
