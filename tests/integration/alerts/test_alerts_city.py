"""What only the console asks: the city, its assets, and what is plotted of an alert."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from alerts import series
from rules.load import DEMO_RULES
from rules.load import load as load_rules
from rules.store import load as store_rules
from sensors.load import DEMO_CITY, read_city
from sensors.store import load as store_city
from tests.alerting import World, alerts, token, until


@pytest.fixture
def api(database: str, tmp_path: Path) -> Iterator[httpx.Client]:
    city = read_city(DEMO_CITY)
    with psycopg.connect(database, autocommit=True) as connection:
        store_city(connection, city)
        store_rules(connection, load_rules([DEMO_RULES], city))
    with alerts(database, tmp_path) as process, httpx.Client(base_url=process.url) as client:
        until(lambda: process.standing() == "claiming")
        client.headers.update(token(database, "desk", "viewer"))
        yield client


def test_the_city_tells_its_zone_and_the_matrix(api: httpx.Client) -> None:
    city = api.get("/api/city").json()
    assert (city["name"], city["timezone"], city["drill"]) == ("云澜市", "Asia/Shanghai", False)
    assert [len(row) for row in city["matrix"]] == [5] * 5
    assert city["matrix"][4][4] == 1


def test_assets_have_levels_neighbours_and_open_alerts(api: httpx.Client, database: str) -> None:
    world = World(database)
    world.change("VC-101", 1, hazard="gas-leak")
    until(lambda: world.value("select count(*) from alerts") == 1)
    found = {each["id"]: each for each in api.get("/api/assets").json()["assets"]}
    assert (found["VC-101"]["level"], found["VC-101"]["alerts"]) == (1, 1)
    asset = api.get("/api/assets/VC-101").json()
    assert {"rtu-vc-101/ch4"} <= {each["sensor"] for each in asset["sensors"]}
    assert asset["neighbours"]
    assert api.get("/api/assets/nowhere").status_code == 404


def test_a_utility_sees_its_own_assets_only(api: httpx.Client, database: str) -> None:
    api.headers.update(token(database, "gas", "utility", "yunlan-gas"))
    city = api.get("/api/assets").json()
    assert {each["utility"]["id"] for each in city["assets"]} == {"yunlan-gas"}
    shown = {each["id"] for each in city["assets"]}
    assert all(source in shown and target in shown for source, _, target in city["edges"])
    assert api.get("/api/assets/MN-401").status_code == 404


def test_the_series_of_an_alert_are_what_was_stored_around_it(api: httpx.Client, database: str) -> None:
    world, opened = World(database), datetime.now(UTC) - timedelta(hours=1)
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into readings (sensor_id, time, value, flag)"
            " select sensor_id, %s + n * interval '1 minute', n, case when n = 7 then 4 else 1 end"
            " from sensors, generate_series(-30, 10) n where device_id = 'rtu-vc-101' and key = 'ch4'",
            [opened],
        )
    world.change("VC-101", 1, hazard="gas-leak", at=opened)
    until(lambda: world.value("select count(*) from alerts") == 1)
    with psycopg.connect(database) as connection:
        connection.execute(
            "update risk_changes set rules_version = (select rules_version from configuration),"
            " inputs = jsonb_set(jsonb_set(inputs, '{evidence,0,rule}', '\"chamber-methane\"'),"
            " '{evidence,0,subject}', '\"rtu-vc-101/ch4\"')"
        )
    alert = world.value("select alert_id from alerts")
    plotted = api.get(f"/api/alerts/{alert}/series").json()
    (shown,) = plotted["sensors"]
    assert (shown["sensor"], shown["unit"], shown["quantity"]["id"]) == (
        "rtu-vc-101/ch4",
        "%LEL",
        "methane_lel",
    )
    assert shown["values"] == list(range(-30, 11))
    assert shown["flags"].index(4) == shown["values"].index(7)
    assert 20 in shown["thresholds"]
    api.headers.update(token(database, "water", "utility", "yunlan-water"))
    assert api.get(f"/api/alerts/{alert}/series").status_code == 404


def test_much_is_thinned_without_losing_a_peak() -> None:
    values = [0.0] * 9_999 + [5.0]
    kept = series._kept(values)
    assert len(kept) <= series.MOST_POINTS
    assert kept[-1] == 9_999
