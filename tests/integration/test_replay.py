"""``lifeline replay`` as a process on real services: what it stores, refuses, and leaves behind."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from lifeline.replay.journal import LAG
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.postgres import Postgres
from sensors.load import read_city
from simulator.feed import channels, read_feed
from simulator.feed_rows import read_rows
from tests.alerting import reference_receiver, table
from tests.support.processes import until
from tests.support.replaying import (
    ALERTS,
    CHAMBERS,
    FEEDS,
    READINGS,
    TRANSITIONS,
    Ran,
    Replay,
    rows,
    run,
)
from tests.support.town import settle
from tests.unit.rules.town import rules, town


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


def long_feed(folder: Path, minutes: int) -> Path:
    """The chambers without labels, for so long."""
    text = CHAMBERS.read_text(encoding="utf-8").partition("[labels]")[0]
    text = text.replace('"chambers', f'"{FEEDS}/chambers').replace(
        "tables/chambers.csv", f"{folder}/long.csv"
    )
    text = text.replace('column = "time"', 'column = "time"\nformat = "unix"')
    (folder / "long.toml").write_text(text, encoding="utf-8")
    lines = (f"{1763683200 + 60 * n},{n % 50},11.5,{n % 7 / 100}\n" for n in range(minutes))
    (folder / "long.csv").write_text("time,gas_1,warmth_1,gas_2\n" + "".join(lines), encoding="utf-8")
    return folder / "long.toml"


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def child(pid: int, command: str) -> int | None:
    for each in children(pid):
        if command in Path(f"/proc/{each}/cmdline").read_text().split("\0"):
            return each
    return None


def test_a_feed_goes_all_the_way_to_alerts_and_is_held_against_its_labels(replay: Replay) -> None:
    figures = replay().figures

    assert (figures["rows"], figures["published"], figures["stored"]) == (120, 350, 350)
    assert (figures["lost"], figures["duplicates"], figures["late"], figures["dead_letters"]) == (0, 0, 0, 0)
    assert figures["alerts"]["gas-leak"] == {"major": 1, "serious": 0, "general": 0, "low": 0}
    assert figures["alerts"]["data-loss"]["low"] == 1
    score = figures["score"]
    assert (score["events"], score["found"], score["false_episodes"]) == (1, 1, 0)
    assert score["delay_median_s"] == 9 * 60
    assert replay.databases() == []


def test_what_is_stored_is_what_the_tables_say_in_the_quantities_own_units(replay: Replay) -> None:
    database = replay.kept(replay("--keep"))

    feed = read_feed(CHAMBERS)
    columns = channels(feed, read_city(FEEDS / "chambers"))
    said = {
        (column.sensor.name, time): value
        for part in read_rows(feed, columns, FEEDS)
        for time, values in zip(part.time.tolist(), part.value.tolist(), strict=True)
        for column, value in zip(columns, values, strict=True)
        if value == value  # noqa: PLR0124, not where there is none
    }
    assert {(name, time): value for name, time, value, _ in rows(database, READINGS)} == said
    assert rows(database, "select purpose, run_id from deployment") == [
        ("replay", database.rpartition("lifeline-replay-")[2])
    ]


def test_another_speed_gives_the_same_transitions_and_alerts(replay: Replay) -> None:
    fast = replay.kept(replay("--keep"))
    slow = replay.kept(replay("--keep", "--speed", "3600"))

    assert rows(fast, TRANSITIONS) == rows(slow, TRANSITIONS) != []
    assert rows(fast, ALERTS) == rows(slow, ALERTS) != []


def test_rows_from_until_on_are_left_out(replay: Replay) -> None:
    figures = replay("--until", "2025-11-21T08:30:00+08:00").figures

    assert (figures["rows"], figures["published"]) == (30, 90)
    assert figures["score"]["events"] == 0


def test_a_production_database_is_refused_and_nobody_hears_of_it(
    database: str, broker: Mosquitto, tmp_path: Path
) -> None:
    settle(database, town(), rules())
    heard: list[str] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.append(message.topic)
    client.connect("127.0.0.1", broker.port)
    client.subscribe([("lifeline/gas/two/#", 1), ("lifeline/clock", 1)])
    client.loop_start()
    with reference_receiver(tmp_path) as receiver:
        receivers = receivers_file(tmp_path, receiver.url, drill=False)
        settings = {"dsn": database, "mqtt_url": broker.url, "receivers": receivers}
        refused = run(tmp_path, "replay", str(CHAMBERS), **settings)
        assert receiver.messages() == []
    client.loop_stop()

    assert refused.code == 2
    assert refused.text.strip() == (
        "lifeline: a replay would share server and broker with a production database:"
        " call with --own-services, or let LIFELINE_DSN and LIFELINE_MQTT_URL name others"
    )
    assert heard == []
    assert Replay(database, broker.url, tmp_path).databases() == []
    assert rows(database, "select count(*) from readings") == [(0,)]


def receivers_file(folder: Path, url: str, *, drill: bool) -> Path:
    (path := folder / "receivers.toml").write_text(table("*", url, drill=drill), encoding="utf-8")
    return path


def test_no_receiver_is_called_not_even_one_for_drills(replay: Replay, tmp_path: Path) -> None:
    with reference_receiver(tmp_path) as receiver:
        replayed = replay("--keep", receivers=receivers_file(tmp_path, receiver.url, drill=True))
        assert receiver.messages() == []

    database = replay.kept(replayed)
    assert rows(database, "select count(*) from deliveries") == [(0,)]
    assert replayed.figures["alerts"]["gas-leak"]["major"] == 1


def test_what_waits_at_the_broker_for_a_worker_of_another_run_stays_out(
    replay: Replay, broker: Mosquitto
) -> None:
    leave_behind(
        broker,
        ("lifeline/clock", b'{"t":1893456000000}'),
        ("lifeline/gas/two/probe-1/telemetry", b'{"t":1893456000000,"v":{"ch4":99}}'),
    )

    figures = replay().figures

    assert (figures["published"], figures["stored"], figures["dead_letters"]) == (350, 350, 0)
    assert figures["alerts"]["gas-leak"]["major"] == 1


def leave_behind(broker: Mosquitto, *messages: tuple[str, bytes]) -> None:
    """Messages in the session of a worker that was broken off."""
    version = MQTTProtocolVersion.MQTTv5
    worker = paho.Client(CallbackAPIVersion.VERSION2, "lifeline-worker-1-of-1", protocol=version)
    kept_for_a_day = Properties(PacketTypes.CONNECT)
    kept_for_a_day.SessionExpiryInterval = 86_400
    subscribed: list[object] = []
    worker.on_subscribe = lambda *_: subscribed.append(None)
    worker.connect("127.0.0.1", broker.port, properties=kept_for_a_day)
    worker.loop_start()
    worker.subscribe([("lifeline/+/+/+/telemetry", 1), ("lifeline/clock", 1)])
    until(lambda: bool(subscribed), "the subscription")
    worker.disconnect()
    worker.loop_stop()
    device = paho.Client(CallbackAPIVersion.VERSION2)
    device.connect("127.0.0.1", broker.port)
    device.loop_start()
    for topic, payload in messages:
        device.publish(topic, payload, qos=1).wait_for_publish(5)
    device.disconnect()
    device.loop_stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_nothing_behind(replay: Replay, number: signal.Signals) -> None:
    with replay.process("--speed", "60") as process:
        until(lambda: child(process.pid, "worker") is not None, "the worker")
        until(lambda: stored(replay) > 0, "a reading")
        started = children(process.pid)
        os.kill(process.pid, number)
        assert process.wait() == 130
        assert process.text == "stopped; all that the replay had started has ended\n"

    assert not any(Path(f"/proc/{pid}").exists() for pid in started)
    assert replay.databases() == []


def stored(replay: Replay) -> int:
    """How many readings the replay that is under way has stored."""
    for name in replay.databases():
        try:
            ((count,),) = rows(replay.database(name), "select count(*) from readings")
        except psycopg.Error:
            return 0
        return int(count)
    return 0


def test_a_worker_that_dies_ends_the_replay_with_one_line(replay: Replay) -> None:
    with replay.process("--speed", "60") as process:
        until(lambda: stored(replay) > 0, "a reading")
        worker = child(process.pid, "worker")
        assert worker is not None
        os.kill(worker, signal.SIGKILL)
        assert process.wait() == 3
        assert process.text.startswith("lifeline: worker ended: ")
        assert process.text.count("\n") == 1

    assert replay.databases() == []


def test_a_database_that_goes_away_ends_the_replay_with_one_line(replay: Replay, tmp_path: Path) -> None:
    with replay.process(feed=long_feed(tmp_path, 20_000)) as process:
        until(lambda: stored(replay) > 0, "a reading")
        rows(
            replay.dsn,
            "select pg_terminate_backend(pid) from pg_stat_activity where datname like 'lifeline-replay-%'",
        )
        assert process.wait() == 3
        assert process.text.startswith("lifeline: the database went away: ")
        assert process.text.count("\n") == 1

    assert replay.databases() == []


def test_no_more_is_published_than_the_worker_may_lag(
    replay: Replay, broker: Mosquitto, tmp_path: Path
) -> None:
    heard: list[str] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.append(message.topic)
    client.connect("127.0.0.1", broker.port)
    client.subscribe([("lifeline/gas/two/+/telemetry", 1), ("lifeline/clock", 1)])
    client.loop_start()

    with replay.process(feed=long_feed(tmp_path, 3000)) as process:
        until(lambda: len(heard) > 0, "the first message")
        worker = child(process.pid, "worker")
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        until(lambda: stands_still(heard), "the publisher to halt")
        halted, committed = len(heard), sum(committed_messages(replay))
        os.kill(worker, signal.SIGCONT)
        assert process.wait() == 0
        figures = Ran(0, process.text).figures
    client.loop_stop()

    assert LAG <= halted - committed <= LAG + 3
    assert halted < len(heard) == figures["messages"]
    assert (figures["published"], figures["lost"], figures["duplicates"]) == (9000, 0, 0)


def stands_still(heard: list[str]) -> bool:
    before = len(heard)
    time.sleep(0.5)
    return len(heard) == before


def committed_messages(replay: Replay) -> list[int]:
    (name,) = replay.databases()
    return [count for (count,) in rows(replay.database(name), "select messages from journal")]


def test_a_wrong_table_stops_the_replay_before_anything_is_started(replay: Replay, tmp_path: Path) -> None:
    feed = long_feed(tmp_path, 300)
    broken = tmp_path / "long.csv"
    broken.write_text(broken.read_text(encoding="utf-8").replace(",11.5,", ",warm,"), encoding="utf-8")

    refused = replay(feed=feed, dsn="postgresql://nobody@127.0.0.1:1/none")

    assert (refused.code, refused.text) == (
        2,
        f"lifeline: {broken}:2: warmth_1: expected a number, not 'warm'\n",
    )


@pytest.mark.parametrize(
    ("options", "settings", "expected"),
    [
        (["--speed", "fast"], {}, "--speed: expected a number above 0, or max, not 'fast'"),
        (["--until", "soon"], {}, "--until: expected a time such as 2025-11-21T08:00:00+08:00, not 'soon'"),
        (
            [],
            {"data": "/nowhere"},
            "LIFELINE_DATA: expected the folder of the feeds' tables, there is none at /nowhere",
        ),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(
    replay: Replay, options: list[str], settings: dict[str, object], expected: str
) -> None:
    refused = replay(*options, **settings)

    assert (refused.code, refused.text) == (2, f"lifeline: {expected}\n")


def test_services_that_do_not_answer_are_told_in_one_line(replay: Replay) -> None:
    away = replay(dsn="postgresql://nobody@127.0.0.1:1/none")
    assert away.code == 3
    assert away.text.startswith("lifeline: the database does not answer: ")

    away = replay(mqtt_url="mqtt://127.0.0.1:1")
    assert away.code == 3
    assert away.text.startswith("lifeline: the broker at 127.0.0.1:1 does not answer: ")
    assert replay.databases() == []


def test_two_replays_do_not_share_their_services(replay: Replay) -> None:
    with replay.process("--speed", "60") as first:
        until(lambda: stored(replay) > 0, "a reading")
        second = replay()
        assert first.stop() == 130

    assert (second.code, second.text) == (
        2,
        "lifeline: another replay runs on these services: wait, or call with --own-services\n",
    )


def test_services_of_its_own_are_gone_with_it_and_so_cannot_be_kept(tmp_path: Path) -> None:
    runtime = {"runtime": os.environ.get("LIFELINE_RUNTIME", Path(__file__).parents[2] / ".runtime")}

    figures = run(tmp_path, "replay", str(CHAMBERS), "--own-services", "--json", **runtime).figures
    refused = run(tmp_path, "replay", str(CHAMBERS), "--own-services", "--keep", **runtime)

    assert (figures["published"], figures["stored"]) == (350, 350)
    assert (refused.code, refused.text) == (
        2,
        "lifeline: --keep: services of the replay's own end with it; call `lifeline services start` before\n",
    )


def test_without_json_the_figures_are_a_table(replay: Replay) -> None:
    settings = {"dsn": replay.dsn, "mqtt_url": replay.mqtt_url}
    shown = run(replay.folder, "replay", str(CHAMBERS), **settings)

    assert shown.code == 0
    lines = {line.partition("  ")[0]: line.partition("  ")[2].strip() for line in shown.text.splitlines()}
    assert lines["lost"] == "0"
    assert lines["events found"] == "1 of 1 (21% to 100% with 95 %)"
    assert lines["delay, median"] == "9.0 min"
    assert lines["alerts: gas-leak"] == "1 major, 0 serious, 0 general, 0 low"
