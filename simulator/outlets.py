"""Where messages go: a broker, or a file of JSON lines."""

import base64
import logging
import queue
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

import msgspec
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from sensors.errors import UnavailableError
from sensors.whole import whole

RESEND_TOPIC = "lifeline/+/+/+/resend"
INFLIGHT = 1000
"""Messages that may be on their way unacknowledged; then sending waits."""
PATIENCE_S = 10.0

log = logging.getLogger(__name__)


class Outlet(Protocol):
    """Takes messages, and may bring requests to send some again."""

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Pass a message on; when that was, in us since 1970 UTC, or None: no room now, call again."""
        ...

    def requests(self) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of the requests that came since the last call."""
        ...


class MqttOutlet:
    """A broker, over one connection for all devices, QoS 1.

    While the broker is away there is soon no room; what it did not acknowledge is sent again when it is
    back.
    """

    def __init__(
        self, url: str, *, user: str | None = None, password: str | None = None, ca: Path | None = None
    ) -> None:
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        self._host, self._port = parts.hostname or "", parts.port or (8883 if tls else 1883)
        self._room = threading.Semaphore(INFLIGHT)
        self._welcome: queue.SimpleQueue[ReasonCode] = queue.SimpleQueue()
        self._requests: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._client = Client(CallbackAPIVersion.VERSION2, f"lifeline-simulator-{secrets.token_hex(4)}")
        self._client.max_inflight_messages_set(INFLIGHT)
        if user is not None:
            self._client.username_pw_set(user, password)
        if tls:
            self._client.tls_set(str(ca) if ca else None)
        self._client.on_connect, self._client.on_disconnect = self._connected, self._disconnected
        self._client.on_publish, self._client.on_message = self._acknowledged, self._asked

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            UnavailableError: the broker does not answer, or refuses us.
        """
        try:
            self._client.connect(self._host, self._port)
            self._client.loop_start()
            refused = self._welcome.get(timeout=PATIENCE_S)
        except (OSError, queue.Empty) as error:
            self._client.loop_stop()
            raise UnavailableError(f"{self._name} does not answer: {_why(error)}") from None
        if refused.is_failure:
            self._client.loop_stop()
            raise UnavailableError(f"{self._name} refuses us: {refused}")
        return self

    def __exit__(self, *error: object) -> None:
        self._flush()
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Publish, if there is room among the unacknowledged within a moment."""
        if not self._room.acquire(timeout=0.1):
            return None
        now = _now()
        self._client.publish(topic, payload, qos=1, retain=retain)
        return now

    def requests(self) -> Iterator[tuple[str, bytes]]:
        """What came on the devices' ``resend`` topics."""
        while not self._requests.empty():
            yield self._requests.get()

    @property
    def _name(self) -> str:
        return f"the broker at {self._host}:{self._port}"

    def _flush(self) -> None:
        """Wait until everything is acknowledged, for some seconds at most."""
        deadline = time.monotonic() + PATIENCE_S
        for left in range(INFLIGHT, 0, -1):
            if not self._room.acquire(timeout=max(0.0, deadline - time.monotonic())):
                log.warning("%s has not acknowledged %d messages", self._name, left)
                return

    def _connected(
        self,
        client: Client,
        _data: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _with: Properties | None,
    ) -> None:
        if not reason.is_failure:
            client.subscribe(RESEND_TOPIC, qos=1)
        self._welcome.put(reason)

    def _disconnected(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _with: Properties | None,
    ) -> None:
        if reason.is_failure:
            log.warning("%s is away: %s; trying again", self._name, reason)

    def _acknowledged(
        self, _client: Client, _data: object, _mid: int, _reason: ReasonCode, _with: Properties
    ) -> None:
        self._room.release()

    def _asked(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self._requests.put((message.topic, bytes(message.payload)))


class FileOutlet:
    """A file with a JSON object a line: ``topic`` and ``payload``, or ``base64`` where that is no JSON.

    It gets its name when it is left: whoever finds it finds all of it.
    """

    def __init__(self, path: Path) -> None:
        self._whole = whole(path)

    def __enter__(self) -> Self:
        self._file = self._whole.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._whole.__exit__(kind, error, trace)

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Write a line; a file has no retained messages."""
        del retain
        now = _now()
        json = payload[:1] in b"{["
        body = {"payload": msgspec.Raw(payload)} if json else {"base64": base64.b64encode(payload).decode()}
        self._file.write(msgspec.json.encode({"topic": topic, **body}) + b"\n")
        return now

    def requests(self) -> Iterator[tuple[str, bytes]]:
        """Nobody asks a file."""
        return iter(())


def _why(error: OSError | queue.Empty) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else f"not within {PATIENCE_S:g} s"


def _now() -> int:
    return time.time_ns() // 1000
