"""``lifeline env``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sensors.errors import ConfigurationError


def env(
    folder: Annotated[Path, typer.Argument(help="the folder of docker-compose.yml")] = Path(),
    host: Annotated[
        list[str] | None,
        typer.Option(help="a name or address by which broker and API are called; repeatable"),
    ] = None,
) -> None:
    """Make what docker-compose.yml needs to start: passwords, an own CA, certificates, and .env.

    What is there stays: remove a file to have it made anew. docs/operations.md says what has to follow.

    Example: `lifeline env --host broker.city.example`
    """
    try:
        from lifeline.provision.run import FOLDER, provide  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'lifeline[deploy]'") from None

    done = provide(folder, host or (), datetime.now(UTC))
    if done.kept:
        typer.echo(f"kept as it was: {', '.join(done.kept)}")
    typer.echo(f"made in {FOLDER}: {', '.join(done.made)}" if done.made else "nothing was missing")
