"""``lifeline rules``."""

from pathlib import Path
from typing import Annotated

import typer

from lifeline.settings import Settings

app = typer.Typer(help="The rules that turn readings into evidence.", no_args_is_help=True)

Paths = Annotated[
    list[Path] | None, typer.Argument(help="rule files, or folders of them; default: the demo city's")
]


def _paths(given: list[Path] | None) -> list[Path]:
    from rules.load import DEMO_RULES  # noqa: PLC0415

    return given or [DEMO_RULES]


@app.command()
def check(
    paths: Paths = None,
    city: Annotated[
        Path | None, typer.Option(help="also check that each rule finds a sensor in this city")
    ] = None,
) -> None:
    """Read rule files and name every mistake with file, line and key; nothing is changed.

    Example: `lifeline rules check my-rules/ --city my-city/`
    """
    from rules.load import load as load_rules  # noqa: PLC0415
    from sensors.load import read_city  # noqa: PLC0415

    found = load_rules(_paths(paths), read_city(city) if city is not None else None)
    typer.echo(f"{len(found.rules)} rules, version {found.version}: no mistakes")


@app.command("test")
def try_cases(paths: Paths = None) -> None:
    """Play the cases that rule files bring along ([[case]]) and say where the rules say something else.

    Each case is a small series and the transitions, and levels, that it must make. Ends with 1 if one fails.
    A file that needs others of its folder is read with them.

    Example: `lifeline rules test my-rules/`
    """
    from lifeline.cases import cases_of, try_case  # noqa: PLC0415
    from sensors.errors import ConfigurationError  # noqa: PLC0415

    rules, cases = cases_of(_paths(paths))
    if not cases:
        raise ConfigurationError("no [[case]] in these files")
    tried = [try_case(case, rules) for case in cases]
    for each in tried:
        typer.echo(f"{'pass' if each.passed else 'FAIL'}  {each.name}")
        for line in each.missing:
            typer.echo(f"        not said: {line}")
        for line in each.unexpected:
            typer.echo(f"    not expected: {line}")
    failed = sum(not each.passed for each in tried)
    typer.echo(f"{len(tried) - failed} of {len(tried)} cases pass")
    if failed:
        raise typer.Exit(1)


@app.command()
def load(paths: Paths = None) -> None:
    """Let the rules hold from now on; a running worker takes them between two batches.

    Refused as a whole if there is one mistake in them, or a rule finds no sensor in the loaded city.

    Example: `lifeline rules load my-rules/`
    """
    import psycopg  # noqa: PLC0415

    from rules import store  # noqa: PLC0415
    from rules.load import load as load_rules  # noqa: PLC0415
    from sensors import store as cities  # noqa: PLC0415

    with psycopg.connect(Settings.load().database(), autocommit=True) as connection:
        rules = load_rules(_paths(paths), cities.read(connection))
        typer.echo(f"{len(rules.rules)} rules, version {store.load(connection, rules)}: loaded")


@app.command("list")
def list_() -> None:
    """Show the rules that hold now.

    Example: `lifeline rules list`
    """
    import psycopg  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from rules import store  # noqa: PLC0415
    from sensors.errors import ConfigurationError  # noqa: PLC0415

    with psycopg.connect(Settings.load().database()) as connection:
        rules = store.read(connection)
    if rules is None:
        raise ConfigurationError("no rules are loaded: call `lifeline rules load`")
    table = Table("rule", "kind", "hazard", "title", "source", title=f"version {rules.version}")
    for rule in rules.rules:
        table.add_row(rule.name, rule.kind, rule.hazard, f"{rule.title} / {rule.title_en}", rule.source)
    Console().print(table)


@app.command()
def explain(
    id_: Annotated[
        str,
        typer.Argument(metavar="ID", help="of an alert, a transition (UUIDs) or a risk change (a number)"),
    ],
    json: Annotated[bool, typer.Option("--json", help="one JSON object, with all readings")] = False,
    plot: Annotated[
        Path | None,
        typer.Option(help="draw the readings, thresholds and the moment as PNG; needs matplotlib"),
    ] = None,
) -> None:
    """Say why: readings, evidence, weights, likelihood, consequence, matrix cell, and the rules behind it.

    Of an alert it is the change that first made it as bad as it was.

    Example: `lifeline rules explain 4711 --plot why.png`
    """
    from rich.console import Console  # noqa: PLC0415

    from lifeline.explain.plot import draw  # noqa: PLC0415
    from lifeline.explain.read import read  # noqa: PLC0415
    from lifeline.explain.show import as_json, shown  # noqa: PLC0415

    account = read(Settings.load().database(), id_)
    if plot is not None:
        draw(account, plot)
    if json:
        typer.echo(as_json(account))
    else:
        Console().print(shown(account))


@app.command()
def learn(
    out: Annotated[Path, typer.Option(help="The file to write; load it beside the rules.")],
    since: Annotated[
        str, typer.Option("--from", metavar="RFC3339", help="The beginning of a quiet stretch.")
    ],
    until: Annotated[str, typer.Option("--to", metavar="RFC3339", help="Its end.")],
    paths: Paths = None,
) -> None:
    """Let rules learn from a quiet stretch of stored history, and write what they learned as a rule file.

    Example: `lifeline rules learn my-rules/ --from 2025-10-01T00:00+08:00 --to 2025-10-29T00:00+08:00
    --out my-rules/learned.toml`, then `lifeline rules load my-rules/`
    """
    import asyncio  # noqa: PLC0415

    from lifeline.cli.arguments import moment  # noqa: PLC0415
    from lifeline.learning import learn_stored, learned_text  # noqa: PLC0415
    from sensors.errors import ConfigurationError  # noqa: PLC0415
    from sensors.whole import whole  # noqa: PLC0415

    first, last = moment("--from", since), moment("--to", until)
    found, failed = asyncio.run(learn_stored(Settings.load().database(), _paths(paths), first, last))
    for (rule, subject), why in failed.items():
        typer.echo(f"{rule} at {subject} learned nothing: {why}", err=True)
    if not found.learned:
        raise ConfigurationError(f"nothing was learned; {out} is not written")
    with whole(out) as file:
        file.write(learned_text(found.learned).encode())
    typer.echo(f"{len(found.learned)} learned, {len(failed)} not; {out}")


@app.command()
def backtest(
    since: Annotated[str, typer.Option("--from", metavar="RFC3339", help="The beginning of the comparison.")],
    until: Annotated[str, typer.Option("--to", metavar="RFC3339", help="Its end.")],
    rules: Annotated[
        Path | None, typer.Option(help="A rule file, or a folder of them; default: the rules that hold now.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")] = False,
) -> None:
    """Let rules hear stored history, and say what would change against the alerts on record; read-only.

    Example: `lifeline rules backtest --from 2025-11-01T00:00+08:00 --to 2025-11-08T00:00+08:00 --rules new/`
    """
    import asyncio  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from lifeline.backtest.run import backtest as run  # noqa: PLC0415
    from lifeline.backtest.show import as_json, shown  # noqa: PLC0415
    from lifeline.cli.arguments import moment  # noqa: PLC0415

    first, last = moment("--from", since), moment("--to", until)
    with Console(stderr=True).status("reading history") as status:
        done = asyncio.run(
            run(
                Settings.load().database(), first, last, rules,
                lambda share: status.update(f"reading history, {share:.0%}"),
            )
        )  # fmt: skip
    if json:
        typer.echo(as_json(done))
    else:
        Console().print(shown(done))
