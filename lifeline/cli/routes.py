"""``lifeline routes``: who is told, and why."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from lifeline.settings import Settings
from rules.levels import RiskLevel
from sensors.errors import ConfigurationError

app = typer.Typer(help="Who is told of an alert, and why.", no_args_is_help=True)


class Level(StrEnum):
    """The levels by name."""

    MAJOR = "major"
    SERIOUS = "serious"
    GENERAL = "general"
    LOW = "low"


@app.command()
def check(file: Annotated[Path, typer.Argument(help="the receivers file")]) -> None:
    """Read a receivers file and name each mistake by file, line and field.

    Example: `lifeline routes check receivers.toml`
    """
    from alerts import receivers  # noqa: PLC0415

    plan = receivers.load(file)
    typer.echo(f"{file}: {len(plan.receivers)} receivers, {len(plan.routes)} routes")


@app.command("test")
def supposed(
    alert: Annotated[UUID | None, typer.Option(help="As this alert stands.")] = None,
    asset: Annotated[str | None, typer.Option(help="Or: raised at this asset,")] = None,
    hazard: Annotated[str | None, typer.Option(help="of this hazard,")] = None,
    level: Annotated[Level | None, typer.Option(help="of this level,")] = None,
    at: Annotated[datetime | None, typer.Option(help="at this time of the city; left out: now.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send a drill to each that would be told.")] = False,
) -> None:
    """Show where an alert would go, and why or why not to each receiver.

    Example: `lifeline routes test --asset dma-3 --hazard burst --level major --send`
    """
    import asyncio  # noqa: PLC0415

    from alerts import receivers  # noqa: PLC0415, heavy, and needed here only
    from alerts.outcome import Taken  # noqa: PLC0415
    from alerts.routing import Decision  # noqa: PLC0415
    from lifeline import routing  # noqa: PLC0415

    settings = Settings.load()
    if settings.receivers is None:
        raise ConfigurationError("no receivers: set LIFELINE_RECEIVERS to their file")
    plan, dsn = receivers.load(settings.receivers), settings.database()
    if alert is not None:
        what = asyncio.run(routing.like(dsn, alert))
    elif asset is not None and hazard is not None and level is not None:
        time = at.replace(tzinfo=at.tzinfo or plan.zone) if at is not None else None
        what = routing.Supposed(asset, hazard, RiskLevel[level.upper()], time=time)
    else:
        raise ConfigurationError("expected --alert, or --asset with --hazard and --level")
    failed = False
    for told in asyncio.run(routing.test(dsn, plan, what, send=send)):
        mark = "->" if told.choice.decision is Decision.DELIVER else "  "
        typer.echo(f"{mark} {told.choice.receiver.id}: {told.choice.decision}")
        for said in told.choice.routes:
            typer.echo(f"     {said}")
        if isinstance(told.outcome, Taken):
            typer.echo(f"     drill taken, receipt {told.outcome.receipt or 'none'}")
        elif told.outcome is not None:
            failed = True
            typer.echo(f"     drill not taken: {told.outcome.error}")
    if failed:
        raise typer.Exit(1)
