"""``lifeline record``: what is said at a broker, in a file that a replay plays again."""

import os
import signal
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from lifeline.replay.recording import lines
from lifeline.runtime.mosquitto import Mosquitto
from tests.support.processes import Lifeline, until
from tests.support.replaying import FEEDS, run

TOPIC = "lifeline/gas/two/probe-1/telemetry"
PAYLOADS = [
    b'{"t":1763683200000,"v":{"ch4":1.5}}',
    b"\xa1\x61t\x01",
    b'{"t":1763683260000,\n"v":{"ch4":2.5}}',
    b'{"t": 1763683320000}{',
]


def publish(broker: Mosquitto) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for payload in PAYLOADS:
        client.publish(TOPIC, payload, qos=1).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def recorder(folder: Path, broker: Mosquitto, out: Path, *options: str) -> Lifeline:
    return Lifeline(folder, "record", "lifeline/gas/two/#", "--out", str(out), *options, mqtt_url=broker.url)


def said(out: Path) -> list[bytes]:
    return [bytes(message.payload) for _, message, at in lines(out) if at and message.topic == TOPIC]


def test_a_capture_ends_after_so_many_messages_and_is_played_again(broker: Mosquitto, tmp_path: Path) -> None:
    out = tmp_path / "c.jsonl.gz"
    with recorder(tmp_path, broker, out, "--messages", "3") as process:
        until(lambda: "recording" in process.text, "the recorder")
        publish(broker)
        assert process.wait() == 0
        assert f"3 messages in {out}" in process.text

    assert said(out) == PAYLOADS[:3]
    options = ["--city", str(FEEDS / "chambers"), "--rules", str(FEEDS / "chambers.rules.toml")]
    figures = run(tmp_path, "replay", str(out), "--engine", "--json", *options).figures
    assert figures["rows"] >= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_a_whole_file_of_all_that_was_said_byte_for_byte(
    broker: Mosquitto, tmp_path: Path, number: signal.Signals
) -> None:
    out = tmp_path / "c.jsonl"
    with recorder(tmp_path, broker, out) as process:
        until(lambda: "recording" in process.text, "the recorder")
        publish(broker)
        time.sleep(0.5)  # what the broker took it has still to pass on
        os.kill(process.pid, number)
        assert process.wait() == 0

    assert said(out) == PAYLOADS


def test_minutes_end_it_too(broker: Mosquitto, tmp_path: Path) -> None:
    with recorder(tmp_path, broker, tmp_path / "c.jsonl", "--minutes", "0.01") as process:
        assert process.wait() == 0
    assert (tmp_path / "c.jsonl").read_bytes() == b""


def test_a_broker_that_does_not_answer_leaves_no_file(tmp_path: Path) -> None:
    away = run(tmp_path, "record", "--out", str(tmp_path / "c.jsonl"), mqtt_url="mqtt://127.0.0.1:1")

    assert away.code == 3
    assert away.text.startswith("lifeline: the broker at 127.0.0.1:1 does not answer: ")
    assert list(tmp_path.glob("*c.jsonl*")) == []
