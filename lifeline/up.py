"""``lifeline up``: a whole city in one terminal, from sensor to receipt, in accelerated time."""

import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import psycopg
from rich.console import Console
from rich.live import Live

from alerts import tokens
from lifeline.settings import Settings
from lifeline.stage import Cast, play, settle, stage
from lifeline.summary import Summary, summarise
from lifeline.view import Camera, Picture, View
from rules.load import DEMO_RULES
from rules.load import load as load_rules
from sensors.errors import LifelineError
from sensors.load import DEMO_CITY, read_city
from sensors.readings import MINUTE, SECOND
from simulator.log import Record
from simulator.outlets import MqttOutlet
from simulator.publish import Publisher
from simulator.scenario import DEMO
from simulator.scenario_file import read_scenario
from simulator.simulation import Simulation

SPEED = 120.0
"""Simulated seconds a second: the demo's two hours in a minute."""

_UNDONE = """
select (select coalesce(sum(readings), 0) from journal) < %s
    or exists (select from risk_changes where claimed_at is null)
    or exists (select from deliveries where finished_at is null)
"""

_GLANCE_S = 0.5
_LINE_S = 5.0
_LAST_RECEIPT_S = 20.0
_SEED = 7


class RunFailedError(LifelineError):
    """Readings were lost or stored twice."""


def up(settings: Settings, minutes: float | None) -> Summary | None:
    """Run the demo city for some minutes and sum up, or until Ctrl-C.

    Raises:
        RunFailedError: something got lost, or was stored twice.
        UnavailableError: a part of it did not start, or ended.
    """
    console = Console()
    console.print(
        "starting TimescaleDB, Mosquitto, worker, alerts, and a receiver that plays the utilities …"
    )
    with stage(settings) as staged:
        city = read_city(DEMO_CITY)
        registry = settle(staged.settings, city, load_rules([DEMO_RULES], city))
        start = int(datetime.now(UTC).timestamp()) * SECOND // MINUTE * MINUTE
        simulation = Simulation(registry, read_scenario(DEMO, registry), start=start, seed=_SEED)
        # An endless run is not summed up, and must not fill the memory with what it published.
        records: list[Record] | deque[Record] = deque(maxlen=0) if minutes is None else []
        with play(staged) as cast, MqttOutlet(staged.mqtt_url) as outlet:
            publisher = Publisher(simulation, outlet, records, speed=SPEED)
            until = None if minutes is None else start + round(minutes * SPEED * MINUTE)
            address = _sign_in(staged.dsn, cast)
            console.print(f"the operator's console, for as long as this runs: {address}", soft_wrap=True)
            with _publishing(publisher, until) as thread:
                _watch(console, staged.dsn, View(registry, address), publisher, thread, cast)
            if minutes is None:
                return None
            _await_the_last_receipt(staged.dsn, publisher)
        truth = [each for each in simulation.truth(publisher.now) if each.before <= publisher.now]
        summary = summarise(staged.dsn, registry, list(records), truth)
    if summary.lost or summary.duplicates:
        raise RunFailedError(f"{summary.lost} readings lost, {summary.duplicates} stored twice")
    return summary


def _sign_in(dsn: str, cast: Cast) -> str:
    """The console's address for an operator of the demo's own; the database, and so the token, ends with it.

    The token stands behind the #, which a browser sends to nobody.
    """
    token = tokens.add(dsn, "demo-operator", "operator", None)
    return f"{cast.alerts.until('listening')['address']}/#token={token}"


@contextmanager
def _publishing(publisher: Publisher, until: int | None) -> Iterator[threading.Thread]:
    """The simulation in a thread of its own; stopped at the end, also by SIGTERM and Ctrl-C."""
    thread = threading.Thread(target=publisher.run, args=(until,), name="simulation")
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    thread.start()
    try:
        yield thread
    except KeyboardInterrupt:
        if until is not None:
            raise
    except (LifelineError, psycopg.OperationalError) as error:
        if until is not None or not _interrupted(error):
            raise
    finally:
        publisher.stop()
        thread.join()
        signal.signal(signal.SIGTERM, before)


def _interrupted(error: BaseException | None) -> bool:
    """Whether it is what Ctrl-C came to: psycopg cancels its query then, at a server that may be ending."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _watch(
    console: Console, dsn: str, view: View, publisher: Publisher, thread: threading.Thread, cast: Cast
) -> None:
    """Show the city until the simulation has ended; a screen on a terminal, else a line now and then."""
    with closing(Camera(dsn, view.registry, SPEED)) as camera:

        def picture() -> Picture:
            cast.check()
            return camera.take(publisher.now, publisher.readings, time.monotonic())

        if console.is_terminal:
            with Live(view.render(picture()), console=console, screen=True, auto_refresh=False) as live:
                while thread.is_alive():
                    thread.join(_GLANCE_S)
                    live.update(view.render(picture()), refresh=True)
            console.print(view.render(picture()))
        else:
            while thread.is_alive():
                thread.join(_LINE_S)
                console.print(view.line(picture()))


def _await_the_last_receipt(dsn: str, publisher: Publisher) -> None:
    """Wait until everything published is stored, judged and delivered, or for some seconds at most."""
    deadline = time.monotonic() + _LAST_RECEIPT_S
    with psycopg.connect(dsn, autocommit=True) as connection:
        while time.monotonic() < deadline:
            publisher.answer()
            row = connection.execute(_UNDONE, (publisher.readings,)).fetchone()
            if row is not None and not row[0]:
                return
            time.sleep(0.1)
