"""``lifeline migrate``."""

import typer

from lifeline.settings import Settings


def migrate() -> None:
    """Bring the database to the newest version; calling it again changes nothing.

    Example: `LIFELINE_DSN=postgresql://… lifeline migrate`
    """
    from lifeline import migrate as migrations  # noqa: PLC0415, heavy, and needed here only

    applied = migrations.migrate(Settings.load().database())
    typer.echo(f"applied: {', '.join(applied)}" if applied else "the database is at the newest version")
