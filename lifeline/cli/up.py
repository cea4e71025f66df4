"""``lifeline up``."""

from typing import Annotated

import typer

from lifeline.settings import Settings


def up(
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, help="End after so many minutes, with a summary as the last line."),
    ] = None,
) -> None:
    """Run a whole city in this terminal, from sensor to receipt, in accelerated time; until Ctrl-C.

    It takes services and a database of its own and removes them at the end.

    Example: `lifeline up --minutes 1`
    """
    import msgspec  # noqa: PLC0415

    from lifeline import up as city  # noqa: PLC0415, heavy, and needed here only

    if (summary := city.up(Settings.load(), minutes)) is not None:
        typer.echo(f"summary: {msgspec.json.encode(summary).decode()}")
