"""Load: packets built beforehand and sent as fast as the broker acknowledges them, or at a given rate.

It speaks just enough MQTT 3.1.1 itself (CONNECT, PUBLISH at QoS 1, PUBACK) to cost next to nothing, so that
what is measured is not the one who measures.
"""

import select
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_PUBACK_BYTES = 4
_IDS = 65_535


@dataclass(frozen=True, slots=True)
class Packets:
    """PUBLISH packets one after the other: the bytes, and where each begins (n + 1 places)."""

    content: bytes
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def elsewhere(self) -> "Packets":
        """The same packets under topics that no worker listens to."""
        return Packets(self.content.replace(b"lifeline/", b"ceilings/"), self.starts)


def build(messages: Iterable[tuple[str, bytes]]) -> Packets:
    """The packets of (topic, payload), at QoS 1, their ids counted from 1 and round again."""
    parts, starts = [], [0]
    for number, (topic, payload) in enumerate(messages):
        name = topic.encode()
        body = struct.pack("!H", len(name)) + name + struct.pack("!H", number % _IDS + 1) + payload
        packet = b"\x32" + _length(len(body)) + body
        parts.append(packet)
        starts.append(starts[-1] + len(packet))
    return Packets(b"".join(parts), np.array(starts, np.int64))


def send(
    host: str,
    port: int,
    packets: Packets,
    *,
    rate: float | None = None,
    window: int = 4000,
    patience: float = 60.0,
) -> NDArray[np.float64]:
    """Send the packets and wait for all acknowledgements; wall time at which each was handed to the socket.

    rate: messages a second; none = as fast as they are acknowledged. window: most unacknowledged at a time.

    Raises:
        OSError: the connection broke. TimeoutError: nothing was acknowledged for ``patience`` s.
    """
    sent_at = np.zeros(len(packets))
    with socket.create_connection((host, port), timeout=patience) as connection:
        _connect(connection)
        sent = acknowledged = 0
        started, rest = time.time(), b""
        while acknowledged < len(packets):
            due = len(packets) if rate is None else int((time.time() - started) * rate) + 1
            until = min(due, len(packets), acknowledged + window)
            if sent < until:
                sent_at[sent:until] = time.time()
                connection.sendall(memoryview(packets.content)[packets.starts[sent] : packets.starts[until]])
                sent = until
            wait = patience if rate is None or sent == len(packets) else 0.002
            readable, _, _ = select.select([connection], [], [], wait)
            if readable:
                rest += connection.recv(1 << 16)
                acknowledged += len(rest) // _PUBACK_BYTES
                rest = rest[len(rest) - len(rest) % _PUBACK_BYTES :]
            elif wait == patience:
                raise TimeoutError(f"the broker acknowledged nothing for {patience} s")
    return sent_at


def _connect(connection: socket.socket) -> None:
    variable = struct.pack("!H4sBBHH", 4, b"MQTT", 4, 0x02, 0, 0)
    connection.sendall(b"\x10" + _length(len(variable)) + variable)
    if connection.recv(4)[:2] != b"\x20\x02":
        raise ConnectionError("the broker did not accept the connection")


def _length(number: int) -> bytes:
    """MQTT's variable byte integer."""
    encoded = bytearray()
    while True:
        number, low = divmod(number, 128)
        encoded.append(low | (0x80 if number else 0))
        if not number:
            return bytes(encoded)
