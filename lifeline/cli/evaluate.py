"""``lifeline evaluate``."""

from pathlib import Path
from typing import Annotated

import typer

from lifeline.cli.arguments import data_folder, moment, span
from lifeline.settings import Settings
from sensors.errors import ConfigurationError


def evaluate(
    feeds: Annotated[
        list[str] | None,
        typer.Argument(metavar="FEED...", help="Feed files, or names of those that come with lifeline."),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="RULES.toml", help="Other rules than the feed names.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="RFC3339", help="Leave out the rows from this time on.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a feed.")] = False,
    into: Annotated[
        Path | None, typer.Option(metavar="PAGE.md", help="Write the table into a page, between its marks.")
    ] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(metavar="OUT.json", help="Measure what evidence is worth on the simulated demo city."),
    ] = None,
    seeds: Annotated[str, typer.Option(metavar="FROM-TO", help="Simulated days to learn from.")] = "1-12",
    against: Annotated[str, typer.Option(metavar="FROM-TO", help="Days to try it on.")] = "101-106",
) -> None:
    """Run labelled feeds through the whole engine, in this process, and say how good the alarms were.

    No database and no broker is needed; the alerts are those that `lifeline replay` gives. Files are looked
    for in LIFELINE_DATA. docs/evaluation.md tells how to bring a labelled set of your own.

    With --calibrate, simulated days take the place of feeds: the log-likelihood ratio of every state of every
    rule is counted on some, how true the claims come on others, and both are written into a file that rules
    can name. The rules are the demo city's unless --rules gives others.

    Example: `lifeline evaluate gas_metec` or `lifeline evaluate my-feed.toml --rules my.rules.toml --json`
    or `lifeline evaluate --calibrate demo.llr.json`
    """
    if calibrate is not None:
        _calibrate(calibrate, rules, span("--seeds", seeds), span("--against", against))
        return
    if not feeds:
        raise ConfigurationError("expected a FEED, or --calibrate")
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only

    from lifeline.evaluate.page import as_json, markdown, table, write  # noqa: PLC0415
    from lifeline.evaluate.run import judge  # noqa: PLC0415
    from lifeline.replay.play import read  # noqa: PLC0415
    from simulator.feed import find  # noqa: PLC0415

    data = data_folder(Settings.load())
    end = None if until is None else moment("--until", until)
    found, floors = [], {}
    for feed in feeds:
        play = read(find(feed), data, end, rules)
        floors[play.feed.name] = play.feed.floor
        found.append(judge(play))
        if json:
            typer.echo(as_json(found[-1]))
    if into is not None:
        write(into, markdown(found, floors))
    if not json:
        Console().print(table(found))


def _calibrate(out: Path, rules: Path | None, seeds: range, against: range) -> None:
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only

    from lifeline.calibrate.page import ratios, reliability  # noqa: PLC0415
    from lifeline.calibrate.run import calibrate  # noqa: PLC0415
    from rules.load import DEMO_RULES, load  # noqa: PLC0415
    from sensors.load import DEMO_CITY, read_city  # noqa: PLC0415

    if not out.parent.is_dir():
        raise ConfigurationError(f"--calibrate: expected a file in a folder, there is none at {out.parent}")
    city = read_city(DEMO_CITY)
    found = calibrate(city, load([rules or DEMO_RULES], city, measured=False), seeds, against)
    out.write_bytes(found.encode())
    Console().print(ratios(found))
    Console().print(reliability(found))
