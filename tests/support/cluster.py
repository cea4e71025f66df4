"""A PostgreSQL with the roles that docker-compose.yml gives it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres

SCRIPT = Path(__file__).parents[2] / "deploy" / "database" / "roles.sh"
PASSWORD = "d3ad' beef"
LOGINS = ("lifeline", "lifeline_worker", "lifeline_alerts", "lifeline_maintain", "lifeline_backup", "grafana")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A server as the image leaves it to our script: a database, TimescaleDB in it, and a superuser."""

    prefix: Prefix
    postgres: Postgres

    def dsn(self, user: str = "postgres") -> str:
        return self.postgres.dsn("lifeline").replace("postgres@", f"{user}@")

    def make_roles(self, password: str = PASSWORD) -> None:
        names = ("LIFELINE", "WORKER", "ALERTS", "MAINTAIN", "GRAFANA", "BACKUP")
        given = {"POSTGRES_DB": "lifeline", "PGHOST": "127.0.0.1", "PGPORT": str(self.postgres.port)}
        given |= {f"{name}_DATABASE_PASSWORD": password for name in names}
        given["PATH"] = f"{self.prefix.postgres}:{os.environ['PATH']}"
        subprocess.run(["sh", SCRIPT], env=given, check=True)


@contextmanager
def empty_cluster(prefix: Prefix, folder: Path) -> Iterator[Cluster]:
    """One without our roles."""
    postgres = Postgres(prefix, folder)
    postgres.start()
    try:
        postgres.create_database("lifeline")
        yield Cluster(prefix, postgres)
    finally:
        postgres.kill()
