"""The MQTT edge: messages as they arrive, acknowledged when their batch is durable.

paho is hidden behind ``async with Subscriber(...)``, ``take`` and ``acknowledge``; its socket is read on the
event loop, so there is no thread of its own, and what is held here is bounded by the Receive Maximum: when
the database is slow the broker holds the messages.
"""

import asyncio
import contextlib
import random
import secrets
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.message import Message

log = structlog.get_logger()

SESSION_EXPIRY_S = 86_400
"""How long the broker keeps messages for a worker that is away."""

_KEEPALIVE_S = 30
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 15.0

_READS = 64
"""Packets read before the event loop gets its turn."""


class Broker(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker is, and who we are there."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None
    ca: Path | None = None

    @classmethod
    def at(
        cls, url: str, user: str | None = None, password: str | None = None, ca: Path | None = None
    ) -> Self:
        """The broker at mqtt://host:port or mqtts://host:port."""
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        port = parts.port or (8883 if tls else 1883)
        return cls(host=parts.hostname or "", port=port, tls=tls, user=user, password=password, ca=ca)


def why_away(error: Exception) -> str:
    """What is wrong with the way to a broker, and where that can be mended, if here."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not one that LIFELINE_MQTT_CA vouches for: {error.verify_message}"
    return str(error)


def _certificate_end(sock: object) -> float | None:
    shown = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    return ssl.cert_time_to_seconds(str(shown["notAfter"])) if shown else None


class Subscriber:
    """A persistent session at the broker, kept up for as long as the context lasts.

    on_session is called after each connect with whether the broker still had the session. marker: a topic of
    our own, on which a message is sent after each connect; when it comes back, all that the broker had kept
    for us came before it. figures: what to call with a payload of topics that the broker speaks of itself on;
    they are no messages to take.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        filters: Sequence[str],
        receive_maximum: int,
        *,
        marker: str | None = None,
        on_session: Callable[[bool], None] | None = None,
        figures: Mapping[str, Callable[[bytes], None]] | None = None,
        manual_ack: bool = True,
    ) -> None:
        self._broker, self._on_session, self._marker = broker, on_session, marker
        self._figures = figures or {}
        self._filters = (*filters, *([marker] if marker else []))
        self._receive_maximum = receive_maximum
        self._waiting: deque[Message] = deque()
        self._enough, self._many = asyncio.Event(), 1
        self._lost = asyncio.Event()
        self._epoch, self._read = 0, 0
        self._pause, self._token = _FIRST_PAUSE_S, b""
        self._client = self._paho(client_id, manual_ack=manual_ack)
        self._tasks: list[asyncio.Task[None]] = []
        self.connected = False
        self.certificate_ends: float | None = None
        """When the certificate runs out that the broker showed, in s since 1970 UTC; None without TLS."""

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._connecting: asyncio.Future[None] = self._loop.create_future()
        self._connecting.set_result(None)
        self._tasks = [asyncio.create_task(self._keep_connected()), asyncio.create_task(self._keep_alive())]
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, self._connecting, return_exceptions=True)
        self.drop()

    async def arrival(self, patience: float) -> bool:
        """Wait until a message is there, at most ``patience`` s; whether there is one."""
        for task in self._tasks:
            if task.done():  # it never ends of itself: what ended it must not go unheard
                task.result()
        return await self._until(1, patience)

    async def fill(self, most: int) -> None:
        """Wait until ``most`` messages are there."""
        await self._until(most, None)

    def take(self, most: int) -> list[Message]:
        """The messages that are there, in order of arrival, at most ``most``."""
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    async def _until(self, many: int, patience: float | None) -> bool:
        self._many = many
        while len(self._waiting) < many:
            self._enough.clear()
            try:
                await asyncio.wait_for(self._enough.wait(), patience)
            except TimeoutError:
                return False
        return True

    def ends_backlog(self, message: Message) -> bool:
        """Whether this is the marker of this connection: one of an earlier may be in the backlog itself."""
        return message.topic == self._marker and message.payload == self._token

    @property
    def waiting(self) -> int:
        """How many messages have arrived and were not taken."""
        return len(self._waiting)

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Let the broker forget the messages; those of an earlier connection are left to be sent again."""
        for message in messages:
            if message.epoch == self._epoch and self.connected:
                self._client.ack(message.mid, 1)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message at QoS 1; it is dropped when the connection is."""
        if self.connected:
            self._client.publish(topic, payload, qos=1)

    def drop(self) -> None:
        """Leave the broker with the session kept: it sends everything again that was not acknowledged."""
        self._forget()
        self._client.disconnect()
        self._client.loop_write()
        if isinstance(sock := self._client.socket(), socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _paho(self, client_id: str, *, manual_ack: bool) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=manual_ack
        )
        if self._broker.user is not None:
            client.username_pw_set(self._broker.user, self._broker.password)
        if self._broker.tls:
            client.tls_set(str(self._broker.ca) if self._broker.ca else None, cert_reqs=ssl.CERT_REQUIRED)
        client.on_connect, client.on_disconnect = self._connected, self._disconnected
        client.on_message, client.on_subscribe = self._received, self._subscribed
        client.on_socket_open, client.on_socket_close = self._opened, self._closed
        client.on_socket_register_write = self._wants_to_write
        client.on_socket_unregister_write = self._has_written
        return client

    async def _keep_connected(self) -> None:
        """Connect, wait until that is lost, and again, more patiently each time it fails."""
        while True:
            self._lost.clear()
            try:
                self._connecting = self._loop.run_in_executor(None, self._connect)
                await self._connecting
                await self._lost.wait()
            except (OSError, ValueError) as error:
                if self._pause == _FIRST_PAUSE_S:
                    log.warning(
                        "broker_away", broker=self._broker.host, port=self._broker.port, error=why_away(error)
                    )
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311, no secret
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_S)

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own gap
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.ReceiveMaximum = self._receive_maximum
        # paho's own default would empty the queue at the first connect.
        self._client.connect(
            self._broker.host, self._broker.port, _KEEPALIVE_S, clean_start=False, properties=properties
        )

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self._client.loop_misc()

    def _connected(
        self,
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del userdata, properties
        if reason.is_failure:
            log.error("broker_refused", reason=str(reason))
            return
        log.info("broker_connected", session_present=flags.session_present)
        self.connected, self._pause = True, _FIRST_PAUSE_S
        self.certificate_ends = _certificate_end(client.socket())
        ours = [(name, SubscribeOptions(qos=1)) for name in self._filters]
        client.subscribe([*ours, *((name, SubscribeOptions(qos=0)) for name in self._figures)])
        if self._marker is not None:
            self._token = secrets.token_hex(8).encode()
            client.publish(self._marker, self._token, qos=1)
        if self._on_session is not None:
            self._on_session(flags.session_present)

    def _subscribed(self, *details: object) -> None:
        del details
        log.info("subscribed", filters=len(self._filters))

    def _disconnected(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, flags, properties
        if self.connected:
            log.warning("broker_lost", reason=str(reason))
        self._forget()
        self._lost.set()

    def _forget(self) -> None:
        """What has arrived and was not acknowledged comes again on the next connection."""
        self.connected = False
        self._epoch += 1
        self._waiting.clear()

    def _received(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        del client, userdata
        self._read += 1
        if not self.connected:
            return
        if (figure := self._figures.get(message.topic)) is not None:
            figure(bytes(message.payload))
            return
        content_type = getattr(message.properties, "ContentType", None)
        self._waiting.append(Message(message.topic, message.payload, content_type, message.mid, self._epoch))
        if len(self._waiting) >= self._many:
            self._enough.set()

    def _readable(self) -> None:
        for _ in range(_READS):
            before = self._read
            self._client.loop_read()
            if self._read == before:
                break
        sock = self._client.socket()
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            self._loop.call_soon(self._readable)  # deciphered already: no selector will tell of it

    # paho calls these from the thread that connects as well as from the loop.

    def _opened(self, client: Client, userdata: object, sock: Any) -> None:  # noqa: ANN401, as paho has it
        del client, userdata
        self._loop.call_soon_threadsafe(self._loop.add_reader, sock, self._readable)

    def _closed(self, client: Client, userdata: object, sock: Any) -> None:  # noqa: ANN401
        del client, userdata
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)

    def _wants_to_write(self, client: Client, userdata: object, sock: Any) -> None:  # noqa: ANN401
        del client, userdata
        self._loop.call_soon_threadsafe(self._watch_for_writing, sock)

    def _watch_for_writing(self, sock: Any) -> None:  # noqa: ANN401
        # What wanted to be written may have been by now; paho would not tell again, and the loop would spin.
        if sock.fileno() >= 0 and self._client.want_write():
            self._loop.add_writer(sock, self._client.loop_write)

    def _has_written(self, client: Client, userdata: object, sock: Any) -> None:  # noqa: ANN401
        del client, userdata
        self._loop.remove_writer(sock)
