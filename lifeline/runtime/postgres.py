"""A PostgreSQL server with TimescaleDB."""

import shutil
import signal
import subprocess
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

import psycopg
from psycopg.sql import SQL, Identifier

from lifeline.runtime.packages import Prefix
from lifeline.runtime.processes import hand_over
from lifeline.runtime.server import Server
from sensors.errors import UnavailableError

_CONFIGURATION = Template((files(__package__) / "postgresql.conf").read_text(encoding="utf-8"))
_USER = "postgres"


class Postgres(Server):
    """PostgreSQL with TimescaleDB under ``directory``, open to local clients; commits survive a crash."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": clients are disconnected, their transactions rolled back

    def __init__(self, prefix: Prefix, directory: Path) -> None:
        super().__init__(prefix.postgres / "postgres", directory)
        self._initdb = prefix.postgres / "initdb"

    def dsn(self, database: str = "postgres") -> str:
        """The connection URI of one database."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make a database with TimescaleDB, unless there is one of that name, and give its DSN."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            if connection.execute("select from pg_database where datname = %s", [name]).fetchone() is None:
                connection.execute(SQL("create database {}").format(Identifier(name)))
        with psycopg.connect(self.dsn(name)) as connection:
            connection.execute("create extension if not exists timescaledb")
            # Job 3 serves a feature that the Apache edition lacks; it would log an error at each run.
            connection.execute("update _timescaledb_config.bgw_job set scheduled = false where id = 3")
        return self.dsn(name)

    def drop_database(self, name: str) -> None:
        """Remove a database with all that is in it, whoever is connected."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(SQL("drop database if exists {} with (force)").format(Identifier(name)))

    def main_process(self) -> int | None:
        """The postmaster, if it lives."""
        try:
            pid = int(self._pid_file.read_text(encoding="ascii").partition("\n")[0])
        except (OSError, ValueError):
            return None
        return pid if pid in self.processes() else None

    def answers(self) -> bool:
        """Whether a connection can be made right now."""
        try:
            psycopg.connect(self.dsn(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _home(self) -> Path:
        return self.directory / "data"

    @property
    def _pid_file(self) -> Path:
        return self._home / "postmaster.pid"

    def _prepare(self) -> None:
        if not self._home.exists():
            self._initialise()
        configuration = self._home / "postgresql.conf"
        configuration.write_text(_CONFIGURATION.substitute(port=self.port), encoding="utf-8")
        # Left by a crash: the number in it may now be a zombie's or another process's, and stop a start.
        self._pid_file.unlink(missing_ok=True)

    def _initialise(self) -> None:
        half_done = self.directory / "data.new"
        shutil.rmtree(half_done, ignore_errors=True)
        half_done.mkdir(mode=0o700)
        hand_over(half_done)
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = subprocess.run(
            [
                *self._unprivileged(),
                self._initdb,
                "-D",
                half_done,
                "-U",
                _USER,
                "-A",
                "trust",
                "--no-sync",
                *locale,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise UnavailableError(
                f"PostgreSQL could not be set up in {self.directory}: {done.stderr.strip()}"
            )
        half_done.rename(self._home)

    def _command(self) -> Sequence[str | Path]:
        return [self._executable, "-D", self._home]
