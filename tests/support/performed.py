"""A replay whose parts a test has in its hands: worker and alerts as processes, and a worker to kill."""

from pathlib import Path

import psycopg

from ingest.partition import Partition
from lifeline.replay.journal import Journal
from lifeline.replay.source import Source
from rules import store as rule_store
from sensors import store as city_store
from simulator.feed_publish import FeedPublisher
from simulator.outlets import MqttOutlet
from tests.support.processes import Lifeline


def perform(
    play: Source,
    dsn: str,
    mqtt_url: str,
    folder: Path,
    *,
    speed: float | None = None,
    kill_at: int | None = None,
) -> None:
    """Play it through broker, worker, database and alerts; the worker is killed after an instant."""
    settle(dsn, play)
    services = {"dsn": dsn, "mqtt_url": mqtt_url}
    alerts = Lifeline(folder, "alerts", **services, api_host="127.0.0.1", api_port=0)
    worker = [_worker(folder, services)]
    with alerts, MqttOutlet(mqtt_url) as outlet, psycopg.connect(dsn, autocommit=True) as connection:
        alerts.until("listening")
        worker[0].until("subscribed")
        journal = Journal(connection, Partition().name, lambda: None)
        try:
            publisher = FeedPublisher(outlet, journal.keep_up, speed=speed)
            for number, _ in enumerate(publisher.run(play.instants())):
                if number == kill_at:
                    worker[0].kill()
                    worker[0] = _worker(folder, services)
            publisher.tick(play.extent.end)
            journal.until(play.extent.end)
            journal.until_claimed()
        finally:
            worker[0].__exit__()


def settle(dsn: str, play: Source) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        city_store.load(connection, play.registry)
        rule_store.load(connection, play.rules)
        connection.execute("update deployment set purpose = 'replay', run_id = 'test'")


def _worker(folder: Path, services: dict[str, str]) -> Lifeline:
    worker = Lifeline(folder, "worker", "--clock", "feed", metrics_port=0, snapshot_s=1, **services)
    worker.__enter__()
    return worker
