"""Kill -9 of the broker: what it had accepted and lost is known, and comes again from devices that can."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from lifeline.runtime.services import TemporaryServices
from tests.fault.stage import DEVICES, worker
from tests.support.fleet import START_MS, STEP_MS, Fleet
from tests.support.processes import until
from tests.support.truth import assert_stored_once

pytestmark = [pytest.mark.fault, pytest.mark.timeout(600)]


def crash_the_broker(services: TemporaryServices, worker_pid: int, chance: random.Random) -> None:
    """With messages in its memory that the worker has not had."""
    os.kill(worker_pid, signal.SIGSTOP)
    time.sleep(chance.uniform(0.2, 0.6))
    services.mosquitto.kill()
    os.kill(worker_pid, signal.SIGCONT)
    services.mosquitto.start()


def missing(dsn: str) -> set[tuple[str, int]]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select device_id, n from message_gaps, unnest(missing) gap,"
            " generate_series(lower(gap), upper(gap) - 1) n"
        ).fetchall()
    return set(rows)


def absent(dsn: str, fleet: Fleet) -> set[tuple[str, int]]:
    """What the devices sent and the database has not, by number."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "select device_id, (extract(epoch from time) * 1000)::bigint"
            " from readings join sensors using (sensor_id)"
        ).fetchall()
    stored = set(rows)
    return {(s.device, s.number) for s in fleet.sent if (s.device, _time(s.number)) not in stored}


def _time(number: int) -> int:
    return START_MS + number * STEP_MS


def test_what_a_crash_of_the_broker_lost_is_sent_again_by_devices_that_can(
    ours: TemporaryServices, dsn: str, tmp_path: Path, seed: int, reduced: Callable[[str, int, int], int]
) -> None:
    chance = random.Random(seed)
    # The feed's clock is lost with the rest, and then the readings are ahead of it.
    with worker(tmp_path, dsn, ours, newest_minutes=100_000) as running:
        running.until("subscribed")
        with Fleet(ours.mosquitto.port, DEVICES, seed, answers=True) as fleet:
            for crash in range(reduced("crashes of the broker", 1, 3)):
                time.sleep(chance.uniform(0.5, 1.5))
                crash_the_broker(ours, running.pid, chance)
                running.until("subscribed", times=crash + 2)
                time.sleep(1.0)
            fleet.finish()
            until(lambda: not absent(dsn, fleet), "every reading", 60)
            until(lambda: not missing(dsn), "every gap filled", 10)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select count(*) > 0 from message_gaps").fetchone() == (True,)
    assert_stored_once(dsn, fleet.sent)


def test_what_a_crash_of_the_broker_lost_is_exactly_what_is_recorded_as_missing(
    ours: TemporaryServices, dsn: str, tmp_path: Path, seed: int, reduced: Callable[[str, int, int], int]
) -> None:
    chance = random.Random(seed)
    # The feed's clock is lost with the rest, and then the readings are ahead of it.
    with worker(tmp_path, dsn, ours, newest_minutes=100_000) as running:
        running.until("subscribed")
        with Fleet(ours.mosquitto.port, DEVICES, seed) as fleet:
            for crash in range(reduced("crashes of the broker", 1, 3)):
                time.sleep(chance.uniform(0.5, 1.5))
                crash_the_broker(ours, running.pid, chance)
                running.until("subscribed", times=crash + 2)
                time.sleep(1.0)
            fleet.finish()
            last = {(f"d{device}", fleet.sent[-DEVICES:][device].number) for device in range(DEVICES)}
            until(lambda: not last & absent(dsn, fleet), "the last round")
            time.sleep(1.0)
    lost = absent(dsn, fleet)
    assert lost
    assert missing(dsn) == lost
