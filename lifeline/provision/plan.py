"""What docker-compose.yml asks for, each a file in the folder of secrets. Pure."""

from collections.abc import Mapping

PASSWORDS = (
    "postgres",
    "database-owner",
    "database-worker",
    "database-alerts",
    "database-maintain",
    "database-grafana",
    "database-backup",
    "mqtt-worker",
    "mqtt-engineer",
    "grafana-admin",
)
"""Random, of 24 bytes; letters and digits only, for some stand in URLs and commands."""

DSNS = {
    "dsn-owner": ("lifeline", "database-owner"),
    "dsn-worker": ("lifeline_worker", "database-worker"),
    "dsn-alerts": ("lifeline_alerts", "database-alerts"),
    "dsn-maintain": ("lifeline_maintain", "database-maintain"),
}
"""Connection URIs: of which role, with the password of which file."""

SERVERS = {"broker": "mosquitto", "database": "timescaledb", "api": "alerts"}
"""Who has a certificate, and its name in the network of docker-compose.yml."""

HERE = ("localhost", "127.0.0.1")
"""What a server is called on its own machine; health checks ask there."""

_DSN = (
    "postgresql://{role}:{password}@timescaledb:5432/lifeline?sslmode=verify-full&sslrootcert=/run/secrets/ca"
)


def dsns(passwords: Mapping[str, str]) -> dict[str, str]:
    """The text of each file with a DSN."""
    return {name: _DSN.format(role=role, password=passwords[whose]) for name, (role, whose) in DSNS.items()}


def environment(folder: str) -> dict[str, str]:
    """The variables of ``.env``: where the secrets are, and on which address broker and API are offered."""
    return {"LIFELINE_SECRETS": folder, "LIFELINE_BIND": "127.0.0.1"}
