"""``lifeline report``."""

from pathlib import Path
from typing import Annotated

import typer

from lifeline.cli.arguments import Languages
from lifeline.settings import Settings
from sensors.errors import ConfigurationError


def report(
    day: Annotated[
        str | None, typer.Option(metavar="DAY", help="Of this day; of yesterday if neither is given.")
    ] = None,
    month: Annotated[str | None, typer.Option(metavar="MONTH", help="Of this month.")] = None,
    language: Annotated[Languages, typer.Option(help="Of the files.")] = Languages.BOTH,
    into: Annotated[
        Path, typer.Option("--into", metavar="FOLDER", help="Where the files go; it is made if need be.")
    ] = Path(),
) -> None:
    """Write the duty report of a day or a month: alerts, their handling, data, leakage, messages.

    From midnight to midnight by the city's clock, as HTML and CSV, in Chinese and English.

    Example: `lifeline report --day 2026-01-31` or
    `lifeline report --month 2026-01 --language zh --into reports`
    """
    if day is not None and month is not None:
        raise ConfigurationError("expected --day or --month, not both")
    import asyncio  # noqa: PLC0415

    from alerts.duty.counted import Figure  # noqa: PLC0415, heavy, and needed here only
    from alerts.duty.period import Span  # noqa: PLC0415
    from alerts.duty.summed import summed  # noqa: PLC0415
    from lifeline import duty  # noqa: PLC0415

    span = Span.DAY if month is None else Span.MONTH
    made = asyncio.run(duty.made(Settings.load(), span, day if month is None else month))
    contents = duty.files_of(made, [each for each in duty.LANGUAGES if language in (each, Languages.BOTH)])
    duty.write(contents, into)
    raised, opened = (summed(made.tally, each) for each in (Figure.RAISED, Figure.OPEN))
    name = made.facts.period.name
    typer.echo(f"{name}: {raised} alerts raised, {opened} open at the end; {len(contents)} files in {into}")
