"""The database and what the broker holds, into a folder and back, by PostgreSQL's own tools."""

import shutil
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psycopg

from lifeline.runtime.packages import Prefix
from sensors.errors import ConfigurationError, UnavailableError
from sensors.whole import whole

DATABASE, BROKER = "database.dump", "mosquitto.db"

_IS_EMPTY = """
select not exists (
    select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
) as empty
"""


# Roles are the cluster's and in no dump of a database; these are those that something is granted to.
_ROLES = ("lifeline_reader", "lifeline_writer", "lifeline_application", "lifeline_keeper")
_ROLE = "do $$ begin create role {} nologin; exception when duplicate_object then null; end $$"


def back_up(dsn: str, broker: Path | None, prefix: Prefix, folder: Path) -> None:
    """Write both into ``folder``; the broker's first, see ``restore``.

    The database is as at one moment. What the broker saved before that and has since handed over is in both:
    after a restore it comes a second time, and is known for a duplicate. The other way round it is lost.

    broker: the file in which Mosquitto saves what it holds; none = it is elsewhere, and left out.

    Raises:
        ConfigurationError: the folder holds a backup already, or there is no such file.
        UnavailableError: the database could not be read; nothing half-written is left.
    """
    if (folder / DATABASE).exists():
        raise ConfigurationError(f"{folder}: there is a backup in it already, name another folder")
    if broker is not None and not broker.is_file():
        raise ConfigurationError(f"{broker}: expected the file in which Mosquitto saves")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if broker is not None:
        shutil.copyfile(broker, folder / BROKER)
    with whole(folder / DATABASE) as file:
        _run(prefix, "pg_dump", "--format=custom", "--compress=zstd:3", f"--file={file.name}", dsn)


def restore(dsn: str, broker: Path | None, prefix: Prefix, folder: Path) -> None:
    """Bring the database and the broker's file back from ``folder``; the broker must not be running.

    Raises:
        ConfigurationError: there is no backup, the database is not empty, or the broker has a file already.
        UnavailableError: the database does not answer, or refused something.
    """
    if not (folder / DATABASE).is_file():
        raise ConfigurationError(f"{folder}: expected a backup, there is no {DATABASE}")
    if broker is not None and broker.exists():
        raise ConfigurationError(f"{broker}: the broker holds something already; move it away first")
    try:
        with closing(psycopg.connect(dsn, autocommit=True)) as connection:
            if connection.execute(_IS_EMPTY).fetchone() != (True,):
                raise ConfigurationError("the database is not empty: restore into one that is new")
            connection.execute("create extension if not exists timescaledb")
            for role in _ROLES:
                connection.execute(_ROLE.format(role).encode())
            connection.execute("select timescaledb_pre_restore()")
        try:
            _run(
                prefix,
                "pg_restore",
                "--exit-on-error",
                "--no-owner",
                f"--dbname={dsn}",
                str(folder / DATABASE),
            )
        finally:
            with closing(psycopg.connect(dsn, autocommit=True)) as connection:
                connection.execute("select timescaledb_post_restore()")
                connection.execute("analyze")
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {str(error).splitlines()[0]}") from None
    if broker is not None and (folder / BROKER).is_file():
        shutil.copyfile(folder / BROKER, broker)


def _run(prefix: Prefix, program: str, *arguments: str) -> None:
    """Our own release's program where there is one, else the machine's."""
    own = prefix.postgres / program
    command: Sequence[str | Path] = [own if own.exists() else program, *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ConfigurationError(f"{program}: not found; install PostgreSQL's client programs") from None
    if done.returncode:
        raise UnavailableError(f"{program}: {done.stderr.strip().splitlines()[-1]}")
