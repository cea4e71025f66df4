"""Applies every package's migrations, in their one linear order, to a database."""

from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.resources import files
from io import StringIO

from yoyo import get_backend, read_migrations
from yoyo.migrations import MigrationList

PACKAGES = ("lifeline", "sensors", "ingest", "rules", "alerts", "grafana")


def migrations() -> MigrationList:
    """All migrations, oldest first; each package owns those of its own tables."""
    found = read_migrations(*(str(files(package) / "migrations") for package in PACKAGES))
    return MigrationList(sorted(found, key=lambda migration: str(migration.id)))


def migrate(dsn: str, upto: str | None = None) -> Sequence[str]:
    """Bring the database to the newest version, or to ``upto``, and name what was applied.

    Calling it twice changes nothing the second time; two callers at once wait for each other.
    """
    backend = get_backend(_yoyo_uri(dsn))
    try:
        with backend.lock():
            todo = [m for m in backend.to_apply(migrations()) if upto is None or m.id <= upto]
            with redirect_stdout(StringIO()):  # yoyo prints what the statements select
                backend.apply_migrations(MigrationList(todo))
            return [migration.id for migration in todo]
    finally:
        backend.connection.close()


def _yoyo_uri(dsn: str) -> str:
    return "postgresql+psycopg://" + dsn.split("://", 1)[1]
