"""One MQTT 5 client that publishes whatever it is told to, as a device, a feed or an intruder would."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties


class Device:
    """Publishes at QoS 1 and waits until the broker has it; ``heard`` is what came on what it listens to."""

    def __init__(self, client: paho.Client) -> None:
        self._client = client
        self.heard: Queue[tuple[str, bytes]] = Queue()
        client.on_message = lambda _client, _data, message: self.heard.put((message.topic, message.payload))

    def say(self, topic: str, body: object) -> None:
        self.send(topic, json.dumps(body).encode())

    def send(self, topic: str, payload: bytes, content_type: str | None = None) -> None:
        properties = None
        if content_type is not None:
            properties = Properties(PacketTypes.PUBLISH)
            properties.ContentType = content_type
        self._client.publish(topic, payload, qos=1, properties=properties).wait_for_publish(10)

    def listen(self, topic: str) -> None:
        self._client.subscribe(topic, qos=1)


@contextmanager
def device(port: int) -> Iterator[Device]:
    """A device at the broker on this machine."""
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield Device(client)
    finally:
        client.disconnect()
        client.loop_stop()
