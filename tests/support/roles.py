"""A database seen with the rights of one of its roles."""

from urllib.parse import quote


def acting(dsn: str, role: str) -> str:
    """The DSN of connections that have the rights of a role which a migration made, and no other."""
    return f"{dsn}?options={quote(f'-c role={role}')}"
