"""The API keeps to its own description: Schemathesis calls the real service with what may and may not be."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from rules.load import DEMO_RULES
from rules.load import load as load_rules
from rules.store import load as store_rules
from sensors.load import DEMO_CITY, read_city
from sensors.store import load as store_city
from tests.alerting import World, alerts, reference_receiver, token, until

PLACES = {"If-Match": "header"}
SEED = 20260102
FEW = 5
CASES = {"VC-101": "gas-leak", "VC-102": "gas-leak", "MN-401": "overflow", "MN-402": "overflow"}

CONFIG = """
seed = {seed}
headers = {{ Authorization = "{token}" }}
request-timeout = 30.0
# What the API lets one caller do in a second is 50.
rate-limit = "45/s"
warnings = false

[generation]
max-examples = {examples}
no-shrink = true
database = "none"

[phases.coverage]
unexpected-methods = ["PATCH"]

[phases.stateful]
enabled = false

[checks]
# The framework names the methods of one of its routes, not of all at an address.
allow_header_conformance.enabled = false
# Somebody else was faster: what was sent is as it should be.
positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 412, 429]

# What is there, so that not all that is asked for is unknown.
{dictionaries}

[parameters]
{parameters}

# They take and answer what acknowledging does.
[[operations]]
include-name-regex = "alert_id}}/(unshelve|reset|receive|arrive|verify|resolve|close)$"
phases.coverage.enabled = {everything}

# No schema tells a cursor of ours, nor that one time comes before another, nor which days there have been;
# and of an ETag, which is written in quotes, the quotes are not always sent.
[[operations]]
include-name-regex = "GET /api/(alerts|deliveries|kpi|report/.*)$|POST /api/(windows|alerts/{{alert_id}}/.*)$"
checks.positive_data_acceptance.enabled = false

# A stream does not end. How it keeps to its description, test_alerts_access.py tells.
[[operations]]
include-name = "GET /api/stream"
enabled = false
"""


@dataclass
class City:
    """A running service in the middle of a storm, and the ids of what it knows."""

    url: str
    dsn: str
    known: dict[str, list[str]]


@pytest.fixture(scope="module")
def city(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    known = read_city(DEMO_CITY)
    with psycopg.connect(module_database, autocommit=True) as connection:
        store_city(connection, known)
        store_rules(connection, load_rules([DEMO_RULES], known))
    folder, world = tmp_path_factory.mktemp("contract"), World(module_database)
    with reference_receiver(folder) as desk:
        receivers = {"*": desk.url, "gas-co": "http://127.0.0.1:9/"}
        with alerts(module_database, folder, receivers) as process:
            until(lambda: process.standing() == "claiming")
            _storm(world, [asset.id for asset in known.assets][:20])
            _handled(process.url, world)
            yield City(process.url, module_database, _known(world))


def _storm(world: World, assets: list[str]) -> None:
    """Something on many assets, some of it over again, with readings to plot."""
    begun = datetime.now(UTC) - timedelta(hours=2)
    rows = [
        (asset, hazard, begun + timedelta(seconds=n), level)
        for n, asset in enumerate(assets)
        for hazard, level in (("overflow", 1 + n % 4), ("gas-leak", 1 + n % 3))
    ]
    over = [(asset, hazard, at + timedelta(minutes=1), None) for asset, hazard, at, _ in rows[::5]]
    world.changes(iter([*rows, *over]))
    until(lambda: world.value("select count(*) from risk_changes where claimed_at is null") == 0)


def _handled(url: str, world: World) -> None:
    """Some of it in each hand, and maintenance."""
    with httpx.Client(base_url=url, headers=token(world.dsn, "desk", "admin")) as desk:
        open_ones = desk.get("/api/alerts", params={"state": "unacknowledged"}).json()["alerts"]
        for alert, acts in zip(
            open_ones, (("acknowledge",), ("shelve",), ("dispatch", "arrive")), strict=False
        ):
            for act in acts:
                answer = desk.post(f"/api/alerts/{alert['id']}/{act}", json={"why": "in hand"})
                assert answer.status_code == 200, answer.text
        now = datetime.now(UTC)
        window = {
            "asset_id": "MN-401",
            "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(days=1)).isoformat(),
            "why": "pump",
        }
        assert desk.post("/api/windows", json=window).status_code == 201


def _known(world: World) -> dict[str, list[str]]:
    versions = {"If-Match": [f'"{n}"' for n in range(1, 5)]}
    asked = {
        "alert_id": "select alert_id from alerts",
        "event_id": "select event_id from alert_events",
        "incident_id": "select incident_id from incidents",
        "delivery_id": "select delivery_id from deliveries",
        "window_id": "select window_id from maintenance_windows",
        "asset_id": "select asset_id from assets where asset_id ~ '^[A-Z]'",
    }
    return versions | {
        name: [str(row[name]) for row in world.rows(f"{query} order by 1 limit 50")]
        for name, query in asked.items()
    }


def _config(city: City, header: str, examples: int) -> str:
    dictionaries = "\n".join(
        f"[dictionaries.{name}]\nvalues = {json.dumps(values)}" for name, values in city.known.items()
    )
    parameters = "\n".join(
        f'"{PLACES.get(name, "path")}.{name}" = {{ dictionary = "{name}", probability = 0.6 }}'
        for name in city.known
    )
    return CONFIG.format(
        seed=SEED,
        token=header,
        examples=examples,
        everything=str(examples > FEW).lower(),
        dictionaries=dictionaries,
        parameters=parameters,
    )


@pytest.mark.timeout(3600)
def test_every_call_answers_as_the_description_says(
    city: City, tmp_path: Path, reduced: Callable[[str, int, int], int]
) -> None:
    examples = reduced("examples a call of the API", FEW, 200)
    header = token(city.dsn, "contract", "admin")["Authorization"]
    (tmp_path / "schemathesis.toml").write_text(_config(city, header, examples))
    found = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "run", f"{city.url}/openapi.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
