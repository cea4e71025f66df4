"""``lifeline alerts kpi``: the figures of the alarm system, in a terminal or as JSON."""

from datetime import datetime

import msgspec
from rich.console import Console
from rich.table import Table

from alerts import clock, kpi_read, policy
from alerts.database import connect
from alerts.kpi import Figure, Report
from lifeline.settings import Settings
from sensors.errors import ConfigurationError


async def read(settings: Settings, since: datetime | None, until: datetime | None) -> Report:
    """The figures of a period; of the last thirty days where nothing else is said.

    Raises:
        ConfigurationError: the period ends before it begins.
    """
    by = policy.load(settings.alert_policy) if settings.alert_policy is not None else policy.default()
    async with await connect(settings.database()) as connection:
        end = until or await clock.now(connection)
        begin = since or end - kpi_read.PERIOD
        if begin >= end:
            raise ConfigurationError("--since: expected a time before --until")
        return await kpi_read.read(connection, begin, end, by.operator_positions, None)


def show(found: Report, *, as_json: bool) -> None:
    """Print them."""
    if as_json:
        print(msgspec.json.encode(found).decode())  # noqa: T201
        return
    console = Console()
    period = f"{found.since:%Y-%m-%d %H:%M} to {found.until:%Y-%m-%d %H:%M} UTC"
    console.print(f"{period}, {found.positions} operator positions")
    if not found.sound:
        console.print("fewer than 30 days: too few to judge by")
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "value", "unit", "target", ""):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for each in found.figures:
        table.add_row(each.name, _value(each), each.unit, each.target or "", _mark(each))
    console.print(table)
    for most in found.top:
        console.print(f"{most.alarms:6} {100 * most.share:5.1f} %  {most.hazard} at {most.asset_id}")


def _value(figure: Figure) -> str:
    return "–" if figure.value is None else f"{figure.value:,.4g}"


def _mark(figure: Figure) -> str:
    return {True: "met", False: "NOT MET", None: ""}[figure.met]
