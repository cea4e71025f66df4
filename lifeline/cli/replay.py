"""``lifeline replay``."""

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifeline.cli.arguments import data_folder, moment, pace
from lifeline.settings import Settings
from sensors.errors import ConfigurationError
from sensors.readings import SECOND

if TYPE_CHECKING:
    from lifeline.replay.outcome import Judged
    from lifeline.replay.source import Source


def replay(
    feed: Annotated[
        str | None,
        typer.Argument(
            metavar="FEED",
            help="A feed file, the name of one that comes with lifeline, or a recording (.jsonl, .jsonl.gz).",
        ),
    ] = None,
    *,
    speed: Annotated[
        str, typer.Option(metavar="N|max", help="Seconds of the feed a second, or as fast as it goes.")
    ] = "max",
    until: Annotated[
        str | None, typer.Option(metavar="RFC3339", help="Leave out the rows from this time on.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="RFC3339", help="In place of FEED: what is stored from then on."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="RFC3339", help="With --from: until then.")
    ] = None,
    domain: Annotated[str | None, typer.Option(help="With --from: of this domain only.")] = None,
    district: Annotated[str | None, typer.Option(help="With --from: of this district only.")] = None,
    shift: Annotated[
        str | None,
        typer.Option(metavar="RFC3339|now", help="Move all times so that it begins then."),
    ] = None,
    city: Annotated[
        Path | None, typer.Option(help="The city that a recording is of; the demo city if not given.")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="Other rules than the feed names, or than the demo city's.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows and lines that are wrong, and count them.")
    ] = False,
    own_services: Annotated[
        bool, typer.Option("--own-services", help="Start database and broker, even if some are configured.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the database for looking at it; else it is dropped.")
    ] = False,
    engine: Annotated[
        bool, typer.Option("--engine", help="Straight into the engine: no broker, no database.")
    ] = False,
    journal: Annotated[
        bool,
        typer.Option("--journal", help="What entered the worker of the configured database, again."),
    ] = False,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="All that is said, a line each: the same for the same feed."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="One page with pictures of what was measured and said."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """Play recorded measurements through broker, worker, database and alerts, and see what comes of them.

    It takes a database of its own at the services that are configured, or services of its own where none are.
    A production database is refused, and nobody receives the alerts. Files are looked for in LIFELINE_DATA.
    The exit code is 1 if a reading was lost.

    With --from and --to it is what the configured database holds of that time, by the city and the rules that
    hold there; late readings are left out, as the live rules never saw them.

    With --journal it is what entered the engine of the configured database's worker, in its order, straight
    into an engine; nothing is written there. The exit code is 1 if something else is said than is on record.

    Example: `lifeline replay gas_metec` or `lifeline replay my-feed.toml --speed 600 --keep`
    or `lifeline replay storm.jsonl --city mycity/ --rules rules.toml --shift now`
    or `lifeline replay --from 2025-11-21T06:00:00Z --to 2025-11-21T09:00:00Z --domain gas --engine`
    or `lifeline replay gas_metec --engine --log said.jsonl --report gas.html`
    or `lifeline replay --journal --log said.jsonl`
    """
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only

    from lifeline.replay import run  # noqa: PLC0415
    from lifeline.replay.choice import Choice, Stored, moved  # noqa: PLC0415
    from lifeline.replay.papers import Papers  # noqa: PLC0415
    from lifeline.replay.recording import is_recording  # noqa: PLC0415
    from lifeline.replay.show import Show  # noqa: PLC0415
    from lifeline.replay.straight import judge  # noqa: PLC0415
    from lifeline.replay.stretch import Wanted  # noqa: PLC0415

    settings = Settings.load()
    services = {"--speed": speed != "max", "--own-services": own_services, "--keep": keep}
    of_feeds = {"--until": until, "--shift": shift, "--city": city, "--rules": rules, "--from": since}
    if journal:
        _refuse(
            "--journal",
            {
                **services,
                "FEED": feed,
                "--engine": engine,
                "--report": report,
                "--skip-bad": skip_bad,
                **of_feeds,
            },
        )
        _again(settings, log, json)
        return
    stored = {"--to": to, "--domain": domain, "--district": district}
    start = None if shift is None else _start(shift)
    if since is not None:
        _refuse("--from", {"FEED": feed, "--until": until, "--city": city, "--skip-bad": skip_bad})
        if to is None:
            raise ConfigurationError("--from: expected --to beside it")
        wanted = Wanted(moment("--from", since), moment("--to", to), domain, district)
        chosen: Choice | Stored = Stored(settings.database(), wanted, rules)
    elif feed is not None:
        _refuse("FEED", stored)
        chosen = Choice(
            feed=feed,
            data=settings.data if is_recording(Path(feed)) else data_folder(settings),
            until=None if until is None else moment("--until", until),
            city=city,
            rules=rules,
            skip_bad=skip_bad,
        )
    else:
        raise ConfigurationError("expected a FEED, --from and --to, or --journal")

    def read() -> "Source":
        return moved(chosen.read(), start)

    if engine:
        _refuse("--engine", services)
        _show(judge(read(), Papers(log, report)), json)
        return
    request = run.Request(
        read=read,
        speed=pace("--speed", speed),
        own_services=own_services,
        keep=keep,
        papers=Papers(log, report),
    )
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _stop)
    try:
        outcome = run.replay(request, settings, Show(Console(stderr=True)))
    except KeyboardInterrupt:
        typer.echo("stopped; all that the replay had started has ended", err=True)
        raise typer.Exit(130) from None
    _show(outcome, json)
    if keep:
        typer.echo(f"database kept: lifeline-replay-{outcome.run}", err=True)
    raise typer.Exit(1 if outcome.lost else 0)


def _refuse(option: str, others: Mapping[str, object]) -> None:
    for name, given in others.items():
        if given:
            raise ConfigurationError(f"{name}: expected nothing of the kind beside {option}")


def _again(settings: Settings, log: Path | None, json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only

    from lifeline.replay.again import play_again  # noqa: PLC0415, as above
    from lifeline.replay.show import Show, again_table, as_json  # noqa: PLC0415, as above

    with Show(Console(stderr=True)).counting("journal") as show:
        again = play_again(settings.database(), log, show)
    if json:
        typer.echo(as_json(again))
    else:
        Console().print(again_table(again))
    raise typer.Exit(0 if again.same else 1)


def _start(shift: str) -> int:
    return round(time.time()) * SECOND if shift == "now" else moment("--shift", shift)


def _show(verdict: "Judged", json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only

    from lifeline.replay.show import as_json, table  # noqa: PLC0415, as above

    if json:
        typer.echo(as_json(verdict))
    else:
        Console().print(table(verdict))


def _stop(_number: int, _frame: object) -> None:
    """End in order, and let nothing interrupt that."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
