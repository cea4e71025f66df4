"""``lifeline simulate``."""

import signal
from collections import deque
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lifeline.cli.arguments import moment, pace
from lifeline.settings import Settings
from sensors.readings import MINUTE, SECOND

if TYPE_CHECKING:
    from sensors.model import Registry
    from simulator.log import Log
    from simulator.outlets import Outlet
    from simulator.scenario import Scenario


def simulate(
    city: Annotated[
        Path | None,
        typer.Argument(help="A TOML file, or a folder with city.toml; the demo city if not given."),
    ] = None,
    *,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="SCENARIO",
            help="A file, or one of ours; if not given, the demo in the demo city, else nothing.",
        ),
    ] = None,
    speed: Annotated[
        str, typer.Option(metavar="N|max", help="Simulated seconds a second, or as fast as it goes.")
    ] = "1",
    seed: Annotated[int, typer.Option(min=0, help="The same seed and start give the same messages.")] = 0,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Simulated minutes; until Ctrl-C if not given.")
    ] = None,
    out: Annotated[
        str, typer.Option(metavar="mqtt|FILE", help="The broker, or a file of JSON lines.")
    ] = "mqtt",
    start: Annotated[
        str | None, typer.Option(metavar="RFC3339", help="Where simulated time begins; now if not given.")
    ] = None,
    log: Annotated[Path | None, typer.Option(help="A file for what was published, and when.")] = None,
    check: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCENARIO", help="Play it against the rules in this process; a file, or one of ours."
        ),
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="With --check: a rule file or folder; the demo city's if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="With --check: one JSON object a scenario.")] = False,
) -> None:
    """Let a simulated city feed the broker; until Ctrl-C, or for some simulated minutes.

    With --check nothing is published: a scenario is played against the engine in this process, as fast as it
    goes, and it is said which of its expectations held. The exit code is 1 if one did not.

    Example: `lifeline simulate --speed 60` or
    `lifeline simulate mycity/ --scenario storm.toml --minutes 120 --speed max --out storm.jsonl`
    or `lifeline simulate --check gas-leak --check storm-no-flood --json`
    """
    if check:
        _check(city, check, rules, None if start is None else moment("--start", start), seed, json)
        return
    from simulator.log import LogFile  # noqa: PLC0415, heavy, and needed here only
    from simulator.publish import Publisher  # noqa: PLC0415, as above
    from simulator.simulation import Simulation  # noqa: PLC0415, as above

    begin = _this_minute() if start is None else moment("--start", start)
    factor = pace("--speed", speed)
    registry, happening = _city(city, scenario)
    simulation = Simulation(registry, happening, start=begin, seed=seed)
    for sensor in simulation.unsimulated:
        typer.echo(f"{sensor}: no physics knows this key at its kind of asset; it sends nothing", err=True)
    with ExitStack() as open_:
        outlet = open_.enter_context(_outlet(out))
        records: Log = open_.enter_context(LogFile(log)) if log else deque(maxlen=0)
        publisher = Publisher(simulation, outlet, records, speed=factor)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: publisher.stop())
        publisher.run(None if minutes is None else begin + round(minutes * MINUTE))
    took = (publisher.now - begin) / MINUTE
    typer.echo(f"published {publisher.readings:,} readings of {took:.1f} simulated minutes")


def _city(city: Path | None, scenario: str | None) -> tuple["Registry", "Scenario"]:
    from sensors.load import DEMO_CITY, read_city  # noqa: PLC0415, heavy, and needed here only
    from simulator.scenario import DEMO, QUIET  # noqa: PLC0415, as above
    from simulator.scenario_file import find, read_scenario  # noqa: PLC0415, as above
    from simulator.setting import setting  # noqa: PLC0415, as above

    registry = read_city(city or DEMO_CITY)
    if scenario is None and city is not None:
        return registry, QUIET
    happening = read_scenario(DEMO if scenario is None else find(scenario), registry)
    return setting(happening, registry), happening


def _check(
    city: Path | None, scenarios: list[str], rules: Path | None, start: int | None, seed: int, json: bool
) -> None:
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only

    from lifeline.check.page import as_json, line, remarks, table  # noqa: PLC0415, as above
    from lifeline.check.run import check  # noqa: PLC0415, as above
    from rules.load import DEMO_RULES  # noqa: PLC0415, as above
    from sensors.load import DEMO_CITY, read_city  # noqa: PLC0415, as above
    from simulator.scenario_file import find  # noqa: PLC0415, as above

    registry, passed = read_city(city or DEMO_CITY), True
    for scenario in scenarios:
        checked = check(find(scenario), registry, rules or DEMO_RULES, start=start, seed=seed)
        passed = passed and checked.passed
        if json:
            typer.echo(as_json(checked))
        else:
            Console().print(table(checked))
            typer.echo("\n".join([*remarks(checked), line(checked)]))
    if not passed:
        raise typer.Exit(1)


def _outlet(out: str) -> AbstractContextManager["Outlet"]:
    from simulator.outlets import FileOutlet, MqttOutlet  # noqa: PLC0415, heavy, and needed here only

    if out != "mqtt":
        return FileOutlet(Path(out))
    settings = Settings.load()
    password = settings.mqtt_password.get_secret_value() if settings.mqtt_password else None
    return MqttOutlet(settings.broker(), user=settings.mqtt_user, password=password, ca=settings.mqtt_ca)


def _this_minute() -> int:
    return int(datetime.now(UTC).timestamp()) * SECOND // MINUTE * MINUTE
