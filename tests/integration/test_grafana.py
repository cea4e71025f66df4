"""The views that dashboards read, and every query of every dashboard, on a database with a city in it."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import psycopg
import pytest
from psycopg.rows import dict_row

from alerts.lifecycle import State
from grafana.units import unit
from ingest.rollups import roll_up
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres
from rules import store as rule_store
from rules.hazards import hazards
from rules.levels import RiskLevel
from rules.model import RuleSet
from rules.risk import default_matrix
from sensors import store as city_store
from sensors.load import DEMO_CITY, read_city
from sensors.model import Domain, Flag
from sensors.quantities import QUANTITIES
from tests.support.grafana import Expansion, Target, alert_rules, boards, shown, targets
from tests.support.processes import until

Connection = psycopg.Connection[dict[str, Any]]
Planned = Callable[[str], str]

MINUTE = timedelta(minutes=1)

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
DAY = Expansion(NOW - timedelta(days=1), NOW, timedelta(minutes=1), {})
SILENT = "rtu-vc-101"
"""A device that has said nothing for two hours."""

FILL = Path(__file__).parents[1] / "data" / "grafana" / "city.sql"


@pytest.fixture(scope="module")
def city(postgres: Postgres) -> Iterator[str]:
    """The DSN of a replay's database with the demo city, some days of its life, and no rules."""
    dsn = postgres.create_database("grafana")
    migrate(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        city_store.load(connection, read_city(DEMO_CITY))
        rule_store.load(connection, RuleSet(rules=(), groups=(), matrix=default_matrix()))
        connection.execute("update deployment set purpose = 'replay', run_id = 'test'")
        connection.execute(FILL.read_text(encoding="utf-8").replace("$NOW", NOW.isoformat()))
        connection.execute(
            "insert into rollups_due (first_time, last_time) select min(time), max(time) from readings"
        )
    asyncio.run(_rolled_up(dsn))
    yield dsn
    postgres.drop_database("grafana")


async def _rolled_up(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await roll_up(connection)
    await connection.close()


@pytest.fixture
def reader(city: str) -> Iterator[Connection]:
    """A connection that may do what Grafana may."""
    with psycopg.connect(city, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("set role lifeline_reader")
        yield connection


_CHOSEN: dict[Path, dict[str, tuple[str, ...]]] = {}


def chosen(reader: Connection, file: Path) -> dict[str, tuple[str, ...]]:
    """The variables of a board as when it is opened: what is typed in, all, or the first."""
    if file not in _CHOSEN:
        _CHOSEN[file] = _opened(reader, boards()[file]["templating"]["list"])
    return _CHOSEN[file]


def _opened(reader: Connection, variables: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for variable in variables:
        if variable["type"] == "textbox":
            values[variable["name"]] = (variable["query"],)
            continue
        sql = Expansion(DAY.start, DAY.end, DAY.interval, values).sql(variable["query"])
        rows = reader.execute(sql).fetchall()
        assert rows
        assert list(rows[0]) == ["__text", "__value"]
        found = tuple(str(row["__value"]) for row in rows)
        assert len(set(found)) == len(found)
        values[variable["name"]] = found if variable["multi"] else found[:1]
    return values


def expanded(reader: Connection, target: Target) -> str:
    variables = chosen(reader, target.file)
    if repeated := target.panel.get("repeat"):
        variables = variables | {repeated: variables[repeated][:1]}
    return Expansion(DAY.start, DAY.end, DAY.interval, variables).sql(target.sql)


every_target = pytest.mark.parametrize("target", targets(), ids=lambda target: target.name)


@every_target
def test_a_query_gives_what_its_panel_shows(reader: Connection, target: Target) -> None:
    cursor = reader.execute(expanded(reader, target))
    assert cursor.description is not None
    types = {column.name: cursor.adapters.types[column.type_code].name for column in cursor.description}
    if target.query["format"] == "time_series":
        assert types.pop("time") == "timestamptz"
        if "metric" in types:
            assert types.pop("metric") == "text"
            assert types.pop("value") in {"float8", "int2", "int4"}
        assert set(types.values()) <= {"float8", "int2", "int4", "int8", "numeric"}
    rows = cursor.fetchall()
    assert rows
    assert set(types) <= set(shown(target.panel))
    if target.panel["type"] == "stat":
        assert len(rows) == 1
        assert set(types.values()) <= {"float8", "int4"}


@pytest.mark.parametrize("file", boards(), ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_panel_names_no_column_that_its_queries_do_not_give(reader: Connection, file: Path) -> None:
    for panel in boards()[file]["panels"]:
        given: set[str] = set()
        for target in (each for each in targets() if each.file == file and each.panel["id"] == panel["id"]):
            described = reader.execute(expanded(reader, target)).description
            given |= {column.name for column in described or ()}
        if "metric" in given:
            given |= {name for level in RiskLevel for name in (level.chinese, level.english)}
        assert set(shown(panel)) <= given
        for layer in panel["options"].get("layers", ()):
            style = layer["config"]["style"]
            named = {layer["location"]["latitude"], layer["location"]["longitude"]}
            assert named | {style["color"]["field"], style["size"]["field"]} <= given


@pytest.fixture(scope="module")
def planned(city: str) -> Iterator[Planned]:
    """Runs a statement as the reader and gives its plan and those of the functions that it calls."""
    with psycopg.connect(city, autocommit=True) as connection:
        said: list[str] = []
        connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        connection.execute("load 'auto_explain'")
        for setting in ("log_min_duration = 0", "log_nested_statements = on", "log_level = 'notice'"):
            connection.execute(f"set auto_explain.{setting}")
        connection.execute("set role lifeline_reader")

        def plans(statement: str) -> str:
            said.clear()
            connection.execute(statement)
            return "\n".join(said)

        yield plans


BY_TIME = {"readings_10min", "waveforms"}
"""What is found by its time, for all sensors at once."""
STORED = ("readings", "readings_10min", "readings_1h", "waveforms")


@pytest.mark.parametrize(
    "target",
    [target for target in targets() if target.file.parent.name == "zh"],  # but for names, both say the same
    ids=lambda target: target.name,
)
def test_a_query_finds_readings_by_the_index(reader: Connection, planned: Planned, target: Target) -> None:
    text = planned(expanded(reader, target))
    assert "Query Text" in text
    with psycopg.connect(reader.info.dsn) as owner:
        chunks = owner.execute(
            "select chunk_name, hypertable_name from timescaledb_information.chunks"
            " where hypertable_name = any(%s)",
            [list(STORED)],
        ).fetchall()
    assert {hypertable for _, hypertable in chunks} == set(STORED)
    for chunk, hypertable in chunks:
        if "grafana.data_completeness" in target.sql and hypertable in BY_TIME:
            continue  # as small as they are here, chunks are read whole; a test of its own looks at it
        assert f"Seq Scan on {chunk} " not in text, f"{hypertable} read from end to end"
    if "grafana.readings_labelled" in target.sql:
        days = {chunk for chunk, hypertable in chunks if hypertable == "readings" and f"on {chunk} " in text}
        assert 1 <= len(days) <= 2, "chunks of other days are read"


@pytest.mark.parametrize(
    ("days", "interval", "table"),
    [(1, MINUTE, "readings"), (2, 15 * MINUTE, "readings_10min"), (3, 120 * MINUTE, "readings_1h")],
)
def test_what_is_wide_is_read_from_the_rollup(
    reader: Connection, planned: Planned, days: int, interval: timedelta, table: str
) -> None:
    target = next(each for each in targets() if each.file.stem == "sensor" and "mean, low" in each.sql)
    variables = chosen(reader, target.file)
    text = planned(Expansion(NOW - timedelta(days=days), NOW, interval, variables).sql(target.sql))
    with psycopg.connect(reader.info.dsn) as owner:
        (chunks,) = owner.execute(
            "select array_agg(chunk_name::text) from timescaledb_information.chunks"
            " where hypertable_name = %s",
            [table],
        ).fetchall()[0]
    index = "covering" if table == "readings_1h" else "identity"
    assert any(f"{chunk}_{table}_{index} on {chunk}" in text for chunk in chunks), text


def test_an_axis_has_the_unit_of_what_is_drawn_on_it() -> None:
    """Shares of a reference are shares, rises are per hour, and all else has its quantity's own unit."""
    drawn = 0
    for target in targets():
        quantities = set(re.findall(r"quantity = '(\w+)'", target.sql))
        if target.panel["type"] != "timeseries" or " as value" not in target.sql or not quantities:
            continue
        (quantity,) = quantities
        shown_unit = target.panel["fieldConfig"]["defaults"]["unit"]
        per = "/h" if "3600 *" in target.sql else ""
        expected = "percentunit" if "asset_attributes" in target.sql else unit(quantity)
        assert shown_unit == expected + per, target.name
        drawn += 1
    assert drawn > 40


@pytest.mark.parametrize(
    "sql",
    [each["model"]["rawSql"] for rule in alert_rules() for each in rule["data"] if "rawSql" in each["model"]],
)
def test_a_rule_on_the_system_gets_one_number(reader: Connection, sql: str) -> None:
    (row,) = reader.execute(sql).fetchall()
    (value,) = row.values()
    assert isinstance(value, float)


def test_batches_are_found_by_when_they_were_written(reader: Connection) -> None:
    yesterday = NOW - timedelta(days=1)
    minutes = Expansion(yesterday, yesterday + timedelta(minutes=10), timedelta(minutes=1), {})
    sql = next(target.sql for target in targets() if "grafana.ingested" in target.sql)
    plan = reader.execute(f"explain (costs off) {minutes.sql(sql)}").fetchall()
    assert any("_journal_written" in row["QUERY PLAN"] for row in plan)


def test_completeness_is_one_pass_over_the_newest_rollups(city: str) -> None:
    """Of types that upload within the hour, no sensor is looked up by itself. The owner sees the plan."""
    newest = (
        "select hypertable_name, chunk_name from timescaledb_information.chunks"
        " where range_end > %s::timestamptz - interval '2 hours'"
    )
    with psycopg.connect(city) as connection:
        asked = "explain (analyze, costs off, timing off) select * from grafana.data_completeness"
        plan = [row[0] for row in connection.execute(asked)]
        connection.execute("set enable_seqscan = off")
        by_index = "\n".join(row[0] for row in connection.execute(asked))
        chunks = connection.execute(newest, [NOW]).fetchall()
    scanned = re.compile(r"(?:Seq Scan|Heap Scan|using \S+) on (_hyper\w+) (?!.*never executed)")
    done = {found[1] for line in plan if (found := scanned.search(line))}
    assert done
    assert done <= {chunk for table, chunk in chunks if table in BY_TIME}
    assert all(f"chunk_{index}" in by_index for index in ("readings_10min_time", "waveforms_start"))
    assert any(line.strip() == "Chunks excluded during runtime: 1" for line in plan)


def one(reader: Connection, query: str) -> dict[str, Any]:
    row = reader.execute(query).fetchone()
    assert row is not None
    return row


def test_an_asset_shows_the_worse_of_its_inherent_and_its_live_level(reader: Connection) -> None:
    asset = "select * from grafana.current_assets where asset_id = '{}'"
    live = one(reader, asset.format("VC-102"))
    assert (live["level"], live["level_name"], live["colour"]) == (1, "重大风险", "red")
    assert (live["hazard"], live["hazard_name"], live["since"]) == (
        "gas-leak",
        "燃气泄漏",
        NOW - timedelta(hours=1),
    )
    assert live["inherent_level"] > live["live_level"]

    calm = one(reader, asset.format("VC-103"))
    assert (calm["level"], calm["live_level"], calm["hazard"]) == (calm["inherent_level"], None, None)

    mild = one(reader, asset.format("VC-104"))
    assert (mild["live_level"], mild["hazard_name_en"]) == (4, "unheard-of")
    assert mild["level"] == mild["inherent_level"] < 4


def test_every_asset_that_is_there_is_on_the_map_once(reader: Connection) -> None:
    ids = [row["asset_id"] for row in reader.execute("select asset_id, level from grafana.current_assets")]
    assert sorted(ids) == sorted(asset.id for asset in read_city(DEMO_CITY).assets)


def test_an_alert_without_live_evidence_keeps_the_worst_level_it_had(reader: Connection) -> None:
    rows = reader.execute("select * from grafana.alerts_open order by opened_at desc").fetchall()
    assert [(row["state"], row["level"], row["worst_level"]) for row in rows] == [
        ("unacknowledged", 1, 1),
        ("unacknowledged", 4, 4),
        ("returned", 2, 2),
        ("acknowledged", 3, 2),
        ("acknowledged", 3, 3),
    ]
    assert one(reader, "select count(*) from grafana.alerts_recent")["count"] == 13


def test_an_alert_is_listed_though_the_registry_does_not_know_its_asset(reader: Connection) -> None:
    row = one(reader, "select * from grafana.alerts_open where asset_id = 'X-1'")
    assert (row["asset_name"], row["domain"], row["utility_id"], row["level_name"]) == (
        "X-1",
        None,
        None,
        "一般风险",
    )


def test_counts_have_a_row_for_what_is_not_there(reader: Connection) -> None:
    rows = reader.execute("select * from grafana.alert_counts").fetchall()
    assert len(rows) == len(RiskLevel) * len(Domain) * (len(State) - 1)
    found = {(row["level"], row["domain"], row["state"]): row["alerts"] for row in rows if row["alerts"]}
    assert found == {
        (1, "gas", "unacknowledged"): 1,
        (4, "gas", "unacknowledged"): 1,
        (2, "gas", "returned"): 1,
        (3, "gas", "acknowledged"): 1,
    }


def test_a_value_that_is_no_number_is_null_and_keeps_its_flag(reader: Connection) -> None:
    rows = reader.execute(
        "select sensor, value, flag_name_en, late from grafana.readings_labelled"
        " where flag > 1 order by sensor"
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("rtu-rs-101/flow", 1e6, "suspect", True),
        ("rtu-rs-101/p_in", None, "missing", False),
        ("rtu-rs-101/p_out", None, "fail", False),
    ]


def test_a_sensor_is_online_until_three_uploads_went_by(reader: Connection) -> None:
    offline = reader.execute("select * from grafana.sensors_online where not online").fetchall()
    silent = [row for row in offline if row["device_id"] == SILENT]
    assert {row["sensor"] for row in silent} == {f"{SILENT}/ch4", f"{SILENT}/temp"}
    assert all(row["last_time"] < NOW - timedelta(hours=2) for row in silent)
    wave = one(reader, "select * from grafana.sensors_online where quantity = 'acceleration' limit 1")
    assert (wave["online"], wave["last_time"]) == (True, NOW)


def test_completeness_is_what_came_against_what_was_promised(reader: Connection) -> None:
    device = "select * from grafana.data_completeness where device_id = '{}'"
    silent = one(reader, device.format(SILENT))
    assert (silent["sensors"], silent["expected"], silent["stored"], silent["completeness"]) == (2, 120, 0, 0)
    assert (silent["missing_messages"], silent["estimated"]) == (0, False)

    gappy = one(reader, device.format("rtu-rs-101"))
    assert gappy["expected"] == 180
    assert 0.15 < gappy["completeness"] < 0.25
    assert gappy["missing_messages"] == 3 + 4

    mute = one(reader, device.format("gw-gas-301"))
    assert (mute["sensors"], mute["completeness"]) == (0, None)

    unnumbered = one(reader, device.format("rtu-vc-301"))
    assert (unnumbered["missing_messages"], unnumbered["estimated"], unnumbered["completeness"]) == (
        None,
        True,
        1,
    )

    waves = one(
        reader, "select * from grafana.data_completeness where device_type_id = 'accelerometer' limit 1"
    )
    assert (waves["stored"], waves["expected"], waves["completeness"]) == (180_000, 180_000, 1)


def test_in_a_replay_the_newest_reading_is_the_present(reader: Connection) -> None:
    assert one(reader, "select grafana.present()")["present"] == NOW
    assert one(reader, "select max(until_time) from grafana.data_completeness")["max"] == NOW - 10 * MINUTE


def test_what_waits_to_be_rolled_up_is_not_taken_for_missing(database: str) -> None:
    """In production the stretch ends before it, in a replay it is not known."""
    written = NOW - 35 * MINUTE
    seen = "select max(until_time), max(completeness) from grafana.data_completeness"
    with psycopg.connect(database, autocommit=True) as connection:
        city_store.load(connection, read_city(DEMO_CITY))
        connection.execute("insert into partitions values ('1-of-1', 1)")
        connection.execute("insert into rolled_up values ('1-of-1', 1)")
        for seq, at in ((1, written - MINUTE), (2, written), (3, NOW)):
            entry = "insert into journal values ('1-of-1', %s, 1, %s, 0, 0, 0, 0, '')"
            connection.execute(entry, [seq, at])
        assert connection.execute(seen).fetchone() == (NOW - 40 * MINUTE, 0)
        connection.execute("update deployment set purpose = 'replay', run_id = 'test'")
        assert connection.execute(seen).fetchone() == (None, None)


def test_devices_that_upload_seldom_are_held_to_four_of_their_uploads(database: str) -> None:
    """Every four hours, a reading an hour: of the 16 that each sensor promised, nine of one came."""
    hours = (
        "insert into readings (sensor_id, time, value, flag) select sensor_id, time, 1, 1"
        " from generate_series(%(now)s - interval '40 h', %(now)s - interval '12 h', interval '1 h') time"
        " cross join sensors where (device_id, key) = ('rtu-vc-101', 'ch4')"
        " union all select max(sensor_id), %(now)s, 1, 1 from sensors"
    )
    with psycopg.connect(database, autocommit=True) as connection:
        city_store.load(connection, read_city(DEMO_CITY))
        connection.execute("update deployment set purpose = 'replay', run_id = 'test'")
        connection.execute(
            "update device_types set upload_s = 14400, sample_s = 3600"
            " where device_type_id = (select device_type_id from devices where device_id = 'rtu-vc-101')"
        )
        connection.execute(hours, {"now": NOW})
        due = "insert into rollups_due (first_time, last_time) select min(time), max(time) from readings"
        connection.execute(due)
        asyncio.run(_rolled_up(database))
        row = connection.execute(
            "select from_time, until_time, expected / sensors, stored from grafana.data_completeness"
            " where device_id = 'rtu-vc-101'"
        ).fetchone()
    assert row == (NOW - timedelta(hours=20), NOW - timedelta(hours=4), 16, 9)


def test_in_production_the_wall_says_what_is_the_present(database: str) -> None:
    """200 s ago is three uploads of a regulator station, and less than one of a methane monitor."""
    with psycopg.connect(database) as connection:
        city_store.load(connection, read_city(DEMO_CITY))
        connection.execute(
            "insert into readings (sensor_id, time, value, flag)"
            " select sensor_id, now() - interval '200 s', 1, 1 from sensors"
            " where device_id in ('rtu-rs-101', 'rtu-vc-101')"
        )
    with psycopg.connect(database, row_factory=dict_row) as connection:
        online = connection.execute("select device_id from grafana.sensors_online where online").fetchall()
        assert [row["device_id"] for row in online] == ["rtu-vc-101"] * 2


@pytest.mark.parametrize(
    ("view", "key", "expected"),
    [
        ("levels", "level", {level: (level.chinese, level.english, level.colour) for level in RiskLevel}),
        ("quantities", "quantity", {q.id: (q.name, q.name_en, q.unit) for q in QUANTITIES.values()}),
        ("hazards", "hazard", {name: (hazard.name, hazard.name_en) for name, hazard in hazards().items()}),
        ("domains", "domain", dict.fromkeys(Domain)),
        ("states", "state", dict.fromkeys(State)),
        ("flags", "flag", dict.fromkeys(Flag)),
    ],
)
def test_the_catalogues_are_those_of_the_code(
    reader: Connection, view: str, key: str, expected: dict[object, object]
) -> None:
    """Where this fails, the code knows a word that dashboards do not: a new migration replaces the view."""
    found = {row.pop(key): tuple(row.values()) for row in reader.execute(f"select * from grafana.{view}")}
    assert list(found) == list(expected)
    for word, names in expected.items():
        assert names is None or found[word] == names


def test_the_reader_sees_the_views_and_nothing_else(reader: Connection) -> None:
    rows = reader.execute(
        "select format('%I.%I', relnamespace::regnamespace, relname) as name,"
        " relnamespace::regnamespace::text as schema,"
        " has_table_privilege(oid, 'select') as reads,"
        " has_table_privilege(oid, 'insert, update, delete, truncate') as writes"
        " from pg_class where relkind in ('r', 'v', 'm', 'p', 'f')"
        " and (relnamespace::regnamespace::text in ('public', 'grafana') or relname like '%\\_chunk')"
    ).fetchall()
    assert {row["schema"] for row in rows} == {"public", "grafana", "_timescaledb_internal"}
    assert not [row["name"] for row in rows if row["writes"]]
    assert [row["name"] for row in rows if row["reads"] != (row["schema"] == "grafana")] == []
    for statement in (
        "select * from readings",
        "create table mine ()",
        "create view grafana.mine as select 1",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(statement)


def test_the_contract_is_what_the_documentation_says(reader: Connection) -> None:
    """docs/grafana.md has one heading a view, and its columns in order in the first cells of a table."""
    text = (Path(__file__).parents[2] / "docs" / "grafana.md").read_text(encoding="utf-8")
    documented = {
        name: [
            column
            for cell in re.findall(r"^\| (`.*?) \|", body, re.MULTILINE)
            for column in re.findall(r"`(\w+)`", cell)
        ]
        for name, body in re.findall(
            r"^### `grafana\.(\w+)`\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL
        )
    }
    rows = reader.execute(
        "select relname, array_agg(attname::text order by attnum) as columns from pg_class"
        " join pg_attribute on attrelid = pg_class.oid"
        " where relnamespace = 'grafana'::regnamespace and attnum > 0 group by relname"
    ).fetchall()
    assert documented == {row["relname"]: row["columns"] for row in rows}


@pytest.fixture
def cluster(prefix: Prefix, tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL that no migration has ever seen."""
    postgres = Postgres(prefix, tmp_path)
    postgres.start()
    yield postgres
    postgres.kill()


def test_a_database_that_is_migrated_while_another_makes_the_role_waits_for_it(cluster: Postgres) -> None:
    dsn = cluster.create_database("second")
    failed: list[BaseException] = []

    def second() -> None:
        try:
            migrate(dsn)
        except psycopg.Error as error:
            failed.append(error)

    with psycopg.connect(cluster.dsn()) as first:
        first.execute("create role lifeline_reader nologin")
        migrating = threading.Thread(target=second)
        migrating.start()
        with psycopg.connect(cluster.dsn(), autocommit=True) as watching:
            waiting = "select from pg_stat_activity where query ~ 'create role' and wait_event_type = 'Lock'"
            until(lambda: watching.execute(waiting).rowcount == 1, "the second migration to wait")
        first.commit()
    migrating.join(30)
    assert not failed
    with psycopg.connect(dsn) as connection:
        granted = "select has_table_privilege('lifeline_reader', 'grafana.sensors', 'select')"
        assert connection.execute(granted).fetchone() == (True,)


def test_a_rise_is_the_slope_of_the_newest_readings(reader: Connection) -> None:
    sensor = one(reader, "select sensor_id from grafana.sensors where quantity = 'oxygen'")["sensor_id"]
    rows = reader.execute(
        "select time, value from grafana.readings_labelled where sensor_id = %s and time > %s",
        (sensor, NOW - timedelta(minutes=35)),
    ).fetchall()
    hours = [(row["time"] - NOW) / timedelta(hours=1) for row in rows]
    slope = np.polyfit(hours, [row["value"] for row in rows], 1)[0]
    rise = "select grafana.rise({}, '{}') as rise"
    assert one(reader, rise.format(sensor, "35 minutes"))["rise"] == pytest.approx(slope)
    assert one(reader, rise.format(sensor, "6 minutes"))["rise"] is None, "two readings"
    assert one(reader, rise.format(-1, "1 hour"))["rise"] is None


def test_a_night_is_from_two_to_four_by_the_citys_clock(database: str) -> None:
    """1 m3/h all day, 0.4 from two to four in Shanghai, which is six in the evening before by UTC."""
    with psycopg.connect(database, row_factory=dict_row) as connection:
        connection.execute("update deployment set purpose = 'replay', run_id = 'nights'")
        connection.execute(
            "insert into readings (sensor_id, time, value, flag)"
            " select 1, time, case when extract(hour from time at time zone 'Asia/Shanghai') in (2, 3)"
            " then 0.4 else 1 end, 1"
            " from generate_series('2026-03-01'::timestamptz, '2026-03-03 20:00', interval '10 minutes') time"
        )
        rows = connection.execute(
            "select * from grafana.nights(1, '2026-03-01', '2026-03-04', 'Asia/Shanghai')"
        ).fetchall()
    assert [row["time"].astimezone(UTC).hour for row in rows] == [19] * len(rows)
    assert len(rows) == 3
    assert all(row["night"] == pytest.approx(0.4) for row in rows)
    assert rows[1]["day"] == pytest.approx((22 + 2 * 0.4) / 24)


def test_what_is_late_is_not_in_time_and_what_waits_counts_neither_way(reader: Connection) -> None:
    rows = reader.execute(
        "select worst_level, acknowledged_in_time, closed_in_time, count(*) from grafana.responses"
        " group by 1, 2, 3 order by 1, 2, 3"
    ).fetchall()
    found = {tuple(row.values())[:3]: row["count"] for row in rows}
    assert found[1, False, None] == 1
    assert found[1, False, True] == 1
    assert found[2, None, None] == 1
    assert found[2, True, True] >= 2
    assert not [key for key in found if key[0] == 4]
