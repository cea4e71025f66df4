"""What a feed says, and in which order and at which pace it is said."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from sensors.errors import UnavailableError
from sensors.load import read_city
from sensors.readings import MINUTE, SECOND
from simulator import feed_publish
from simulator.feed import channels, read_feed
from simulator.feed_messages import Instant, Speakers
from simulator.feed_publish import FeedPublisher
from simulator.feed_rows import Rows

DATA = Path(__file__).parents[2] / "data" / "feeds"
CITY = read_city(DATA / "chambers")
COLUMNS = channels(read_feed(DATA / "chambers.toml"), CITY)
START = 1_763_683_200 * SECOND
NONE = np.nan


def said(*rows: list[float], city: object = CITY) -> list[Instant]:
    time = START + MINUTE * np.arange(len(rows), dtype=np.int64)
    return list(Speakers(COLUMNS, city).say([Rows(time, np.array(rows))]))


class Wire:
    """An outlet that keeps everything, and takes nothing more once it is full."""

    def __init__(self, most: int = 1000) -> None:
        self.sent: list[tuple[str, object]] = []
        self._most = most

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        if len(self.sent) == self._most:
            return None
        self.sent.append((topic, json.loads(payload)))
        return 0

    def requests(self) -> Iterator[tuple[str, bytes]]:
        return iter(())


def freely(_published: int) -> None:
    pass


def test_a_device_says_all_it_measured_at_a_moment_in_one_numbered_message() -> None:
    first, second = said([1.0, 11.5, 0.4], [1.25, 11.5, 0.5])

    assert [(topic, json.loads(payload)) for topic, payload in first.messages] == [
        (
            "lifeline/gas/two/probe-1/telemetry",
            {"t": START // 1000, "s": 0, "b": 0, "v": {"ch4": 1.0, "temp": 11.5}},
        ),
        ("lifeline/gas/two/probe-2/telemetry", {"t": START // 1000, "s": 0, "b": 0, "v": {"ch4": 0.4}}),
    ]
    assert (first.time, first.readings) == (START, 3)
    assert [json.loads(payload)["s"] for _, payload in second.messages] == [1, 1]


def test_what_was_not_measured_is_not_said_and_does_not_count() -> None:
    instants = said([1.0, NONE, NONE], [NONE, NONE, NONE], [NONE, 11.0, 0.5])

    assert [instant.readings for instant in instants] == [1, 0, 2]
    spoken = [[json.loads(payload) for _, payload in instant.messages] for instant in instants]
    assert [[body["v"] for body in each] for each in spoken] == [
        [{"ch4": 1.0}],
        [],
        [{"temp": 11.0}, {"ch4": 0.5}],
    ]
    assert [body["s"] for body in spoken[2]] == [1, 0]


def test_a_device_whose_type_is_not_numbered_does_not_count_its_messages() -> None:
    types = tuple(replace(kind, numbered=False) for kind in CITY.device_types)

    (instant,) = said([1.0, 11.5, 0.4], city=replace(CITY, device_types=types))

    assert all("s" not in json.loads(payload) for _, payload in instant.messages)


def test_the_clock_says_a_time_before_what_was_measured_then() -> None:
    wire = Wire()
    publisher = FeedPublisher(wire, freely)

    done = [instant.time for instant in publisher.run(said([1.0, NONE, NONE], [NONE, NONE, NONE]))]
    publisher.tick(START + 2 * MINUTE)

    assert done == [START, START + MINUTE]
    assert [(topic.rpartition("/")[2], body["t"] - START // 1000) for topic, body in wire.sent] == [
        ("clock", 0),
        ("telemetry", 0),
        ("clock", 60_000),
        ("clock", 120_000),
    ]
    assert publisher.messages == 4


def test_nothing_more_is_published_until_what_was_is_kept_up_with() -> None:
    wire, seen = Wire(), []

    def keep_up(published: int) -> None:
        seen.append(published)
        assert published == len(wire.sent)

    list(FeedPublisher(wire, keep_up).run(said([1.0, 11.5, 0.4], [1.0, 11.5, 0.4])))

    assert seen == [3, 6]


def test_a_speed_stretches_the_feeds_time() -> None:
    started = time.monotonic()

    list(
        FeedPublisher(Wire(), freely, speed=600).run(said([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]))
    )

    assert 0.2 <= time.monotonic() - started < 1.0


def test_a_broker_that_takes_nothing_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_publish, "PATIENCE_S", 0.05)
    publisher = FeedPublisher(Wire(most=2), freely)

    with pytest.raises(UnavailableError, match=r"the broker has acknowledged nothing for 0\.05 s"):
        list(publisher.run(said([1.0, 11.5, 0.4])))
    assert publisher.messages == 2
