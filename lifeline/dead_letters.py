"""Dead letters: to look at, and to publish again once what was wrong has been mended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Self

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from ingest.mqtt import Broker
from ingest.reason import Reason
from sensors.errors import UnavailableError

PATIENCE_S = 10.0
"""How long the broker may take to answer."""

_COLUMNS = """
select dead_letter_id as id, received_at, topic, device_id as device, reason, detail, content_type, payload,
    payload_size as size, retried_at
from dead_letter
"""

_NOBODY = 0x10
"""MQTT 5 §3.4.2.1: the broker took the message and has nobody to give it to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that was kept aside; ``payload`` may be less than the ``size`` that came."""

    id: int
    received_at: datetime
    topic: str
    device: str | None
    reason: str
    detail: str
    content_type: str | None
    payload: bytes
    size: int
    retried_at: datetime | None

    @property
    def obstacle(self) -> str | None:
        """Why it can never be published again, if so."""
        if self.reason == Reason.CONFLICT:
            return "a conflict is about a value that is stored: there is no message to publish"
        if self.size > len(self.payload):
            return f"only {len(self.payload)} of its {self.size} bytes were kept"
        return None


def newest(
    connection: Connection[TupleRow], reason: Reason | None, device: str | None, limit: int
) -> list[Letter]:
    """The last letters that came, of a reason and of a device if given, the newest first."""
    query = (
        f"{_COLUMNS} where (%(reason)s::text is null or reason = %(reason)s)"
        " and (%(device)s::text is null or device_id = %(device)s)"
        " order by dead_letter_id desc limit %(limit)s"
    )
    with connection.cursor(row_factory=class_row(Letter)) as cursor:
        return cursor.execute(query, {"reason": reason, "device": device, "limit": limit}).fetchall()


def not_retried(connection: Connection[TupleRow], reason: Reason) -> list[int]:
    """The letters of a reason that were not published again yet, the oldest first."""
    query = "select dead_letter_id from dead_letter where reason = %s and retried_at is null order by 1"
    return [number for (number,) in connection.execute(query, (reason,))]


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a letter; ``why_not`` is None if it was published again."""

    id: int
    why_not: str | None


def retry(connection: Connection[TupleRow], broker: Broker, letters: Sequence[int]) -> Iterator[Retried]:
    """Publish letters again under their own topics, one after the other, and mark those that the broker has.

    Raises:
        UnavailableError: the broker does not answer, or refuses us.
    """
    with _Publisher(broker) as publisher:
        for number in letters:
            yield Retried(number, _retry(connection, publisher, number))


def _retry(connection: Connection[TupleRow], publisher: "_Publisher", number: int) -> str | None:
    with connection.cursor(row_factory=class_row(Letter)) as cursor:
        letter = cursor.execute(f"{_COLUMNS} where dead_letter_id = %s", (number,)).fetchone()
    if letter is None:
        return "there is no such dead letter"
    why_not = letter.obstacle or publisher.publish(letter)
    if why_not is None:
        connection.execute(
            "update dead_letter set retried_at = clock_timestamp() where dead_letter_id = %s", (number,)
        )
    return why_not


class _Publisher:
    """A connection to the broker that waits for each acknowledgement."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._answers: SimpleQueue[ReasonCode] = SimpleQueue()
        self._client = client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        if broker.user is not None:
            client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            client.tls_set(str(broker.ca) if broker.ca else None)
        client.on_connect = lambda _client, _data, _flags, reason, _with: self._answers.put(reason)
        client.on_publish = lambda _client, _data, _mid, reason, _with: self._answers.put(reason)

    def __enter__(self) -> Self:
        where = f"the broker at {self._broker.host}:{self._broker.port}"
        try:
            self._client.connect(self._broker.host, self._broker.port)
            self._client.loop_start()
            answer = self._answers.get(timeout=PATIENCE_S)
        except (OSError, Empty) as error:
            self._client.loop_stop()
            raise UnavailableError(f"{where} does not answer: {error or 'not in time'}") from None
        if answer.is_failure:
            self._client.loop_stop()
            raise UnavailableError(f"{where} refuses us: {answer}")
        return self

    def __exit__(self, *error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, letter: Letter) -> str | None:
        """Publish a letter as it came; why the broker does not have it, if so."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own gap
        if letter.content_type is not None:
            properties.ContentType = letter.content_type
        self._client.publish(letter.topic, letter.payload, qos=1, properties=properties)
        try:
            answer = self._answers.get(timeout=PATIENCE_S)
        except Empty:
            return f"the broker did not acknowledge it within {PATIENCE_S:g} s"
        if answer.value == _NOBODY:
            return "no worker is subscribed to its topic"
        return f"the broker refuses it: {answer}" if answer.is_failure else None
