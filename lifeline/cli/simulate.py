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
    scenario: Annotated[
        Path | None,
        typer.Option(help="What happens; if not given, the demo in the demo city and nothing elsewhere."),
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
) -> None:
    """Let a simulated city feed the broker; until Ctrl-C, or for some simulated minutes.

    Example: `lifeline simulate --speed 60` or
    `lifeline simulate mycity/ --scenario storm.toml --minutes 120 --speed max --out storm.jsonl`
    """
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


def _city(city: Path | None, scenario: Path | None) -> tuple["Registry", "Scenario"]:
    from sensors.load import DEMO_CITY, read_city  # noqa: PLC0415, heavy, and needed here only
    from simulator.scenario import DEMO, QUIET, read_scenario  # noqa: PLC0415, as above

    registry = read_city(city or DEMO_CITY)
    if scenario is None and city is not None:
        return registry, QUIET
    return registry, read_scenario(scenario or DEMO, registry)


def _outlet(out: str) -> AbstractContextManager["Outlet"]:
    from simulator.outlets import FileOutlet, MqttOutlet  # noqa: PLC0415, heavy, and needed here only

    if out != "mqtt":
        return FileOutlet(Path(out))
    settings = Settings.load()
    password = settings.mqtt_password.get_secret_value() if settings.mqtt_password else None
    return MqttOutlet(settings.broker(), user=settings.mqtt_user, password=password, ca=settings.mqtt_ca)


def _this_minute() -> int:
    return int(datetime.now(UTC).timestamp()) * SECOND // MINUTE * MINUTE
