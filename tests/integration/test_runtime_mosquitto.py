import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.packages import Prefix
from tests.integration.test_runtime_postgres import listening_addresses


@pytest.fixture(scope="module")
def own(prefix: Prefix, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker for this module to kill, in a folder that only we can enter."""
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    server = Mosquitto(prefix, closed / "mosquitto")
    server.start()
    yield server
    server.stop()


class Client(paho.Client):
    """A client that is driven by hand and keeps what it gets."""

    def __init__(self, name: str) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, name, protocol=paho.MQTTv5, manual_ack=True)
        self.max_inflight_messages_set(1000)
        self.got: list[paho.MQTTMessage] = []
        self.on_message = lambda _client, _userdata, message: self.got.append(message)

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> bool:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            self.loop(0.01)
        return condition()


@contextlib.contextmanager
def client(
    broker: Mosquitto, name: str, subscribe: str | None = None, at_most: int = 4000
) -> Iterator[Client]:
    """A connected client with a persistent session, subscribed at QoS 1 if to anything."""
    wishes = Properties(PacketTypes.CONNECT)
    wishes.ReceiveMaximum, wishes.SessionExpiryInterval = at_most, 86_400
    result = Client(name)
    result.connect("127.0.0.1", broker.port, clean_start=False, properties=wishes)
    assert result.until(result.is_connected)
    if subscribe:
        granted: list[object] = []
        result.on_subscribe = lambda *_: granted.append(True)
        result.subscribe(subscribe, qos=1)
        assert result.until(lambda: bool(granted))
    yield result
    result.disconnect()
    result.until(lambda: not result.is_connected(), 1)


def publish(broker: Mosquitto, topic: str, count: int) -> None:
    """Messages "0", "1"… at QoS 1, all acknowledged by the broker."""
    acknowledged = 0

    def on_publish(*_: object) -> None:
        nonlocal acknowledged
        acknowledged += 1

    with client(broker, f"publisher of {topic}") as publisher:
        publisher.on_publish = on_publish
        for number in range(count):
            publisher.publish(topic, str(number), qos=1)
            if number % 500 == 0:
                publisher.loop(0)
        assert publisher.until(lambda: acknowledged == count, 60)


def numbers(messages: list[paho.MQTTMessage]) -> list[int]:
    return [int(message.payload) for message in messages]


def test_50_000_messages_wait_for_an_absent_subscriber_and_come_as_many_at_a_time_as_it_asks(
    own: Mosquitto, district: str
) -> None:
    topic = f"lifeline/gas/{district}/d/telemetry"
    with client(own, "absent", subscribe=topic):
        pass
    publish(own, topic, 50_000)
    own.restart()
    with client(own, "absent", at_most=4000) as subscriber:
        assert subscriber.until(lambda: len(subscriber.got) == 4000)
        assert not subscriber.until(lambda: len(subscriber.got) > 4000, 0.5)

        def take(_client: object, _userdata: object, message: paho.MQTTMessage) -> None:
            subscriber.got.append(message)
            subscriber.ack(message.mid, message.qos)

        subscriber.on_message = take
        for message in subscriber.got[:]:
            subscriber.ack(message.mid, message.qos)
        assert subscriber.until(lambda: len(subscriber.got) == 50_000, 60)
        assert numbers(subscriber.got) == list(range(50_000))


def test_a_message_of_256_kb_is_the_largest(own: Mosquitto, district: str) -> None:
    topic = f"lifeline/gas/{district}/d/telemetry"
    with client(own, "reader", subscribe=topic) as reader:
        with client(own, "writer") as writer:
            writer.publish(topic, bytes(250 * 1024), qos=1)
            writer.until(lambda: not writer.want_write())
            assert reader.until(lambda: len(reader.got) == 1)
        with client(own, "writer of too much") as writer:
            told: list[str] = []
            writer.on_disconnect = lambda *words: told.append(str(words[3]))
            writer.publish(topic, bytes(260 * 1024), qos=1)
            assert writer.until(lambda: told == ["Packet too large"], 5)
        assert not reader.until(lambda: len(reader.got) > 1, 0.5)


def test_a_session_saved_before_a_kill_is_there_after_it_on_the_same_port(
    own: Mosquitto, district: str
) -> None:
    topic = f"lifeline/gas/{district}/d/telemetry"
    with client(own, "survivor", subscribe=topic):
        pass
    publish(own, topic, 3)
    own.restart()
    port = own.port
    own.kill()
    assert not own.running
    assert not own.answers()
    own.start()
    assert own.port == port
    with client(own, "survivor") as survivor:
        assert survivor.until(lambda: len(survivor.got) == 3)
        assert numbers(survivor.got) == [0, 1, 2]


def test_the_brokers_own_figures_come_every_other_second(own: Mosquitto) -> None:
    with client(own, "watcher", subscribe="$SYS/broker/uptime") as watcher:
        assert watcher.until(lambda: len(watcher.got) >= 3, 8)


def test_it_listens_on_the_loopback_only(own: Mosquitto) -> None:
    own.start()
    assert own.url == f"mqtt://127.0.0.1:{own.port}"
    assert listening_addresses(own.port) == {"0100007F"}


def test_it_never_runs_as_root(own: Mosquitto) -> None:
    own.start()
    (pid,) = own.processes()
    assert (Path("/proc") / str(pid)).stat().st_uid != 0
