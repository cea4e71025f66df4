"""Two nights and a day at the demo city's desk, lived through the real process by the test's own clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psycopg

from lifeline.runtime.ports import kept_port
from sensors.load import DEMO_CITY, read_city
from sensors.store import load as store_city
from tests.alerting import World, alerts, reference_receiver, token, until

CITY = ZoneInfo("Asia/Shanghai")
NOTE = '<script>alert("1")</script> & crew 3'
"""What somebody wrote into a reason."""


def local(day: int, clock: str) -> datetime:
    """A time of January 2026 by the city's clock."""
    return datetime.fromisoformat(f"2026-01-{day:02} {clock}").replace(tzinfo=CITY)


class Shifts:
    """The desk of a drill, in which time is that of the newest change of risk."""

    def __init__(self, world: World, client: httpx.Client) -> None:
        self.world, self.client = world, client

    def finds(self, day: int, clock: str, asset: str, hazard: str, level: int | None) -> None:
        """The rules find a level; what is due by then has happened before."""
        at = local(day, clock)
        self.passes(day, clock)
        self.world.changes(iter([(asset, hazard, at, level)]))
        until(lambda: self.world.value("select count(*) from risk_changes where claimed_at is null") == 0)

    def passes(self, day: int, clock: str) -> None:
        """It becomes that late: what that brings about has happened."""
        self.world.changes(iter([("RG-101", "data-loss", local(day, clock), None)]))
        due = "select count(*) from alerts where state <> 'closed' and due_at <= %s"
        until(lambda: self.world.value(due, local(day, clock)) == 0)

    def does(self, asset: str, act: str, why: str = "as told", **said: Any) -> None:
        """Somebody at the desk does something about the open case of an asset, now."""
        alert = self.world.value(
            "select alert_id::text from alerts where asset_id = %s and state <> 'closed'", asset
        )
        answer = self.client.post(f"/api/alerts/{alert}/{act}", json={"why": why, **said})
        assert answer.status_code == 200, answer.text


@contextmanager
def desk(database: str, folder: Path) -> Iterator[Shifts]:
    """The demo city as a drill; gas gives receipts, what is sent to water is refused for good."""
    with psycopg.connect(database, autocommit=True) as connection:
        store_city(connection, read_city(DEMO_CITY))
        connection.execute("update deployment set purpose = 'replay', run_id = 'shifts'")
    with reference_receiver(folder) as receiver:
        nowhere = f"http://127.0.0.1:{kept_port(folder / 'alerts.port')}/nowhere"
        routes = {"yunlan-gas": receiver.url, "yunlan-water": nowhere}
        with (
            alerts(database, folder, routes, drill=True) as process,
            httpx.Client(base_url=process.url, headers=token(database, "lin", "operator")) as client,
        ):
            until(lambda: process.standing() == "claiming")
            yield Shifts(World(database), client)


def live_through(shifts: Shifts) -> None:
    """From the evening of January 1st to the morning of the 3rd."""
    # A chamber beside a school: serious before midnight, major after it, handled to the end
    shifts.finds(1, "23:50:00", "VC-101", "gas-leak", 2)
    shifts.passes(1, "23:55:00")
    shifts.does("VC-101", "acknowledge")
    shifts.finds(2, "00:05:00", "VC-101", "gas-leak", 1)
    shifts.passes(2, "00:08:00")
    shifts.does("VC-101", "acknowledge", NOTE)
    shifts.passes(2, "00:10:00")
    shifts.does("VC-101", "dispatch", NOTE, to="<b>crew 3</b>")
    shifts.passes(2, "00:12:00")
    shifts.does("VC-101", "receive")
    shifts.passes(2, "00:30:00")
    shifts.does("VC-101", "arrive")
    shifts.passes(2, "00:40:00")
    shifts.does("VC-101", "verify")
    shifts.passes(2, "01:00:00")
    shifts.does("VC-101", "resolve")
    shifts.finds(2, "01:10:00", "VC-101", "gas-leak", None)
    shifts.does("VC-101", "reset")
    shifts.passes(2, "01:20:00")
    shifts.does("VC-101", "close")
    # A main that nobody looks at all day; a bridge that is low, and gone by itself
    shifts.finds(2, "08:00:00", "MN-101", "burst", 2)
    shifts.finds(2, "12:00:00", "SP-201", "overload", 4)
    shifts.finds(2, "12:30:00", "SP-201", "overload", None)
    # A manhole whose sensor is at fault
    shifts.finds(2, "23:30:00", "MH-101", "overflow", 3)
    shifts.passes(2, "23:35:00")
    shifts.does("MH-101", "acknowledge")
    shifts.passes(2, "23:40:00")
    shifts.does("MH-101", "dismiss", cause="sensor-fault")
    shifts.finds(2, "23:45:00", "MH-101", "overflow", None)
    shifts.passes(2, "23:50:00")
    shifts.does("MH-101", "close")
    # One second before midnight, and at midnight
    shifts.finds(2, "23:59:59", "QS-101", "water-quality", 3)
    shifts.finds(3, "00:00:00", "VC-301", "gas-leak", 3)
    shifts.passes(3, "00:05:00")
    shifts.does("MN-101", "acknowledge")
    shifts.passes(3, "09:00:00")
    until(lambda: not shifts.world.delivered().keys() - {"receipted", "dead"})
