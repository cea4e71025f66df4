"""Real measurements through broker, worker, database and alerts.

What the rules find is printed and not asserted: it is a figure of the rules, and those are not fitted to the
labels. That nothing is lost, that the alerts are the same at any speed, and that each follows from what was
measured, is asserted.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray

from ingest.index import Index
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.postgres import Postgres
from sensors import store
from sensors.readings import DAY, SECOND
from simulator.feed import channels, find, read_feed
from simulator.feed_labels import read_labels
from simulator.feed_rows import read_rows
from simulator.feed_time import written
from tests.support.replaying import ALERTS, TRANSITIONS, Replay, rows

pytestmark = [pytest.mark.data, pytest.mark.timeout(900)]

DATA = Path(os.environ.get("LIFELINE_DATA", "../shared/data"))

EVIDENCE = """
select (extract(epoch from time) * 1000000)::bigint from transitions
where hazard = 'water-quality' and state > previous
"""

SOUNDED = """
select asset_id, hazard, (extract(epoch from event_time) * 1000000)::bigint, kind
from alert_events e join alerts a using (alert_id)
where e.level <= 3 and kind in ('raised', 'risen') order by event_time
"""


@pytest.fixture
def replay(
    empty_database: str,
    postgres: Postgres,
    broker: Mosquitto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Replay]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where a replay that failed leaves its processes' logs
    replay = Replay(empty_database, broker.url, tmp_path)
    yield replay
    for name in replay.databases():
        postgres.drop_database(name)


@dataclass(frozen=True)
class Twice:
    """A feed replayed as fast as it goes, and at a speed: the figures of the one, the databases of both."""

    figures: dict[str, Any]
    fast: str
    paced: str


def twice(replay: Replay, name: str, speed: int, *options: str) -> Twice:
    if not (DATA / name).is_dir():
        pytest.skip(f"the data set {name} is not in {DATA} (LIFELINE_DATA)")
    fast, paced = (
        replay("--keep", *options, *more, feed=name, patience=800, data=DATA)
        for more in ((), ("--speed", str(speed)))
    )
    figures = fast.figures
    print(
        f"\n{name}: {figures['published']:,} readings, {figures['rate']:,.0f}/s; alerts {figures['alerts']}"
    )
    print(f"{figures['score']}")
    assert (figures["lost"], figures["duplicates"], figures["late"], figures["dead_letters"]) == (0, 0, 0, 0)
    same = ("published", "stored", "lost", "duplicates", "transitions", "alerts", "score")
    assert {key: paced.figures[key] for key in same} == {key: figures[key] for key in same}
    return Twice(figures, replay.kept(fast), replay.kept(paced))


def assert_the_same_was_said(replayed: Twice) -> None:
    assert rows(replayed.fast, TRANSITIONS) == rows(replayed.paced, TRANSITIONS) != []
    assert rows(replayed.fast, ALERTS) == rows(replayed.paced, ALERTS) != []


def assert_stored_is_what_the_tables_say(dsn: str, name: str, until: int | None = None) -> None:
    """Reading by reading, values included."""
    said, stored = in_tables(dsn, name, until), in_database(dsn)

    for mine, theirs in zip(said, stored, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def in_tables(dsn: str, name: str, until: int | None) -> tuple[NDArray[Any], ...]:
    """Sensor, time and value of every reading, by sensor and time, in the quantities' own units."""
    with psycopg.connect(dsn) as connection:
        registry = store.read(connection)
    feed, index = read_feed(find(name)), Index(registry)
    columns = channels(feed, registry)
    parts = list(read_rows(feed, columns, DATA, until))
    time = np.repeat(np.concatenate([part.time for part in parts]), len(columns))
    sensor = np.tile([each.sensor.id for each in columns], sum(map(len, parts)))
    value = np.concatenate([part.value for part in parts]).reshape(-1)
    there = ~np.isnan(value)
    sensor, time, value = sensor[there], time[there], value[there]
    by_sensor = np.lexsort((time, sensor))
    value = value * index.factor[sensor] + index.offset[sensor]
    return sensor[by_sensor], time[by_sensor], value[by_sensor]


def in_database(dsn: str) -> tuple[NDArray[Any], ...]:
    found = rows(
        dsn,
        "select sensor_id, (extract(epoch from time) * 1000000)::bigint, value from readings"
        " order by sensor_id, time",
    )
    sensor, time, value = zip(*found, strict=True)
    return np.array(sensor), np.array(time), np.array(value)


def assert_found_events_were_sounded(replayed: Twice, name: str, sounded: list[int]) -> None:
    """Of the events after the warm-up, those without a sound in them are those that count as missed."""
    score, feed = replayed.figures["score"], read_feed(find(name))
    with psycopg.connect(replayed.fast) as connection:
        labels = read_labels(feed, store.read(connection), DATA)
    ((first, last),) = rows(
        replayed.fast,
        "select (extract(epoch from min(time)) * 1000000)::bigint,"
        " (extract(epoch from max(time)) * 1000000)::bigint from readings",
    )
    scored = [label for label in labels if first + feed.warm_up <= label.start <= last]
    silent = [label.name for label in scored if not any(label.start <= time < label.end for time in sounded)]
    assert silent == score["missed"]
    assert score["found"] == len(scored) - len(silent) > 0


def test_a_week_of_real_methane_arrives_whole_and_says_the_same_at_any_speed(replay: Replay) -> None:
    replayed = twice(replay, "gas_metec", speed=30_000)

    assert replayed.figures["published"] == 96_571
    assert_stored_is_what_the_tables_say(replayed.fast, "gas_metec")
    assert_the_same_was_said(replayed)
    above_clean_air = (
        "select (extract(epoch from time) * 1000000)::bigint from readings join sensors using (sensor_id)"
        " where quantity = 'methane' and value >= 0.00025"
    )
    smelled = {time for (time,) in rows(replayed.fast, above_clean_air)}
    sounded = [time for _, hazard, time, _ in rows(replayed.fast, SOUNDED) if hazard == "gas-leak"]
    assert sounded
    assert set(sounded) <= smelled
    assert_found_events_were_sounded(replayed, "gas_metec", sounded)


def test_real_drinking_water_arrives_whole_and_says_the_same_at_any_speed(
    replay: Replay, reduced: Callable[[str, int, int], int]
) -> None:
    days = reduced("days of real drinking water", 48, 97)
    start = 1_470_217_740 * SECOND
    until = None if days == 97 else start + days * DAY
    options = () if until is None else ("--until", written(until))

    replayed = twice(replay, "water_quality_gecco", 200_000, *options)

    assert_stored_is_what_the_tables_say(replayed.fast, "water_quality_gecco", until)
    assert_the_same_was_said(replayed)
    sounded = [time for _, hazard, time, _ in rows(replayed.fast, SOUNDED) if hazard == "water-quality"]
    changed = {time for (time,) in rows(replayed.fast, EVIDENCE)}
    assert sounded
    assert set(sounded) <= changed
    assert_found_events_were_sounded(replayed, "water_quality_gecco", sounded)
