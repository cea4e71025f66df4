"""A backtest in words."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table

from lifeline.backtest.compare import Spell
from lifeline.backtest.run import Backtest
from rules.levels import RiskLevel
from sensors.readings import SECOND


def as_json(done: Backtest) -> str:
    """The backtest as one JSON object; times in us since 1970 UTC."""
    return msgspec.json.encode(done).decode()


def shown(done: Backtest) -> Group:
    """Counts, and a line for everything that would change."""
    return Group(*_parts(done))


def _parts(done: Backtest) -> Iterator[RenderableType]:
    yield (
        f"{done.rules} rules, version {done.rules_version}, over {done.readings:,} readings"
        f" ({done.late:,} late left out) and {done.waveforms:,} waveforms"
    )
    yield f"{_time(done.since)} to {_time(done.until)} UTC, warmed from {_time(done.warmed_from)}"
    for rule, subjects in done.silent.items():
        yield f"{rule} has learned nothing at {subjects} subjects and is silent there"
    yield ", ".join(f"{count:,} {what}" for what, count in done.counts.items())
    if done.differences:
        table = Table("", "asset", "hazard", "on record", "would be")
        for each in done.differences:
            table.add_row(each.what, each.asset, each.hazard, _spell(each.recorded), _spell(each.found))
        yield table


def _spell(spell: Spell | None) -> str:
    if spell is None:
        return "-"
    end = "still on" if spell.end is None else f"to {_time(spell.end)}"
    return f"{RiskLevel(spell.level).english}, {_time(spell.start)} {end}"


def _time(us: int) -> str:
    return f"{datetime.fromtimestamp(us / SECOND, UTC):%Y-%m-%d %H:%M:%S}"
