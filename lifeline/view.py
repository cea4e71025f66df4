"""The city in a terminal: every asset's level, the alerts as they come, and whether anything got lost."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from rules.hazards import hazards
from rules.levels import RiskLevel
from sensors.model import Asset, Registry

STYLES = {
    1: "bold white on red",
    2: "bold black on dark_orange",
    3: "bold black on yellow",
    4: "bold white on blue",
}
DOTS = {1: "red", 2: "dark_orange", 3: "yellow", 4: "blue"}
_NEWEST = 30

_TOTALS = """
select coalesce(sum(readings), 0), coalesce(sum(duplicates), 0) from journal
"""

_ALERTS = """
select a.alert_id, a.asset_id, a.hazard, a.level, a.worst_level, a.state, a.opened_at,
    (select count(*) from deliveries d join alert_events e using (event_id) where e.alert_id = a.alert_id),
    (select count(*) from deliveries d join alert_events e using (event_id)
     where e.alert_id = a.alert_id and d.state = 'receipted')
from alerts a order by a.opened_at desc, a.alert_id
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One alert as the view shows it."""

    asset: Asset
    hazard: str
    level: int | None
    worst: int
    state: str
    opened: datetime
    deliveries: int
    receipts: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What is to be seen at one moment."""

    feed_time: datetime
    speed: float
    published: int
    stored: int
    per_second: float
    cases: Sequence[Case]


class Camera:
    """Takes pictures of a running city."""

    def __init__(self, dsn: str, registry: Registry, speed: float) -> None:
        self._dsn, self._speed = dsn, speed
        self._assets = {asset.id: asset for asset in registry.assets}
        self._zone = ZoneInfo(registry.city.timezone)
        self._connection: Connection[TupleRow] | None = None
        self._before: tuple[float, int] | None = None

    def take(self, feed_time: int, published: int, now: float) -> Picture:
        """A picture at ``now`` (s, monotonic) of a feed that has come to ``feed_time`` (us)."""
        if self._connection is None:
            self._connection = psycopg.connect(self._dsn, autocommit=True)
        row = self._connection.execute(_TOTALS).fetchone()
        stored = int(row[0]) if row is not None else 0
        then, before = self._before or (now, stored)
        self._before = now, stored
        rate = (stored - before) / (now - then) if now > then else 0.0
        moment = datetime.fromtimestamp(feed_time / 1e6, self._zone)
        return Picture(moment, self._speed, published, stored, rate, self._cases(self._connection))

    def close(self) -> None:
        """Put the camera away."""
        if self._connection is not None:
            self._connection.close()

    def _cases(self, connection: Connection[TupleRow]) -> list[Case]:
        return [
            Case(
                self._assets[asset],
                hazard,
                level,
                worst,
                state,
                opened.astimezone(self._zone),
                sent,
                receipts,
            )
            for _, asset, hazard, level, worst, state, opened, sent, receipts in connection.execute(_ALERTS)
        ]


class View:
    """Pictures as terminal screens."""

    def __init__(self, registry: Registry, console: str) -> None:
        """console: the address at which the operator's page is, signed in."""
        self.registry, self._console = registry, console

    def render(self, picture: Picture) -> RenderableType:
        """One screen."""
        layout = Layout()
        layout.split_column(Layout(self._head(picture), size=5), Layout(name="body"))
        layout["body"].split_row(
            Layout(self._assets(picture), ratio=1), Layout(self._alerts(picture), ratio=2)
        )
        return layout

    def line(self, picture: Picture) -> str:
        """The same in one line, for where there is no terminal."""
        worst = self._counts(picture)
        counts = ", ".join(f"{worst[level.value]} {level.english}" for level in RiskLevel)
        return (
            f"{picture.feed_time:%H:%M} {picture.per_second:,.0f} readings/s, {picture.stored:,} stored of"
            f" {picture.published:,} published; live cases: {counts}"
        )

    def _head(self, picture: Picture) -> Panel:
        city = self.registry.city
        first = Text.assemble(
            (f"{city.name} {city.name_en}", "bold"),
            f"  {picture.feed_time:%Y-%m-%d %H:%M} x{picture.speed:g}  ",
            (f"{picture.per_second:,.0f}", "bold"), " readings/s  ",
            (f"{picture.stored:,}", "bold"), f" of {picture.published:,} stored",
        )  # fmt: skip
        worst = self._counts(picture)
        second = Text("live ")
        for level in RiskLevel:
            second.append(f" {level.chinese} {level.english} {worst[level.value]} ", STYLES[level.value])
            second.append(" ")
        sent, receipts = (
            sum(getattr(case, name) for case in picture.cases) for name in ("deliveries", "receipts")
        )
        second.append(f"{receipts} receipts of {sent} messages")
        return Panel(Group(first, second, Text.assemble(("console ", "dim"), self._console)))

    def _counts(self, picture: Picture) -> dict[int, int]:
        counts: dict[int, int] = defaultdict(int)
        for case in picture.cases:
            if case.level is not None:
                counts[case.level] += 1
        return counts

    def _assets(self, picture: Picture) -> Panel:
        """A dot an asset; those with live evidence are filled in the colour of their level."""
        live: dict[str, int] = {}
        for case in picture.cases:
            if case.level is not None:
                live[case.asset.id] = min(case.level, live.get(case.asset.id, case.level))
        by_domain: dict[str, list[Asset]] = defaultdict(list)
        for asset in self.registry.assets:
            by_domain[asset.domain].append(asset)
        sensors: dict[str, int] = defaultdict(int)
        domain_of = {asset.id: asset.domain for asset in self.registry.assets}
        for sensor in self.registry.sensors:
            sensors[domain_of[sensor.asset]] += 1
        table = Table.grid(padding=(0, 1))
        for domain, assets in by_domain.items():
            dots = Text(overflow="fold")
            for asset in sorted(assets, key=lambda each: (live.get(each.id, 9), each.id)):
                level = live.get(asset.id)
                dots.append("● " if level else "· ", DOTS[level] if level else "dim")
            named = ", ".join(
                f"{asset.id}" for asset in sorted(assets, key=lambda a: live.get(a.id, 9)) if asset.id in live
            )
            label = Text.assemble(
                (domain, "bold"), (f"\n{len(assets)} assets\n{sensors[domain]} sensors", "dim")
            )
            table.add_row(label, Group(dots, Text(named, style="bold")))
            table.add_row("", "")
        return Panel(table, title="assets 设施")

    def _alerts(self, picture: Picture) -> Panel:
        table = Table(box=None, expand=True, padding=(0, 1), header_style="dim")
        widths = {"opened": 6, "level": 10, "asset": 8, "": None, "hazard": 20, "state": 12, "receipts": 8}
        for name, width in widths.items():
            # What has no room is cut, never folded: one alert is one line.
            ratio = None if width else 1
            table.add_column(name, no_wrap=True, overflow="ellipsis", min_width=width, ratio=ratio)
        for case in picture.cases[:_NEWEST]:
            shown = case.level or case.worst
            level = RiskLevel(shown)
            style = STYLES[shown] if case.level else "dim"
            hazard = hazards()[case.hazard]
            table.add_row(
                f"{case.opened:%H:%M}",
                Text(f" {level.chinese} ", style),
                Text(case.asset.id, "bold"),
                case.asset.name_en,
                f"{hazard.name} {hazard.name_en}",
                Text(case.state, "" if case.level else "dim"),
                f"{case.receipts}/{case.deliveries}" if case.deliveries else "",
            )
        return Panel(table, title="alerts 预警")
