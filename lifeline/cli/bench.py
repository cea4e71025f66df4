"""``lifeline bench``."""

from enum import StrEnum
from typing import Annotated

import typer

from lifeline.settings import Settings

app = typer.Typer(
    help="Measure on this machine what is claimed, with the ceiling beside it.", no_args_is_help=True
)


class Case(StrEnum):
    """The cases of ``bench ingest``."""

    PACKS = "packs"
    SINGLES = "singles"
    LATENCY = "latency"


class RuleCase(StrEnum):
    """The cases of ``bench rules``."""

    KINDS = "kinds"
    CITY = "city"
    STATE = "state"
    RESTART = "restart"
    SPECTRUM = "spectrum"


class SimulateCase(StrEnum):
    """The cases of ``bench simulate``."""

    LOAD = "load"
    PUBLISH = "publish"
    DAY = "day"
    CITY = "city"


class AlertsCase(StrEnum):
    """The cases of ``bench alerts``."""

    LATENCY = "latency"
    OUTAGE = "outage"
    STORM = "storm"
    LIST = "list"
    CONSOLE = "console"


Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@app.command()
def ingest(
    case: Annotated[list[Case] | None, typer.Option(help="Only these cases.")] = None,
    as_json: Json = False,
) -> None:
    """From the broker to committed rows, rules on: rate against the bare parts, and latency to the alert.

    Example: `lifeline bench ingest --case packs --json`
    """
    from lifeline.bench import figures  # noqa: PLC0415, heavy, and needed here only
    from lifeline.bench import ingest as benches  # noqa: PLC0415

    settings = Settings.load()
    for each in case or Case:
        figures.show(benches.CASES[each](settings), as_json=as_json)


@app.command()
def rules(
    case: Annotated[list[RuleCase] | None, typer.Option(help="Only these cases.")] = None,
    as_json: Json = False,
) -> None:
    """The rule engine alone: readings a second of one core, memory, restart, spectra.

    Example: `lifeline bench rules --case kinds --json`
    """
    from lifeline.bench import figures  # noqa: PLC0415, heavy, and needed here only
    from lifeline.bench import rules as benches  # noqa: PLC0415

    settings = Settings.load()
    for each in case or RuleCase:
        figures.show(benches.CASES[each](settings), as_json=as_json)


@app.command()
def simulate(
    case: Annotated[list[SimulateCase] | None, typer.Option(help="Only these cases.")] = None,
    as_json: Json = False,
) -> None:
    """The simulator: making load, a day of the demo city, the memory of a city of 85,000 devices.

    Example: `lifeline bench simulate --case day --json`
    """
    from lifeline.bench import figures  # noqa: PLC0415, heavy, and needed here only
    from lifeline.bench import simulate as benches  # noqa: PLC0415

    settings = Settings.load()
    for each in case or SimulateCase:
        figures.show(benches.CASES[each](settings), as_json=as_json)


@app.command()
def replay(
    as_json: Json = False,
) -> None:
    """Stored history out of the database and through the rules: readings a second of one core.

    Example: `lifeline bench replay --json`
    """
    from lifeline.bench import figures  # noqa: PLC0415, heavy, and needed here only
    from lifeline.bench.replay import history  # noqa: PLC0415

    figures.show(history(Settings.load()), as_json=as_json)


@app.command()
def query(
    readings: Annotated[
        int, typer.Option(min=1_000_000, help="How many the database holds; it is kept.")
    ] = 100_000_000,
    as_json: Json = False,
) -> None:
    """What dashboards ask, of a database full of readings: time of each query, 50th and 95th percentile.

    Filling it takes a while the first time, and some 15 GB; it stays in the runtime's folder.

    Example: `lifeline bench query --json`
    """
    from lifeline.bench import figures  # noqa: PLC0415, heavy, and needed here only
    from lifeline.bench import query as benches  # noqa: PLC0415

    figures.show(benches.query(Settings.load(), readings), as_json=as_json)


@app.command()
def alerts(
    case: Annotated[list[AlertsCase] | None, typer.Option(help="Only these cases.")] = None,
    as_json: Json = False,
) -> None:
    """From a committed change of risk to the receipt, at 100 a second; an outage; a storm; the console.

    Example: `lifeline bench alerts --case latency --json`
    """
    from lifeline.bench import alerts as benches  # noqa: PLC0415, heavy, and needed here only
    from lifeline.bench import figures  # noqa: PLC0415

    settings = Settings.load()
    for each in case or AlertsCase:
        figures.show(benches.CASES[each](settings), as_json=as_json)
