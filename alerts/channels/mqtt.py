"""JSON at a broker: ``lifeline/alerts/{utility}/{level}``, QoS 1, never retained: an old alert is no news."""

import asyncio
import re
import ssl
from urllib.parse import urlsplit

from paho.mqtt.client import Client, DisconnectFlags, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from alerts.channels.channel import Channel, Letter
from alerts.message import Heartbeat, Message
from alerts.outcome import Outcome, Permanent, Taken, Transient
from alerts.tables import Mqtt as Table

PATIENCE_S = 10.0
HEARTBEATS = "lifeline/alerts/heartbeat"

_REFUSALS = {"Not authorized", "Topic name invalid", "Packet too large", "Payload format invalid"}
_TO_LEVELS = re.compile(r"[/+#\x00]")


class Mqtt(Channel):
    """A connection of its own, made when it is first needed and given up when anything goes wrong.

    Given up whole: a client that connects again by itself would send again what we send again too.
    """

    def __init__(self, table: Table, password: bytes | None, ca: bytes | None) -> None:
        self._table, self._password, self._ca = table, password, ca
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[Outcome]] = {}

    async def send(self, letter: Letter) -> Outcome:
        message = letter.message
        return await self._publish(topic(message), message.model_dump_json().encode())

    async def beat(self, heartbeat: Heartbeat) -> Outcome:
        return await self._publish(HEARTBEATS, heartbeat.model_dump_json().encode())

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.on_disconnect = None
            client.disconnect()
            await asyncio.to_thread(client.loop_stop)

    async def _publish(self, to: str, body: bytes) -> Outcome:
        try:
            async with asyncio.timeout(PATIENCE_S):
                async with self._connecting:
                    client = self._client or await self._connect()
                if not isinstance(client, Client):
                    return client
                taken: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
                mid = client.publish(to, body, qos=1).mid
                self._waiting[mid] = taken
                return await taken
        except TimeoutError:
            await self.close()
            return Transient(f"no answer within {PATIENCE_S:g} s")
        except OSError as error:
            return Transient(f"{type(error).__name__}: {error}")

    async def _connect(self) -> Client | Outcome:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Outcome] = loop.create_future()
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5, reconnect_on_failure=False)

        def on_connect(*told: object) -> None:
            code = told[3]
            assert isinstance(code, ReasonCode)
            loop.call_soon_threadsafe(_settle, answered, _judge(code))

        def on_publish(_: Client, __: object, mid: int, code: ReasonCode, ___: Properties) -> None:
            loop.call_soon_threadsafe(self._answer, mid, _judge(code))

        def on_disconnect(
            _: Client, __: object, ___: DisconnectFlags, code: ReasonCode, ____: Properties | None
        ) -> None:
            loop.call_soon_threadsafe(self._lost, client, f"the broker ended the connection: {code}")

        client.on_connect, client.on_publish, client.on_disconnect = on_connect, on_publish, on_disconnect
        self._secure(client)
        parts = urlsplit(self._table.url)
        port = parts.port or (8883 if parts.scheme == "mqtts" else 1883)
        await asyncio.to_thread(client.connect, str(parts.hostname), port)
        client.loop_start()
        self._client = client
        outcome = await answered
        if not isinstance(outcome, Taken):
            await self.close()
            return outcome
        return client

    def _secure(self, client: Client) -> None:
        if self._table.user is not None:
            client.username_pw_set(self._table.user, self._password.decode() if self._password else None)
        if self._table.url.startswith("mqtts:"):
            client.tls_set_context(ssl.create_default_context(cadata=self._ca.decode() if self._ca else None))

    def _answer(self, mid: int, outcome: Outcome) -> None:
        if (waiting := self._waiting.pop(mid, None)) is not None:
            _settle(waiting, outcome)

    def _lost(self, client: Client, why: str) -> None:
        if self._client is client:
            self._client = None
        while self._waiting:
            _settle(self._waiting.popitem()[1], Transient(why))


def topic(message: Message) -> str:
    """Where a message goes: by the owner, and the level now, or the worst once none is live."""
    utility = message.utility.id if message.utility is not None else "unknown"
    level = message.level or message.worst_level
    return f"lifeline/alerts/{_TO_LEVELS.sub('-', utility)}/{level.name_en}"


def _judge(code: ReasonCode) -> Outcome:
    if not code.is_failure:
        return Taken(None)
    name = code.getName()
    return Permanent(f"MQTT: {name}") if name in _REFUSALS else Transient(f"MQTT: {name}")


def _settle(future: asyncio.Future[Outcome], outcome: Outcome) -> None:
    if not future.done():
        future.set_result(outcome)
