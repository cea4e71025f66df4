"""``lifeline evaluate``."""

from pathlib import Path
from typing import Annotated

import typer

from lifeline.cli.arguments import data_folder, moment
from lifeline.settings import Settings


def evaluate(
    feeds: Annotated[
        list[str],
        typer.Argument(metavar="FEED...", help="Feed files, or names of those that come with lifeline."),
    ],
    rules: Annotated[
        Path | None, typer.Option("--rules", metavar="RULES.toml", help="Other rules than the feed names.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="RFC3339", help="Leave out the rows from this time on.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a feed.")] = False,
) -> None:
    """Run labelled feeds through the whole engine, in this process, and say how good the alarms were.

    No database and no broker is needed; the alerts are those that `lifeline replay` gives. Files are looked
    for in LIFELINE_DATA. docs/evaluation.md tells how to bring a labelled set of your own.

    Example: `lifeline evaluate gas_metec` or `lifeline evaluate my-feed.toml --rules my.rules.toml --json`
    """
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only

    from lifeline.evaluate.page import as_json, table  # noqa: PLC0415
    from lifeline.evaluate.run import evaluate as run  # noqa: PLC0415
    from simulator.feed import find  # noqa: PLC0415

    data = data_folder(Settings.load())
    end = None if until is None else moment("--until", until)
    found = []
    for feed in feeds:
        found.append(run(find(feed), data, rules, end))
        if json:
            typer.echo(as_json(found[-1]))
    if not json:
        Console().print(table(found))
