import os
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres
from lifeline.runtime.processes import find, send, spawn, unprivileged, wait_until
from sensors.errors import UnavailableError


@pytest.fixture(scope="module")
def own(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server for this module to kill, in a folder that only we can enter."""
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    server = Postgres(prefix, closed / "postgres")
    server.start()
    yield server
    server.stop()


def select(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
        return row and row[0]


def listening_addresses(port: int) -> set[str]:
    """The local addresses at which someone listens on ``port``, in the kernel's hexadecimal."""
    tables = [Path(f"/proc/net/{table}").read_text().splitlines()[1:] for table in ("tcp", "tcp6")]
    sockets = [line.split() for table in tables for line in table]
    return {s[1].split(":")[0] for s in sockets if s[3] == "0A" and int(s[1].split(":")[1], 16) == port}


def test_it_is_timescaledb_with_durable_commits_in_utc(own: Postgres) -> None:
    dsn = own.create_database("settings")
    assert select(dsn, "select extversion from pg_extension where extname = 'timescaledb'")
    assert select(dsn, "show fsync") == "on"
    assert select(dsn, "show synchronous_commit") == "on"
    assert select(dsn, "show timezone") == "UTC"
    assert select(dsn, "show server_encoding") == "UTF8"
    assert select(dsn, "select scheduled from _timescaledb_config.bgw_job where id = 3") is False


def owners(pids: set[int]) -> set[int]:
    """Who runs them; a worker of the server that has ended meanwhile is nobody's."""
    found = set()
    for pid in pids:
        with suppress(FileNotFoundError):
            found.add(Path(f"/proc/{pid}").stat().st_uid)
    return found


def test_it_never_runs_as_root(own: Postgres) -> None:
    own.start()
    uids = owners(own.processes())
    expected = os.geteuid()
    assert uids
    assert 0 not in uids
    assert expected == 0 or uids == {expected}


def test_it_listens_on_the_loopback_only(own: Postgres) -> None:
    own.start()
    assert listening_addresses(own.port) == {"0100007F"}


def test_starting_what_runs_changes_nothing(own: Postgres) -> None:
    own.start()
    before = own.main_process()
    Postgres(Prefix(own._executable.parents[6]), own.directory).start()
    assert own.main_process() == before


def test_a_database_is_made_once_and_dropped_under_its_clients(own: Postgres) -> None:
    dsn = own.create_database("made-once")
    with psycopg.connect(dsn) as client:
        client.execute("create table kept ()")
    assert own.create_database("made-once") == dsn
    assert select(dsn, "select to_regclass('kept')") == "kept"
    with psycopg.connect(dsn):
        own.drop_database("made-once")
    assert not select(own.dsn(), "select count(*) from pg_database where datname = 'made-once'")
    own.drop_database("made-once")


def test_what_was_committed_is_there_after_a_kill_on_the_same_port(own: Postgres) -> None:
    own.start()
    dsn = own.create_database("killed")
    with psycopg.connect(dsn) as client:
        client.execute("create table committed as select 42 as answer")
    own.kill()
    assert own.processes() == set()
    assert not own.running
    assert not own.answers()
    own.start()
    assert select(dsn, "select answer from committed") == 42


def test_it_starts_though_another_process_has_the_number_of_a_killed_one(
    own: Postgres, tmp_path: Path
) -> None:
    own.start()
    own.kill()
    spawn([*unprivileged(), "sleep", "60"], tmp_path, tmp_path / "log")
    (other,) = find(tmp_path)
    try:
        pid_file = own.directory / "data" / "postmaster.pid"
        _, *rest = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(other), *rest]))
        assert not own.running
        own.start()
        assert own.answers()
    finally:
        send({other}, signal.SIGKILL)


def test_it_starts_beside_the_orphans_of_a_killed_postmaster(own: Postgres) -> None:
    own.start()
    killed = own.main_process()
    assert killed is not None
    with psycopg.connect(own.dsn(), autocommit=True) as busy:
        busy_pid = busy.info.backend_pid
        busy.cancel_safe()
        os.kill(busy_pid, signal.SIGSTOP)  # an orphan that cannot notice
        os.kill(killed, signal.SIGKILL)
        assert wait_until(lambda: not own.running, 5)
        assert busy_pid in own.processes()
        own.start()
        assert busy_pid not in own.processes()
    assert own.main_process() != killed
    assert own.answers()


def test_a_half_done_set_up_is_begun_again(prefix: Prefix, tmp_path: Path) -> None:
    half_done = tmp_path / "postgres" / "data.new"
    half_done.mkdir(parents=True)
    (half_done / "PG_VERSION").write_text("17")
    server = Postgres(prefix, tmp_path / "postgres")
    try:
        server.start()
        assert server.answers()
    finally:
        server.stop()
    assert server.processes() == set()


def test_a_start_that_fails_tells_the_servers_own_words(prefix: Prefix, tmp_path: Path) -> None:
    server = Postgres(prefix, tmp_path / "postgres")
    with socket.socket() as other:
        other.bind(("127.0.0.1", server.port))
        with pytest.raises(UnavailableError, match=r"PostgreSQL did not start: .*FATAL.*server\.log"):
            server.start()
    assert server.processes() == set()
