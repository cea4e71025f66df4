"""``lifeline replay``."""

import signal
from typing import Annotated

import typer

from lifeline.cli.arguments import data_folder, moment, pace
from lifeline.settings import Settings


def replay(
    feed: Annotated[
        str, typer.Argument(metavar="FEED", help="A feed file, or the name of one that comes with lifeline.")
    ],
    speed: Annotated[
        str, typer.Option(metavar="N|max", help="Seconds of the feed a second, or as fast as it goes.")
    ] = "max",
    until: Annotated[
        str | None, typer.Option(metavar="RFC3339", help="Leave out the rows from this time on.")
    ] = None,
    own_services: Annotated[
        bool, typer.Option("--own-services", help="Start database and broker, even if some are configured.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the database for looking at it; else it is dropped.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Play recorded measurements through broker, worker, database and alerts, and see what comes of them.

    It takes a database of its own at the services that are configured, or services of its own where none are.
    A production database is refused, and nobody receives the alerts. Files are looked for in LIFELINE_DATA.
    The exit code is 1 if a reading was lost.

    Example: `lifeline replay gas_metec` or `lifeline replay my-feed.toml --speed 600 --keep`
    """
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only

    from lifeline.replay import run  # noqa: PLC0415
    from lifeline.replay.show import Show, as_json, table  # noqa: PLC0415
    from simulator.feed import find  # noqa: PLC0415

    settings = Settings.load()
    request = run.Request(
        feed=find(feed),
        data=data_folder(settings),
        speed=pace("--speed", speed),
        until=None if until is None else moment("--until", until),
        own_services=own_services,
        keep=keep,
    )
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop)
    try:
        outcome = run.replay(request, settings, Show(Console(stderr=True)))
    except KeyboardInterrupt:
        typer.echo("stopped; all that the replay had started has ended", err=True)
        raise typer.Exit(130) from None
    if json:
        typer.echo(as_json(outcome))
    else:
        Console().print(table(outcome))
    if keep:
        typer.echo(f"database kept: lifeline-replay-{outcome.run}", err=True)
    raise typer.Exit(1 if outcome.lost else 0)


def _stop(_number: int, _frame: object) -> None:
    """End in order, and let nothing interrupt that."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
