"""Messages from a broker into a file that ``lifeline replay`` plays again."""

import gzip
import queue
import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from ingest.formats import MILLISECOND
from ingest.mqtt import Broker
from lifeline.replay.recording import Heard
from sensors.errors import UnavailableError
from sensors.whole import whole

PATIENCE_S = 10.0
GLANCE_S = 0.2


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a capture ends: after so many seconds, or so many messages, if not before."""

    seconds: float | None = None
    messages: int | None = None


def record(
    broker: Broker,
    topic: str,
    out: Path,
    bounds: Bounds,
    stop: threading.Event,
    ready: Callable[[], None],
) -> int:
    """Write what is said under a topic until the bounds, or until ``stop`` is set; how many messages.

    ready: called once nothing will be missed any more.

    Raises:
        ConfigurationError: the file cannot be made.
        UnavailableError: the broker does not answer, or goes away; then there is no file.
    """
    count = 0
    with whole(out) as file, _compressed(file, out) as lines, _listening(broker, topic) as heard:
        begun = time.monotonic()
        ready()
        while not stop.is_set() and count != bounds.messages:
            if bounds.seconds is not None and time.monotonic() >= begun + bounds.seconds:
                break
            try:
                said = heard.get(timeout=GLANCE_S)
            except queue.Empty:
                continue
            if isinstance(said, UnavailableError):
                raise said
            lines.write(msgspec.json.encode(said) + b"\n")
            count += 1
    return count


@contextmanager
def _compressed(file: BinaryIO, out: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    if out.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as lines:
        yield lines


@contextmanager
def _listening(broker: Broker, topic: str) -> Iterator["queue.SimpleQueue[Heard | UnavailableError]"]:
    """What comes under a topic, as long as the context lasts."""
    heard: queue.SimpleQueue[Heard | UnavailableError] = queue.SimpleQueue()
    client = Client(
        CallbackAPIVersion.VERSION2,
        f"lifeline-record-{secrets.token_hex(4)}",
        protocol=MQTTProtocolVersion.MQTTv5,
    )
    if broker.user is not None:
        client.username_pw_set(broker.user, broker.password)
    if broker.tls:
        client.tls_set(str(broker.ca) if broker.ca else None)
    name, subscribed = f"the broker at {broker.host}:{broker.port}", threading.Event()

    def connected(*_: object) -> None:
        client.subscribe(topic, qos=1)

    client.on_connect = connected
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _client, _data, message: heard.put(_heard(message))
    client.on_disconnect = lambda *_: heard.put(UnavailableError(f"{name} went away"))
    try:
        client.connect(broker.host, broker.port)
        client.loop_start()
        if not subscribed.wait(PATIENCE_S):
            raise TimeoutError(f"not within {PATIENCE_S:g} s")
        yield heard
    except OSError as error:
        raise UnavailableError(f"{name} does not answer: {error}") from None
    finally:
        client.on_disconnect = None
        client.disconnect()
        client.loop_stop()


def _heard(message: MQTTMessage) -> Heard:
    payload, at = bytes(message.payload), time.time_ns() // 1000 // MILLISECOND
    kind = getattr(message.properties, "ContentType", None)
    if _is_json(payload):
        return Heard(topic=message.topic, payload=msgspec.Raw(payload), type=kind, at=at)
    return Heard(topic=message.topic, base64=b64encode(payload).decode(), type=kind, at=at)


def _is_json(payload: bytes) -> bool:
    """Whether it can stand in a line as it is, and be the same bytes when it is read again."""
    if payload[:1] not in {b"{", b"["} or payload[-1:] not in {b"}", b"]"} or b"\n" in payload:
        return False
    try:
        msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
