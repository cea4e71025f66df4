"""Devices under test: they publish numbered messages at QoS 1, know what they sent, and may send it again."""

import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.message import Message

START_MS = 1_763_683_200_000
STEP_MS = 10_000


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as it was handed to the client."""

    device: str
    number: int
    topic: str
    payload: bytes


class Fleet:
    """``devices`` devices of the test town in one connection, one reading a message, one after the other.

    Values wander and now and then rise into alarm; before every 50th comes a tick of the feed's clock.
    """

    def __init__(
        self, port: int, devices: int, seed: int, *, answers: bool = False, rate: float = 1500.0
    ) -> None:
        self._random = random.Random(seed)
        self._devices, self._rate = devices, rate
        self.sent: list[Sent] = []
        self.messages: list[Message] = []
        """All that was published, ticks too, in order."""
        self._by_number: dict[tuple[str, int], Sent] = {}
        self._value = [2.0] * devices
        self._stop = threading.Event()
        self.error: BaseException | None = None
        self._client = paho.Client(CallbackAPIVersion.VERSION2, f"fleet-{seed}")
        self._client.max_inflight_messages_set(500)
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(0.1, 0.5)
        if answers:
            self._client.on_connect = lambda *_: self._client.subscribe("lifeline/+/+/+/resend", qos=1)
            self._client.on_message = lambda _client, _data, message: self._resend(message)
        self._client.connect("127.0.0.1", port, keepalive=10)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join(10)
        self._client.disconnect()
        self._client.loop_stop()

    def finish(self) -> None:
        """Stop after a last round in which every device says something; the broker has it all."""
        self._stop.set()
        self._thread.join(10)
        for _ in range(2 * self._devices):
            self._next()
        deadline = time.monotonic() + 30
        while self._client._out_messages:
            assert time.monotonic() < deadline, "the broker did not acknowledge everything"
            time.sleep(0.02)

    def _run(self) -> None:
        started, sent = time.monotonic(), 0
        while not self._stop.is_set():
            if len(self._client._out_messages) < 400 and sent < (time.monotonic() - started) * self._rate:
                self._next()
                sent += 1
            else:
                time.sleep(0.002)

    def _next(self) -> None:
        turn = len(self.sent)
        device, number = turn % self._devices, turn // self._devices
        if turn % 50 == 0:
            self._publish(Message("lifeline/clock", json.dumps({"t": START_MS + number * STEP_MS}).encode()))
        self._value[device] = self._wander(self._value[device])
        body = {"t": START_MS + number * STEP_MS, "s": number, "b": 0, "v": {"ch4": self._value[device]}}
        sent = Sent(f"d{device}", number, f"lifeline/gas/east/d{device}/telemetry", json.dumps(body).encode())
        self.sent.append(sent)
        self._by_number[sent.device, number] = sent
        self._publish(Message(sent.topic, sent.payload))

    def _wander(self, value: float) -> float:
        if self._random.random() < 0.02:
            return self._random.choice([2.0, 12.0, 25.0, 60.0])
        return round(max(0.0, value + self._random.uniform(-0.5, 0.5)), 3)

    def _publish(self, message: Message) -> None:
        self.messages.append(message)
        self._client.publish(message.topic, message.payload, qos=1)

    def _resend(self, message: paho.MQTTMessage) -> None:
        asked = json.loads(message.payload)
        device = message.topic.split("/")[3]
        for number in range(asked["from"], asked["to"] + 1):
            sent = self._by_number[device, number]
            self._client.publish(sent.topic, sent.payload, qos=1)


def readings(sent: list[Sent]) -> Iterator[tuple[str, int, float]]:
    """(device, time in ms, value) of everything sent."""
    for each in sent:
        body = json.loads(each.payload)
        yield each.device, body["t"], body["v"]["ch4"]
