"""``lifeline import``."""

from pathlib import Path
from typing import Annotated

import typer

from lifeline.cli.arguments import data_folder
from lifeline.settings import Settings


def import_(
    feed: Annotated[
        str,
        typer.Option(
            "--feed", metavar="FEED", help="Says what the columns are: a feed file, or the name of one."
        ),
    ],
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE…", help="CSV, also as gz or zip; the feed's own files if not given."),
    ] = None,
) -> None:
    """Store recorded measurements of sensors that the loaded city has, without judging them.

    Times stay as they are. What is there already stays too: the same value again is counted as a duplicate,
    another value as a conflict, and kept as a dead letter. Broken off, it can be called again.

    Example: `lifeline import export-2024.csv export-2025.csv.gz --feed historian.toml`
    """
    import asyncio  # noqa: PLC0415, heavy, and needed here only

    import msgspec  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from lifeline.history import load_history  # noqa: PLC0415
    from simulator.feed import find, read_feed  # noqa: PLC0415

    settings, description = Settings.load(), read_feed(find(feed))
    if files:
        description = msgspec.structs.replace(description, files=tuple(path.resolve() for path in files))
    data = Path() if files else data_folder(settings)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(description.name)
        loaded = asyncio.run(
            load_history(
                settings.database(),
                description,
                data,
                settings.dead_letters_per_hour,
                lambda done, of: progress.update(bar, completed=done, total=of),
            )
        )
    typer.echo(
        f"{loaded.stored:,} stored, {loaded.duplicates:,} duplicates, {loaded.conflicts:,} conflicts"
        + (f", {loaded.kept:,} of them kept as dead letters" if loaded.conflicts else "")
    )
