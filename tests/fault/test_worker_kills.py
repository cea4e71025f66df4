"""Kill -9 of the worker and of the database, connections cut at the worst moment: nothing lost or doubled."""

import random
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from lifeline.runtime.services import TemporaryServices
from sensors import store
from tests.fault.stage import DEVICES, worker
from tests.support.fleet import Fleet
from tests.support.processes import until
from tests.support.proxy import Proxy
from tests.support.truth import assert_stored_once, found, unbroken
from tests.unit.rules.town import rules

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def all_stored(dsn: str, fleet: Fleet) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:

        def stored() -> bool:
            return connection.execute("select count(*) from readings").fetchone() == (len(fleet.sent),)

        until(stored, f"{len(fleet.sent)} readings", 60)


def assert_unbroken(dsn: str, fleet: Fleet) -> None:
    registry = settle_registry(dsn)
    assert_stored_once(dsn, fleet.sent)
    transitions, changes = found(dsn)
    expected = unbroken(registry, rules(), fleet.messages)
    assert len(expected[0]) > 10
    assert transitions == expected[0]
    assert changes == expected[1]


def settle_registry(dsn: str):
    with psycopg.connect(dsn) as connection:
        return store.read(connection)


def test_killing_the_worker_loses_nothing_and_doubles_nothing(
    ours: TemporaryServices, dsn: str, tmp_path: Path, seed: int, reduced: Callable[[str, int, int], int]
) -> None:
    chance = random.Random(seed)
    with worker(tmp_path, dsn, ours) as first:
        first.until("subscribed")
        with Fleet(ours.mosquitto.port, DEVICES, seed) as fleet:
            running = first
            for _ in range(reduced("kills of the worker", 4, 20)):
                time.sleep(chance.uniform(0.2, 1.5))
                running.kill()
                running = worker(tmp_path, dsn, ours)
                running.__enter__()
                if chance.random() < 0.7:
                    running.until("subscribed")
            fleet.finish()
            try:
                all_stored(dsn, fleet)
            finally:
                running.__exit__()
    assert_unbroken(dsn, fleet)


def test_killing_the_database_loses_nothing_and_doubles_nothing(
    ours: TemporaryServices, dsn: str, tmp_path: Path, seed: int, reduced: Callable[[str, int, int], int]
) -> None:
    chance = random.Random(seed)
    with worker(tmp_path, dsn, ours) as running:
        running.until("subscribed")
        with Fleet(ours.mosquitto.port, DEVICES, seed) as fleet:
            for _ in range(reduced("kills of the database", 1, 3)):
                time.sleep(chance.uniform(0.5, 2.0))
                ours.postgres.kill()
                time.sleep(chance.uniform(0.0, 1.5))
                ours.postgres.start()
            time.sleep(1.0)
            fleet.finish()
            all_stored(dsn, fleet)
    assert_unbroken(dsn, fleet)


def test_a_connection_cut_during_commit_loses_nothing_and_doubles_nothing(
    ours: TemporaryServices, dsn: str, tmp_path: Path, seed: int, reduced: Callable[[str, int, int], int]
) -> None:
    chance = random.Random(seed)
    with Proxy(ours.postgres.port) as proxy:
        through = dsn.replace(f":{ours.postgres.port}/", f":{proxy.port}/")
        with worker(tmp_path, through, ours) as running:
            running.until("subscribed")
            with Fleet(ours.mosquitto.port, DEVICES, seed) as fleet:
                for _ in range(reduced("connections cut during COMMIT", 2, 5)):
                    time.sleep(chance.uniform(0.3, 1.0))
                    proxy.cut_at(b"COMMIT", after=chance.random() < 0.5)
                    assert proxy.was_cut.wait(20)
                fleet.finish()
                all_stored(dsn, fleet)
    assert_unbroken(dsn, fleet)


def test_a_server_that_says_it_dies_to_an_idle_connection_is_begun_again_with(
    ours: TemporaryServices, dsn: str, tmp_path: Path, seed: int
) -> None:
    with Proxy(ours.postgres.port) as proxy:
        through = dsn.replace(f":{ours.postgres.port}/", f":{proxy.port}/")
        with worker(tmp_path, through, ours) as running:
            running.until("subscribed")
            with Fleet(ours.mosquitto.port, DEVICES, seed) as fleet:
                proxy.die_after(b"COMMIT\0")
                assert proxy.was_cut.wait(20)
                time.sleep(1.0)
                fleet.finish()
                all_stored(dsn, fleet)
            running.until("starting_over")
    assert_unbroken(dsn, fleet)


def test_a_second_worker_stands_by_and_takes_over(
    ours: TemporaryServices, dsn: str, tmp_path: Path, seed: int
) -> None:
    with worker(tmp_path, dsn, ours) as first, worker(tmp_path, dsn, ours) as second:
        until(lambda: any(any(w.events("subscribed")) for w in (first, second)), "a worker that is ready")
        active, waiting = (first, second) if any(first.events("subscribed")) else (second, first)
        waiting.until("standing_by")
        with Fleet(ours.mosquitto.port, DEVICES, seed) as fleet:
            time.sleep(1.0)
            assert not any(waiting.events("subscribed"))
            active.kill()
            waiting.until("subscribed")
            time.sleep(0.5)
            fleet.finish()
            all_stored(dsn, fleet)
    assert_unbroken(dsn, fleet)
    with psycopg.connect(dsn) as connection:
        epochs = connection.execute("select epoch from journal order by seq").fetchall()
    assert epochs == sorted(epochs)
    assert len(set(epochs)) == 2
