"""A backup brought back is the same database, and a roll-back of an upgrade is a backup brought back."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lifeline.backup import back_up, restore
from lifeline.migrate import migrate, migrations
from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres
from rules import store as rule_store
from rules.model import RuleSet
from rules.risk import default_matrix
from sensors import store as city_store
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city
from tests.integration.test_migrations import schema

VERSIONS = [migration.id for migration in migrations()]

FILL = """
insert into readings (sensor_id, time, value, flag)
select sensor_id, time, sensor_id, 1 from sensors,
    generate_series('2026-03-01'::timestamptz, '2026-03-04', interval '6 hours') time;
insert into rollups_due (first_time, last_time) values ('2026-03-01', '2026-03-04');
insert into journal values ('1-of-1', 1, 1, '2026-03-01', 1, 1, 0, 0, 'body');
insert into alerts values
    (gen_random_uuid(), 'VC-101', 'gas-leak', 'acknowledged', 1, 1, 5, 5, now(), now(), 1, true);
insert into alert_events select gen_random_uuid(), alert_id, 1, 'raised', 'rules', now(), now(), '', 1,
    'unacknowledged', null, '{}' from alerts;
"""


@pytest.fixture
def filled(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as connection:
        city_store.load(connection, read_city(DEMO_CITY))
        rule_store.load(connection, RuleSet(rules=(), groups=(), matrix=default_matrix()))
        connection.execute(FILL.encode())
    return database


@pytest.fixture
def other(postgres: Postgres, slug: str) -> Iterator[str]:
    yield postgres.create_database(f"{slug}-other")
    postgres.drop_database(f"{slug}-other")


def shape(dsn: str) -> list[str]:
    """The schema; a view by its columns only, for the text of one may come back with other brackets."""
    return [line for line in schema(dsn) if not line.startswith("view ")]


def content(dsn: str) -> dict[str, list[tuple[object, ...]]]:
    with psycopg.connect(dsn) as connection:
        tables = [
            row[0]
            for row in connection.execute(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
            )
        ]
        return {
            table: connection.execute(
                f"select to_jsonb(t)::text from {table} t order by 1".encode()
            ).fetchall()
            for table in tables
        }


def test_what_was_backed_up_comes_back(filled: str, other: str, prefix: Prefix, tmp_path: Path) -> None:
    (tmp_path / "mosquitto.db").write_bytes(b"held")
    before = content(filled)
    back_up(filled, tmp_path / "mosquitto.db", prefix, tmp_path / "backup")
    (tmp_path / "mosquitto.db").unlink()
    restore(other, tmp_path / "mosquitto.db", prefix, tmp_path / "backup")
    assert content(other) == before
    assert before["readings"]
    assert shape(other) == shape(filled)
    assert (tmp_path / "mosquitto.db").read_bytes() == b"held"
    assert migrate(other) == []
    with psycopg.connect(other) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute("delete from alert_events")
        connection.rollback()
        connection.execute("insert into readings values (1, '2026-05-01', 1, 1)")
        connection.execute("set role lifeline_reader")
        assert connection.execute("select count(*) from grafana.sensors").fetchone() != (0,)


def test_an_upgrade_is_rolled_back_by_the_backup_made_before_it(
    empty_database: str, other: str, prefix: Prefix, tmp_path: Path
) -> None:
    migrate(empty_database, upto=VERSIONS[-2])
    before = shape(empty_database)
    back_up(empty_database, None, prefix, tmp_path / "backup")
    migrate(empty_database)
    restore(other, None, prefix, tmp_path / "backup")
    assert shape(other) == before
    assert migrate(other) == VERSIONS[-1:]
    assert shape(other) == shape(empty_database)


def test_a_database_that_holds_something_is_left_alone(filled: str, prefix: Prefix, tmp_path: Path) -> None:
    back_up(filled, None, prefix, tmp_path / "backup")
    before = content(filled)
    with pytest.raises(ConfigurationError, match="not empty"):
        restore(filled, None, prefix, tmp_path / "backup")
    assert content(filled) == before


def test_a_broker_that_holds_something_is_left_alone(other: str, prefix: Prefix, tmp_path: Path) -> None:
    (tmp_path / "database.dump").touch()
    (tmp_path / "mosquitto.db").touch()
    with pytest.raises(ConfigurationError, match="move it away"):
        restore(other, tmp_path / "mosquitto.db", prefix, tmp_path)


def test_a_backup_is_never_overwritten(filled: str, prefix: Prefix, tmp_path: Path) -> None:
    back_up(filled, None, prefix, tmp_path)
    with pytest.raises(ConfigurationError, match="another folder"):
        back_up(filled, None, prefix, tmp_path)


def test_a_folder_without_a_backup_is_told_of(other: str, prefix: Prefix, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no database\.dump"):
        restore(other, None, prefix, tmp_path)
