"""``lifeline backup`` and ``lifeline restore``."""

from pathlib import Path
from typing import Annotated

import typer

from lifeline.settings import Settings

Folder = Annotated[Path, typer.Argument(help="holds one backup")]
Broker = Annotated[
    Path | None, typer.Option(help="mosquitto.db, in which the broker saves; left out without it")
]


def backup(folder: Folder, broker: Broker = None) -> None:
    """Write the database, and what the broker holds, into a folder; everything may go on meanwhile.

    Example: `lifeline backup /backup/2026-03-04 --broker /mosquitto/data/mosquitto.db`
    """
    from lifeline import backup as backups  # noqa: PLC0415, heavy, and needed here only
    from lifeline.runtime.packages import Prefix  # noqa: PLC0415

    settings = Settings.load()
    backups.back_up(settings.database(), broker, Prefix(settings.runtime / "prefix"), folder)
    typer.echo(f"backed up into {folder}: database{' and broker' if broker else ''}")


def restore(folder: Folder, broker: Broker = None) -> None:
    """Bring a backup back into an empty database; with no worker, alerts or broker running.

    Example: `lifeline restore /backup/2026-03-04 --broker /mosquitto/data/mosquitto.db`
    """
    from lifeline import backup as backups  # noqa: PLC0415, heavy, and needed here only
    from lifeline.runtime.packages import Prefix  # noqa: PLC0415

    settings = Settings.load()
    backups.restore(settings.database(), broker, Prefix(settings.runtime / "prefix"), folder)
    typer.echo(f"restored from {folder}")
