"""``lifeline city``: the registry of utilities, assets, devices and sensors."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from lifeline.cli.connection import connected
from sensors.consequence import scored
from sensors.model import Domain, Registry

app = typer.Typer(
    help="The city that is watched: its utilities, assets, devices and sensors.", no_args_is_help=True
)

City = Annotated[
    Path | None,
    typer.Argument(
        metavar="PATH", help="A TOML file, or a folder with city.toml; the demo city if not given."
    ),
]


@app.command()
def load(
    path: City = None,
    scale: Annotated[
        int | None, typer.Option(min=1, help="Repeat the city until it has so many devices.")
    ] = None,
) -> None:
    """Check a city and make it the one that is watched; running workers take it up at their next batch.

    What is no longer in the files is marked as removed, and a sensor keeps its id for ever.

    Example: `lifeline city load` or `lifeline city load mycity/` or `lifeline city load --scale 85000`
    """
    from sensors import scale as scaling  # noqa: PLC0415, heavy, and needed here only
    from sensors import store  # noqa: PLC0415, as above

    registry = _read(path)
    if scale is not None:
        registry = scaling.scaled(registry, scale)
    with connected() as conn:
        version = store.load(conn, registry)
    typer.echo(f"{registry.city.name_en}: {len(registry.sensors)} sensors, registry version {version}")


@app.command()
def check(
    path: City = None,
    partitions: Annotated[
        int | None,
        typer.Option(min=2, help="Name what would cross, were the work shared by so many workers."),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option(help="With --partitions: a rule file or folder; the demo city's if not given."),
    ] = None,
) -> None:
    """Check a city's files without a database: every mistake with file, line and field.

    Workers share nothing: an edge between districts of two partitions connects nothing, and a rule over
    sensors of two sees all of them in neither. With --partitions these are named.

    Example: `lifeline city check mycity/` or `lifeline city check mycity/ --partitions 2 --rules my-rules/`
    """
    registry = _read(path)
    _print_counts(registry)
    if partitions is not None:
        _print_crossings(registry, partitions, rules)


@app.command("list")
def list_(
    domain: Annotated[Domain | None, typer.Option(help="Only the assets of this system.")] = None,
) -> None:
    """List the assets of the city that is watched, with their owners and sensors.

    Example: `lifeline city list --domain gas`
    """
    from sensors import store  # noqa: PLC0415, heavy, and needed here only

    with connected() as conn:
        registry = store.read(conn)
    _print_assets(registry, domain)


def _read(path: Path | None) -> Registry:
    from sensors.load import DEMO_CITY, read_city  # noqa: PLC0415, reads tables, and needed here only

    return read_city(path or DEMO_CITY)


def _print_crossings(registry: Registry, partitions: int, rules: Path | None) -> None:
    from lifeline.crossings import crossings  # noqa: PLC0415, heavy, and needed here only
    from rules.bind import bind  # noqa: PLC0415, as above
    from rules.load import DEMO_RULES  # noqa: PLC0415, as above
    from rules.load import load as load_rules  # noqa: PLC0415, as above
    from sensors.registry import numbered  # noqa: PLC0415, as above

    registry = numbered(registry)
    bound = bind(load_rules([rules or DEMO_RULES], registry), registry)
    found = [*crossings(registry, bound, partitions)]
    for line in found:
        typer.echo(line)
    typer.echo(f"{len(found)} would cross between {partitions} partitions")


def _print_counts(registry: Registry) -> None:
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only
    from rich.table import Table  # noqa: PLC0415, as above

    assets = {asset.id: asset.domain for asset in registry.assets}
    counts = {
        "assets": Counter(assets.values()),
        "devices": Counter(device.domain for device in registry.devices),
        "sensors": Counter(assets[sensor.asset] for sensor in registry.sensors),
    }
    typer.echo(f"{registry.city.name} {registry.city.name_en}")
    table = Table("domain", *counts, box=None, pad_edge=False)
    for domain in Domain:
        table.add_row(domain, *(str(count[domain]) for count in counts.values()))
    table.add_row("all", *(str(count.total()) for count in counts.values()))
    Console().print(table)


def _print_assets(registry: Registry, domain: Domain | None) -> None:
    from rich.console import Console  # noqa: PLC0415, heavy, and needed here only
    from rich.table import Table  # noqa: PLC0415, as above

    sensors = Counter(sensor.asset for sensor in registry.sensors)
    table = Table(box=None, pad_edge=False)
    for heading in ("asset", "name", "kind", "district", "owner", "consequence", "sensors"):
        table.add_column(heading, overflow="fold")
    scores = scored(registry)
    for asset in registry.assets:
        if domain in (None, asset.domain):
            counts = (str(scores[asset.id].worst), str(sensors[asset.id]))
            table.add_row(asset.id, asset.name, asset.kind, asset.district, asset.utility, *counts)
    Console().print(table)
