"""A PostgreSQL with the roles that docker-compose.yml gives it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lifeline.provision.plan import PASSWORDS
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
        secrets = self.postgres.directory / "secrets"
        secrets.mkdir(exist_ok=True)
        for name in PASSWORDS:
            (secrets / name).write_text(password, encoding="ascii")
        self.make_roles_of(secrets)

    def make_roles_of(self, secrets: Path) -> None:
        """With the passwords of a folder, as `lifeline env` makes it."""
        given = {"POSTGRES_DB": "lifeline", "PGHOST": "127.0.0.1", "PGPORT": str(self.postgres.port)}
        given |= {"PATH": f"{self.prefix.postgres}:{os.environ['PATH']}", "SECRETS": str(secrets)}
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
