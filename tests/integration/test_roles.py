"""What each role of the database may do, each forbidden thing tried."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from alerts import database
from alerts.duty.period import Span
from alerts.duty.read import read
from lifeline.backup import back_up, restore
from lifeline.migrate import migrate, migrations
from lifeline.runtime.packages import Prefix
from tests.integration.test_backup import FILL, content
from tests.support.cluster import LOGINS, PASSWORD, Cluster, empty_cluster
from tests.support.town import settle
from tests.unit.rules.town import rules, town

BOUNDED = tuple(login for login in LOGINS if login != "lifeline")

TO_ALL = (
    "create table mine ()",
    "create schema mine",
    "create role another",
    "alter role lifeline superuser",
    "set role lifeline",
    "drop table readings",
    "truncate alert_events",
    "alter table alert_events disable trigger all",
    "update alert_events set why = ''",
    "delete from alert_events",
    "update api_audit set who = ''",
    "delete from api_audit",
    "update incident_events set why = ''",
    "delete from incident_events",
    "delete from alerts",
    "insert into users (name, role, hash) values ('me', 'admin', '')",
    "update users set role = 'admin'",
    "insert into api_tokens (name, role, hash) values ('me', 'admin', '')",
    "update api_tokens set revoked_at = null",
    "update readings set value = 0",
    "delete from readings",
    "update transitions set rule = ''",
    "update sensors set unit = ''",
    "insert into rule_sets default values",
    "delete from configuration",
    "update deployment set purpose = 'replay', run_id = 'me'",
    "select drop_chunks('readings', older_than => now())",
    "select pg_read_file('/etc/passwd')",
)

FORBIDDEN = {
    "lifeline_worker": (
        "select * from api_tokens",
        "select * from users",
        "select * from alerts",
        "select * from deliveries",
        "delete from journal",
        "select drop_aged('readings', now(), now())",
    ),
    "lifeline_alerts": (
        "insert into readings values (1, now(), 1, 1)",
        "insert into transitions default values",
        "insert into risk_changes default values",
        "update risk_changes set level = null",
        "delete from risk_changes",
        "delete from deliveries",
        "delete from incidents",
        "update sessions set name = 'admin'",
        "select * from journal",
        "select * from snapshots",
        "update _yoyo_migration set migration_id = ''",
        "select drop_aged('readings', now(), now())",
        "select forget_audit('2020-01-01', 1)",
        "select compress_aged('')",
    ),
    "lifeline_maintain": (
        "select * from users",
        "select * from api_tokens",
        "select * from sessions",
        "select * from api_audit",
        "insert into readings values (1, now(), 1, 1)",
        "delete from journal",
        "update alerts set state = 'closed'",
        "update deliveries set state = 'dead'",
        "update risk_changes set claimed_at = null",
        "insert into snapshots default values",
        "select drop_aged('alert_events', now(), now())",
        "select forget_audit(now(), 1)",
        "select compress_aged('public.alert_events')",
    ),
    "lifeline_backup": (
        "insert into readings values (1, now(), 1, 1)",
        "delete from procrastinate_jobs",
        "select drop_aged('readings', now(), now())",
    ),
    "grafana": (
        "insert into readings values (1, now(), 1, 1)",
        "update grafana.readings_1h set low = 0",
        "select drop_aged('readings', now(), now())",
    ),
}

MAY_CHANGE = {
    "lifeline_alerts": {
        *("INSERT alerts", "UPDATE alerts", "INSERT incidents", "UPDATE incidents"),
        *(
            "INSERT deliveries",
            "UPDATE deliveries",
            "INSERT maintenance_windows",
            "UPDATE maintenance_windows",
        ),
        *("INSERT alert_events", "INSERT incident_events", "INSERT receipt_calls", "INSERT api_audit"),
        *("INSERT sessions", "DELETE sessions", "INSERT alert_stream"),
        *("INSERT receivers_away", "UPDATE receivers_away", "DELETE receivers_away"),
    },
    "lifeline_maintain": {
        *("INSERT readings_10min", "UPDATE readings_10min", "INSERT readings_1h", "UPDATE readings_1h"),
        *("INSERT rolled_up", "UPDATE rolled_up", "INSERT retained", "UPDATE retained"),
        *("DELETE rollups_due", "DELETE snapshots", "DELETE transitions", "DELETE risk_changes"),
        *("DELETE deliveries", "DELETE dead_letter", "DELETE rule_figures"),
    },
    "lifeline_backup": set(),
    "grafana": set(),
}

CHANGES = """
select p || ' ' || relname from pg_class, unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
where relnamespace in ('public'::regnamespace, 'grafana'::regnamespace) and relkind in ('r', 'v')
    and relname not like 'procrastinate%%' and has_table_privilege(%s, pg_class.oid, p)
"""

OWNERS = """
select name, owner::regrole::text from (
    select oid, oid::regclass::text as name, relowner as owner, relnamespace as schema from pg_class
    union all select oid, oid::regprocedure::text, proowner, pronamespace from pg_proc
    union all select oid, oid::regtype::text, typowner, typnamespace from pg_type
) o
where schema in ('public'::regnamespace, 'grafana'::regnamespace)
    and not exists (select from pg_depend d where d.objid = o.oid and d.deptype = 'e')
union all select oid::regclass::text, relowner::regrole::text from pg_class where relname like '%hyper%chunk'
union all select nspname, nspowner::regrole::text from pg_namespace where nspname = 'grafana'
order by 1
"""

BASE_TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"


@pytest.fixture(scope="module")
def cluster(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Its database is at the newest version, brought there by an owner that is no superuser."""
    with empty_cluster(prefix, tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.make_roles()
        migrate(cluster.dsn("lifeline"))
        yield cluster


def connect(cluster: Cluster, user: str) -> psycopg.Connection:
    return psycopg.connect(cluster.dsn(user), autocommit=True)


def refusal(connection: psycopg.Connection, statement: str) -> str | None:
    """Why the database does not do it; None = it does."""
    try:
        connection.execute(statement.encode())
    except psycopg.Error as error:
        return type(error).__name__
    return None


@pytest.mark.parametrize("role", BOUNDED)
def test_what_is_forbidden_is_refused(cluster: Cluster, role: str) -> None:
    """By what is granted: a role that is read-only by its settings is asked without them."""
    with connect(cluster, role) as connection:
        connection.execute("set default_transaction_read_only = off; set search_path = public")
        answers = {each: refusal(connection, each) for each in (*TO_ALL, *FORBIDDEN[role])}
    assert answers == dict.fromkeys(answers, "InsufficientPrivilege")


@pytest.mark.parametrize("role", MAY_CHANGE)
def test_a_role_may_change_what_it_is_for_and_a_table_that_is_new_says_so(
    cluster: Cluster, role: str
) -> None:
    with connect(cluster, "postgres") as connection:
        assert {row[0] for row in connection.execute(CHANGES, [role])} == MAY_CHANGE[role]


def test_housekeeping_may_ask_for_compression_which_the_apache_edition_refuses(cluster: Cluster) -> None:
    with connect(cluster, "lifeline") as owner:
        owner.execute("insert into readings values (1, '2026-01-01', 1, 1)")
        chunk = owner.execute("select show_chunks('readings')::text").fetchone()
    assert chunk is not None
    with connect(cluster, "lifeline_maintain") as connection:
        assert refusal(connection, f"select compress_aged('{chunk[0]}')") == "FeatureNotSupported"


def test_grafana_reads_the_views_for_a_while_and_no_table(cluster: Cluster) -> None:
    with connect(cluster, "grafana") as grafana:
        assert grafana.execute("select count(*) from grafana.current_assets").fetchone() == (0,)
        assert grafana.execute("show statement_timeout").fetchone() == ("30s",)
        tables = [row[0] for row in grafana.execute(BASE_TABLES)]
        assert "readings" in tables
        answers = {table: refusal(grafana, f"select from public.{table}") for table in tables}
    assert answers == dict.fromkeys(tables, "InsufficientPrivilege")


@pytest.mark.parametrize("role", ["grafana", "lifeline_backup"])
def test_who_only_reads_begins_no_transaction_that_writes(cluster: Cluster, role: str) -> None:
    with connect(cluster, role) as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("create temporary table mine ()")


async def test_the_alerts_read_all_that_a_duty_report_is_made_of(cluster: Cluster) -> None:
    async with await database.connect(cluster.dsn("lifeline_alerts")) as connection:
        report = await read(connection, Span.DAY, None, 1, None)
    assert report.cases == ()


def test_the_owner_is_no_superuser(cluster: Cluster) -> None:
    with connect(cluster, "lifeline") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("create role another")


def owners(cluster: Cluster) -> list[tuple[str, str]]:
    """Whose each thing is that no extension brought."""
    with connect(cluster, "postgres") as connection:
        return connection.execute(OWNERS).fetchall()


def test_what_the_backup_role_read_comes_back_where_there_are_no_roles_yet(
    cluster: Cluster, prefix: Prefix, tmp_path: Path
) -> None:
    owned = cluster.dsn("lifeline")
    settle(owned, town(), rules())
    with psycopg.connect(owned) as connection:
        connection.execute(FILL.encode())
    before = content(owned)
    back_up(cluster.dsn("lifeline_backup"), None, prefix, tmp_path / "backup")
    with empty_cluster(prefix, tmp_path / "other") as other:
        restore(other.dsn(), None, prefix, tmp_path / "backup")
        assert content(other.dsn()) == before
        other.make_roles()
        assert owners(other) == owners(cluster)
        with connect(other, "lifeline_alerts") as alerts:
            assert alerts.execute("select count(*) from alerts").fetchone() == (1,)


def test_a_database_from_before_gets_the_roles_and_calling_again_changes_passwords_only(
    prefix: Prefix, tmp_path: Path
) -> None:
    """As the script of version 0024 left it."""
    earlier = (
        "create role lifeline login",
        "create role lifeline_writer nologin",
        "create role lifeline_worker login in role lifeline_writer",
        "create role lifeline_reader nologin",
        "create role grafana login in role lifeline_reader",
        "alter database lifeline owner to lifeline",
    )
    with empty_cluster(prefix, tmp_path) as cluster:
        with connect(cluster, "postgres") as connection:
            for statement in earlier:
                connection.execute(statement)
            migrate(cluster.dsn("lifeline"), upto="0024_alerts_access")
            cluster.make_roles()
            assert migrate(cluster.dsn("lifeline"))[-1] == migrations()[-1].id
            roles = "select rolname, rolcanlogin, rolconfig from pg_roles order by 1"
            before = connection.execute(roles).fetchall()
            cluster.make_roles("another' one")
            assert connection.execute(roles).fetchall() == before
            hba = cluster.postgres.directory / "data" / "pg_hba.conf"
            hba.write_text("host all all 127.0.0.1/32 scram-sha-256\n", encoding="ascii")
            connection.execute("select pg_reload_conf()")
        for user in LOGINS:
            where = {"host": "127.0.0.1", "port": cluster.postgres.port, "dbname": "lifeline", "user": user}
            psycopg.connect(**where, password="another' one").close()
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(**where, password=PASSWORD)
