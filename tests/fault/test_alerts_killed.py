"""kill -9 of ``lifeline alerts`` while more and more is found: nothing is lost, nothing acted on twice."""

import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.alerting import START, World, alerts, reference_receiver, until

CHANGES = 200


def feed(chance: random.Random) -> Iterator[tuple[str, str, datetime, int | None]]:
    """Changes of risk, each of another level than the one before it at its asset."""
    levels: dict[str, int | None] = defaultdict(lambda: None)
    for n in range(CHANGES):
        asset = f"{chance.choice(['dma', 'chamber'])}-{chance.randrange(20)}"
        level = chance.choice([each for each in (1, 2, 3, 4, None) if each != levels[asset]])
        levels[asset] = level
        yield asset, "burst", START + timedelta(seconds=n), level


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_nothing_is_lost_and_nothing_acted_on_twice(
    database: str, tmp_path: Path, reduced: Callable[[str, int, int], int]
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    world = World(database)
    kills = reduced("kill -9 of alerts", 3, 20)
    changes = list(feed(chance))
    chunk = CHANGES // kills + 1
    with reference_receiver(tmp_path) as desk:
        to = {"water-co": desk.url, "gas-co": desk.url}
        for kill in range(kills):
            with alerts(database, tmp_path, to) as process:
                until(lambda: process.standing() == "claiming")
                end = time.monotonic() + chance.uniform(0.02, 0.5)
                for change in changes[kill * chunk : (kill + 1) * chunk]:
                    world.changes(iter([change]))
                    if time.monotonic() > end and process.process.poll() is None:
                        process.process.send_signal(signal.SIGKILL)
        with alerts(database, tmp_path, to):
            until(lambda: world.value("select count(*) from risk_changes where claimed_at is null") == 0, 60)
            until(lambda: world.delivered().keys() == {"receipted"}, 60)
        messages = desk.messages()

    levels = world.rows("select level from risk_changes order by risk_change_id")
    assert [row["level"] for row in levels] == [level for *_, level in changes]
    unanswered = world.rows(
        "select risk_change_id from risk_changes r left join alert_events e using (risk_change_id)"
        " where e.event_id is null and r.level is not null"
    )
    assert unanswered == []
    owed = world.value(
        "select count(*) from alert_events where (data->>'worst_level')::int < 4 and kind <> 'faded'"
    )
    assert world.delivered() == {"receipted": owed}
    assert len(messages) == len({message["delivery_id"] for message in messages}) == owed
    numbers = defaultdict(list)
    for message in messages:
        numbers[message["alert_id"]].append(message["number"])
    assert all(each == sorted(each) for each in numbers.values())
    assert world.value("select count(*) from procrastinate_jobs") == 0
