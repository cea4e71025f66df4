import itertools
from collections.abc import Iterator

import psycopg
import pytest

from lifeline.migrate import migrate, migrations
from lifeline.runtime.postgres import Postgres

VERSIONS = [migration.id for migration in migrations()]

# One text a thing: everything in our schema that a statement could depend on.
SCHEMA = """
with ours as (select oid from pg_namespace where nspname in ('public', 'grafana'))
select format('column %s.%s %s%s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
              case when a.attnotnull then ' not null' end, pg_get_expr(d.adbin, d.adrelid), a.attidentity)
from pg_attribute a join pg_class c on c.oid = a.attrelid
left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
where c.relnamespace in (select oid from ours) and a.attnum > 0 and not a.attisdropped
union all
select format('relation %s %s %s', relname, relkind, reloptions)
from pg_class where relnamespace in (select oid from ours)
union all
select format('index %s', indexdef) from pg_indexes where schemaname in ('public', 'grafana')
union all
select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
from pg_constraint where connamespace in (select oid from ours)
union all
select format('view %s %s', viewname, definition) from pg_views where schemaname in ('public', 'grafana')
union all
select format('function %s', pg_get_functiondef(oid))
from pg_proc where pronamespace in (select oid from ours) and prokind = 'f'
union all
select format('trigger %s', pg_get_triggerdef(t.oid))
from pg_trigger t join pg_class c on c.oid = t.tgrelid
where c.relnamespace in (select oid from ours) and not t.tgisinternal
union all
select format('enum %s %s', enumtypid::regtype, enumlabel) from pg_enum
union all
select format('hypertable %s %s %s', hypertable_name, column_name, time_interval)
from timescaledb_information.dimensions
union all
select format('grant %s %s.%s %s', grantee, table_schema, table_name, privilege_type)
from information_schema.role_table_grants
where grantee like 'lifeline\\_%' and table_schema in ('public', 'grafana')
"""


def schema(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return sorted(row[0] for row in connection.execute(SCHEMA))


def rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def at_once(postgres: Postgres) -> Iterator[str]:
    """A database to which all migrations were applied in one go."""
    dsn = postgres.create_database("at-once")
    migrate(dsn)
    yield dsn
    postgres.drop_database("at-once")


def test_an_empty_database_is_brought_to_the_newest_version(empty_database: str) -> None:
    assert migrate(empty_database) == VERSIONS
    found = {line.split()[1] for line in schema(empty_database) if line.startswith("relation ")}
    assert {"readings", "journal", "dead_letter", "transitions", "risk_states"} <= found


def test_versions_are_one_line_in_the_order_of_their_numbers() -> None:
    assert sorted(VERSIONS) == VERSIONS
    assert [int(version[:4]) for version in VERSIONS] == sorted({int(version[:4]) for version in VERSIONS})


def test_applying_again_changes_nothing(database: str) -> None:
    everything = "select xmin::text, migration_id, applied_at_utc from _yoyo_migration order by migration_id"
    before, log = schema(database), rows(database, everything)
    assert migrate(database) == []
    assert (schema(database), rows(database, everything)) == (before, log)


@pytest.mark.parametrize("previous", VERSIONS[:-1])
def test_every_previous_version_becomes_the_newest(previous: str, empty_database: str, at_once: str) -> None:
    done = VERSIONS.index(previous) + 1
    assert migrate(empty_database, upto=previous) == VERSIONS[:done]
    assert migrate(empty_database) == VERSIONS[done:]
    assert schema(empty_database) == schema(at_once)


def test_one_version_after_the_other_gives_the_same_as_all_at_once(empty_database: str, at_once: str) -> None:
    steps: list[list[str]] = []
    for version in VERSIONS:
        assert migrate(empty_database, upto=version) == [version]
        steps.append(schema(empty_database))
    assert steps[-1] == schema(at_once)
    assert all(before != after for before, after in itertools.pairwise(steps))
