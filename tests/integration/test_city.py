"""The registry in a real TimescaleDB, and ``lifeline city`` over it."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from sensors import store
from sensors.consequence import scored
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city
from sensors.model import Registry
from sensors.registry import version
from sensors.scale import scaled

GOOD = read_city(Path(__file__).parents[1] / "data" / "city" / "good.toml")
DEMO = read_city(DEMO_CITY)

Connection = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    with psycopg.connect(database, autocommit=True) as conn:
        yield conn


def without_second_asset(registry: Registry) -> Registry:
    """The good city after VC-2, its oxygen sensor and the edge to it are gone."""
    return replace(registry, assets=registry.assets[:1], edges=(), sensors=registry.sensors[:1])


def ids(registry: Registry) -> dict[str, int]:
    return {sensor.name: sensor.id for sensor in registry.sensors}


def test_what_was_loaded_is_read_back_with_ids(conn: Connection) -> None:
    loaded = store.load(conn, DEMO)
    registry = store.read(conn)

    assert version(registry) == loaded
    assert sorted(ids(registry).values()) == list(range(1, len(DEMO.sensors) + 1))
    assert version(replace(registry, sensors=DEMO.sensors)) == version(DEMO)


def test_the_tables_hold_what_the_registry_says(conn: Connection) -> None:
    store.load(conn, GOOD)

    row = conn.execute(
        "select name, people, consequence, tags, attributes from assets where asset_id = 'VC-1'"
    )
    assert row.fetchone() == ("阀门井", 5, 5, ["school"], {"volume_m3": 3.0, "cover": "round"})
    assert conn.execute("select * from asset_edges").fetchall() == [("VC-1", "flows-to", "VC-2")]
    row = conn.execute(
        "select device_type_id, domain, district, gateway_id from devices where device_id = 'rtu-1'"
    )
    assert row.fetchone() == ("node", "gas", "north", "gw-1")
    row = conn.execute(
        "select device_id, key, asset_id, quantity, unit, low, high from sensors where sensor_id = 1"
    )
    assert row.fetchone() == ("rtu-1", "ch4", "VC-1", "methane_lel", "%VOL", None, 400.0)


def test_the_tables_hold_the_scores_that_follow_from_facts_tags_and_neighbours(conn: Connection) -> None:
    store.load(conn, DEMO)
    columns = "people, critical_users, cascade, cost, adjacent_spaces, consequence"
    found = {name: scores for name, *scores in conn.execute(f"select asset_id, {columns} from assets")}

    assert found["SP-103"] == [1, 1, 4, 1, 1, 4], "it spans an underpass of consequence 5"
    assert found["VC-101"] == [5, 4, 4, 3, 2, 5]
    assert {name: scores[-1] for name, scores in found.items()} == {
        name: scores.worst for name, scores in scored(DEMO).items()
    }


def test_two_databases_give_the_same_ids(conn: Connection) -> None:
    store.load(conn, DEMO)
    in_order = sorted(DEMO.sensors, key=lambda sensor: (sensor.device, sensor.key))

    assert ids(store.read(conn)) == {sensor.name: number for number, sensor in enumerate(in_order, 1)}


def test_loading_the_same_again_changes_nothing(conn: Connection) -> None:
    first = store.load(conn, GOOD)
    before = conn.execute("select * from configuration").fetchall()

    assert store.load(conn, GOOD) == first
    assert conn.execute("select * from configuration").fetchall() == before
    assert conn.execute("select count(*) from registry_versions").fetchone() == (1,)


def test_a_sensor_that_comes_back_has_its_old_id(conn: Connection) -> None:
    full = store.load(conn, GOOD)
    before = ids(store.read(conn))
    store.load(conn, without_second_asset(GOOD))

    assert ids(store.read(conn)) == {"rtu-1/ch4": before["rtu-1/ch4"]}
    gone = conn.execute("select key from sensors where removed_at is not null").fetchall()
    assert gone == [("o2",)]
    assert conn.execute("select asset_id from assets where removed_at is not null").fetchall() == [("VC-2",)]
    assert conn.execute("select count(*) from asset_edges").fetchone() == (0,)

    assert store.load(conn, GOOD) == full
    assert ids(store.read(conn)) == before
    assert conn.execute("select count(*) from sensors where removed_at is not null").fetchone() == (0,)


def test_a_new_sensor_takes_the_next_id_however_often_the_others_were_loaded(conn: Connection) -> None:
    for _ in range(3):
        store.load(conn, without_second_asset(GOOD))
    store.load(conn, GOOD)

    assert sorted(ids(store.read(conn)).values()) == [1, 2]


def test_what_changed_is_changed_in_place(conn: Connection) -> None:
    first = store.load(conn, GOOD)
    before = ids(store.read(conn))
    moved = replace(GOOD.sensors[0], asset="VC-2", unit="%LEL", high=None)
    second = store.load(conn, replace(GOOD, sensors=(moved, *GOOD.sensors[1:])))

    assert second != first
    assert ids(store.read(conn)) == before
    row = conn.execute("select asset_id, unit, high, removed_at from sensors where key = 'ch4'").fetchone()
    assert row == ("VC-2", "%LEL", None, None)


def test_every_version_can_be_read_again(conn: Connection) -> None:
    first = store.load(conn, GOOD)
    second = store.load(conn, without_second_asset(GOOD))

    assert len(store.read(conn, first).sensors) == 2
    assert len(store.read(conn, second).sensors) == 1
    assert version(store.read(conn)) == second


def test_what_was_never_loaded_is_said_so(conn: Connection) -> None:
    with pytest.raises(ConfigurationError, match="call `lifeline city load`"):
        store.read(conn)
    with pytest.raises(ConfigurationError, match="no registry version 'abc'"):
        store.read(conn, "abc")


def test_workers_are_told(database: str, conn: Connection) -> None:
    with psycopg.connect(database, autocommit=True) as worker:
        worker.execute("listen lifeline_configuration")
        store.load(conn, GOOD)

        assert [notice.channel for notice in worker.notifies(timeout=5, stop_after=1)] == [
            "lifeline_configuration"
        ]
        loaded = worker.execute("select registry_version from configuration").fetchone()
        assert loaded == (version(store.read(conn)),)


def test_a_load_that_fails_leaves_the_city_as_it_was(conn: Connection) -> None:
    first = store.load(conn, GOOD)
    nowhere = replace(GOOD.sensors[0], key="new", asset="VC-9")

    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        store.load(conn, replace(GOOD, sensors=(*GOOD.sensors, nowhere)))

    assert version(store.read(conn)) == first
    assert conn.execute("select count(*) from sensors").fetchone() == (2,)


def test_two_loads_at_once_wait_for_one_another(database: str, conn: Connection) -> None:
    cities = [scaled(DEMO, 300), GOOD, DEMO, without_second_asset(GOOD)]
    versions: list[str] = []

    def load(registry: Registry) -> None:
        with psycopg.connect(database, autocommit=True) as own:
            versions.append(store.load(own, registry))

    threads = [threading.Thread(target=load, args=(city,)) for city in cities]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(versions)) == len(cities)
    registry = store.read(conn)
    live = conn.execute("select sensor_id from sensors where removed_at is null").fetchall()
    assert {sensor.id for sensor in registry.sensors} == {number for (number,) in live}


def test_a_city_of_85000_devices_is_loaded_in_well_under_a_minute(conn: Connection) -> None:
    registry = scaled(DEMO, 85_000)
    start = time.monotonic()
    loaded = store.load(conn, registry)

    assert time.monotonic() - start < 40
    assert conn.execute("select count(*), max(sensor_id) from sensors").fetchone() == (
        len(registry.sensors),
        len(registry.sensors),
    )
    assert version(store.read(conn)) == loaded


def lifeline(*arguments: str, dsn: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"COLUMNS": "200"} | ({"LIFELINE_DSN": dsn} if dsn else {})
    command = [sys.executable, "-m", "lifeline", "city", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_line_checks_loads_and_lists_the_demo_city(database: str) -> None:
    checked = lifeline("check")
    assert checked.returncode == 0, checked.stderr
    assert re.search(r"^gas +24 +25 +52 *$", checked.stdout, re.MULTILINE)
    assert re.search(r"^all +120 +136 +291 *$", checked.stdout, re.MULTILINE)

    loaded = lifeline("load", dsn=database)
    assert loaded.returncode == 0, loaded.stderr
    assert re.fullmatch(r"Yunlan: 291 sensors, registry version [0-9a-f]{16}\n", loaded.stdout)

    listed = lifeline("list", "--domain", "tunnel", dsn=database)
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        "asset",
        *(f"TC-{number}" for number in (301, 302, 303, 401, 402, 403)),
    ]


def test_the_command_line_loads_a_city_of_any_size(database: str) -> None:
    assert lifeline("load", "--scale", "500", dsn=database).returncode == 0

    with psycopg.connect(database) as conn:
        assert conn.execute("select count(*) from devices").fetchone() == (500,)


def test_the_command_line_tells_all_mistakes_and_loads_nothing(database: str) -> None:
    broken = Path(__file__).parents[1] / "data" / "city" / "many-mistakes"
    refused = lifeline("load", str(broken), dsn=database)

    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 12
    assert "Traceback" not in refused.stderr
    with psycopg.connect(database) as conn:
        assert conn.execute("select count(*) from utilities").fetchone() == (0,)


def test_the_command_line_says_what_to_do_without_a_database(empty_database: str) -> None:
    away = lifeline("list", dsn="postgresql://nobody@127.0.0.1:1/none")
    assert (away.returncode, away.stderr.count("\n")) == (3, 1)
    assert away.stderr.startswith("lifeline: the database does not answer: ")

    bare = lifeline("load", dsn=empty_database)
    assert (bare.returncode, bare.stderr) == (
        2,
        "lifeline: the database is not prepared: call `lifeline migrate`\n",
    )
