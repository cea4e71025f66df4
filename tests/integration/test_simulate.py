"""The simulator against a real broker: a plain subscriber gets exactly what the log says."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cbor2
import numpy as np
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.packages import Prefix
from sensors.errors import UnavailableError
from sensors.load import DEMO_CITY, read_city
from sensors.readings import MINUTE
from simulator.log import Record, published, read_log
from simulator.outlets import MqttOutlet
from simulator.publish import Publisher
from simulator.scenario import DEMO, QUIET, Scenario
from simulator.scenario_file import read_scenario
from simulator.simulation import Simulation
from tests.support.processes import Lifeline, until
from tests.unit.simulator.village import START, House, village

CITY = read_city(DEMO_CITY)


class Subscriber:
    """A plain paho client that keeps everything under ``lifeline/``."""

    def __init__(self, client: paho.Client) -> None:
        self.client = client
        self.got: list[tuple[str, bytes]] = []
        client.on_message = lambda _client, _data, message: self.got.append(
            (message.topic, bytes(message.payload))
        )

    def of(self, *kinds: str) -> list[tuple[str, bytes]]:
        return [(topic, payload) for topic, payload in self.got if topic.rsplit("/", 1)[1] in kinds]


@contextmanager
def subscribed(broker: Mosquitto, filters: str = "lifeline/#") -> Iterator[Subscriber]:
    client = paho.Client(CallbackAPIVersion.VERSION2, f"plain-{id(broker)}-{filters}", clean_session=False)
    subscriber, granted = Subscriber(client), threading.Event()
    client.on_subscribe = lambda *_: granted.set()
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.subscribe(filters, qos=1)
    assert granted.wait(5)
    yield subscriber
    client.disconnect()
    client.loop_stop()


@pytest.fixture
def own(prefix: Prefix, tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own, so that nobody else's retained messages are there."""
    server = Mosquitto(prefix, tmp_path / "mosquitto")
    server.start()
    yield server
    server.stop()


def run(broker: Mosquitto, scenario: Scenario, minutes: int) -> list[Record]:
    records: list[Record] = []
    with MqttOutlet(broker.url) as outlet:
        simulation = Simulation(CITY, scenario, start=START, seed=3)
        Publisher(simulation, outlet, records).run(START + minutes * MINUTE)
    return records


def test_a_plain_subscriber_gets_exactly_what_the_log_says(own: Mosquitto) -> None:
    with subscribed(own) as subscriber:
        records = run(own, read_scenario(DEMO, CITY), 20)
        ours = ("telemetry", "waveform", "status")
        until(lambda: len(subscriber.of(*ours)) >= len(records), f"{len(records)} messages")
    assert [topic for topic, _ in subscriber.of(*ours)] == [record.topic for record in records]
    found, row = published(records), 0
    for topic, payload in subscriber.of("telemetry"):
        device, body = topic.split("/")[3], json.loads(payload)
        times = np.atleast_1d(body["t"]) * 1000
        for key, column in body["v"].items():
            rows = slice(row, row + len(times))
            assert {found.names[sensor] for sensor in found.sensor[rows]} == {f"{device}/{key}"}
            assert found.time[rows].tolist() == times.tolist()
            assert found.value[rows].tolist() == np.atleast_1d(column).tolist()
            row += len(times)
    assert row == len(found.sensor) > 10_000


def test_the_clock_runs_ahead_of_nothing(own: Mosquitto) -> None:
    with subscribed(own) as subscriber:
        run(own, QUIET, 5)
        until(lambda: len(subscriber.of("clock")) >= 31, "31 messages of the clock")
    now = 0
    for topic, payload in subscriber.got:
        if topic == "lifeline/clock":
            assert json.loads(payload)["t"] >= now
            now = json.loads(payload)["t"]
        elif topic.endswith("telemetry"):
            assert np.max(json.loads(payload)["t"]) >= now
    assert now * 1000 == START + 5 * MINUTE


def test_who_comes_later_finds_every_device_online(own: Mosquitto) -> None:
    run(own, QUIET, 1)
    with subscribed(own) as subscriber:
        until(lambda: len(subscriber.got) == len(CITY.devices), "a status of every device")
    assert all(json.loads(payload)["online"] for _, payload in subscriber.got)


def test_a_request_is_answered_while_time_goes_on(own: Mosquitto) -> None:
    registry = village(House("VC", "valve-chamber", {"ch4": "methane_lel"}), sample_s=1, upload_s=1)
    records: list[Record] = []
    with subscribed(own) as subscriber, MqttOutlet(own.url) as outlet:
        publisher = Publisher(Simulation(registry, start=START), outlet, records, speed=20)
        thread = threading.Thread(target=publisher.run)
        thread.start()
        until(lambda: len(subscriber.of("telemetry")) > 10, "some telemetry")
        request = json.dumps({"b": START // MINUTE, "from": 2, "to": 4})
        subscriber.client.publish("lifeline/gas/east/d-VC/resend", request, qos=1)
        until(lambda: sum(record.again for record in list(records)) == 3, "three messages sent again")
        publisher.stop()
        thread.join(5)
        until(lambda: len(subscriber.of("telemetry")) == len(records) - 1, "all of them at the subscriber")
    bodies = [payload for _, payload in subscriber.of("telemetry")]
    first = [body for body in bodies if json.loads(body)["s"] in (2, 3, 4)]
    assert len(first) == 6
    assert len(set(first)) == 3


def test_nothing_is_lost_when_the_broker_is_restarted(own: Mosquitto) -> None:
    registry = village(House("VC", "valve-chamber", {"ch4": "methane_lel"}), sample_s=1, upload_s=1)
    records: list[Record] = []
    with subscribed(own) as subscriber, MqttOutlet(own.url) as outlet:
        publisher = Publisher(Simulation(registry, start=START), outlet, records, speed=100)
        thread = threading.Thread(target=publisher.run)
        thread.start()
        until(lambda: len(subscriber.of("telemetry")) > 50, "some telemetry")
        own.stop()
        until(lambda: len(records) > 200, "time to go on without a broker")
        own.start()
        until(lambda: len(records) > 400, "time to go on with one")
        publisher.stop()
        thread.join(5)
        numbers = range(sum(record.kind == "telemetry" for record in records))
        until(
            lambda: {json.loads(body)["s"] for _, body in subscriber.of("telemetry")} >= set(numbers),
            f"all of {len(numbers)} messages",
        )


def test_waveforms_arrive_as_they_were_made(own: Mosquitto) -> None:
    with subscribed(own, "lifeline/+/+/+/waveform") as subscriber:
        records = [record for record in run(own, QUIET, 2) if record.kind == "waveform"]
        until(lambda: len(subscriber.got) >= len(records), f"{len(records)} waveforms")
    for (_, payload), record in zip(subscriber.got, records, strict=True):
        ((_, block),) = cbor2.loads(payload)["v"].items()
        assert block.value == record.values


def test_a_broker_that_is_not_there_is_said_in_one_line() -> None:
    with pytest.raises(UnavailableError, match=r"the broker at 127.0.0.1:1 does not answer: "):
        MqttOutlet("mqtt://127.0.0.1:1").__enter__()


def test_the_command_ends_by_itself_and_leaves_a_log(own: Mosquitto, tmp_path: Path) -> None:
    options = ("--speed", "max", "--minutes", "2", "--log", str(tmp_path / "log"))
    with Lifeline(tmp_path, "simulate", *options, mqtt_url=own.url) as command:
        assert command.wait() == 0, command.text
    assert "simulated minutes" in command.text
    assert len(published([*read_log(tmp_path / "log")]).sensor) > 1000


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_command_stops_cleanly_when_told_to(own: Mosquitto, tmp_path: Path, told: int) -> None:
    with subscribed(own) as subscriber, Lifeline(tmp_path, "simulate", mqtt_url=own.url) as command:
        until(lambda: bool(subscriber.of("clock")), "the clock")
        os.kill(command.pid, told)
        assert command.wait() == 0, command.text
    assert command.text.startswith("published ")


def test_a_file_of_messages_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"

    def begun() -> bool:
        return any(each.stat().st_size for each in tmp_path.glob(".out.jsonl.*"))

    with Lifeline(tmp_path, "simulate", "--speed", "max", "--out", str(out)) as command:
        until(
            lambda: any(each.stat().st_size for each in tmp_path.glob(".out.jsonl.*")), "the first messages"
        )
        assert not out.exists()
        os.kill(command.pid, signal.SIGINT)
        assert command.wait() == 0, command.text
    assert all(json.loads(line) for line in out.read_bytes().splitlines())
    out.unlink()
    with Lifeline(tmp_path, "simulate", "--speed", "max", "--out", str(out)) as command:
        until(
            lambda: any(each.stat().st_size for each in tmp_path.glob(".out.jsonl.*")), "the first messages"
        )
        command.kill()
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        (("--speed", "fast"), 2, "lifeline: --speed: expected a number above 0, or max, not 'fast'\n"),
        (("--start", "noon"), 2, "lifeline: --start: expected a time such as"),
        (("--out", "/nowhere/out.jsonl"), 2, "lifeline: /nowhere/out.jsonl: cannot be written: "),
        ((), 3, "lifeline: the broker at 127.0.0.1:1 does not answer: Connection refused\n"),
    ],
)
def test_the_command_says_in_one_line_what_a_person_can_mend(
    options: tuple[str, ...], code: int, line: str, tmp_path: Path
) -> None:
    with Lifeline(tmp_path, "simulate", *options, mqtt_url="mqtt://127.0.0.1:1") as command:
        assert command.wait() == code
    assert command.text.startswith(line)
    assert command.text.count("\n") == 1
