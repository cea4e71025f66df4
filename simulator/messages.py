"""What devices publish: the payloads of docs/protocol, and beside each what it says as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import cbor2
import msgspec
import numpy as np
from numpy.typing import NDArray

MILLISECOND = 1000
"""Microseconds in a millisecond: payloads carry times in milliseconds."""

FLOAT32_LE = 85
"""CBOR tag of an array of little-endian 32-bit floats (RFC 8746)."""

CLOCK_TOPIC = "lifeline/clock"

Times = NDArray[np.int64]
Values = NDArray[np.float64] | NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One MQTT message of a device.

    time: when it is sent, in microseconds since 1970 UTC. names: its m sensors. times: int64 [n], event
    times in microseconds; of a waveform the start alone. values: [m, n] as sent, float64; of a waveform
    float32, ``rate`` samples a second.
    """

    time: int
    device: str
    kind: Literal["telemetry", "waveform", "status"]
    topic: str
    payload: bytes
    retain: bool = False
    names: tuple[str, ...] = ()
    times: Times = field(default_factory=lambda: np.empty(0, np.int64))
    values: Values = field(default_factory=lambda: np.empty((0, 0)))
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Number:
    """A message's number ``s`` within its device's boot ``b``."""

    boot: int
    sequence: int


class ResendRequest(msgspec.Struct, frozen=True):
    """What is asked for on a device's ``resend`` topic."""

    boot: int = msgspec.field(name="b")
    first: int = msgspec.field(name="from")
    last: int = msgspec.field(name="to")


def telemetry(times: Sequence[int], values: Mapping[str, Sequence[float]], number: Number | None) -> bytes:
    """Native JSON: one instant, or a columnar pack where there are more. times in ms since 1970 UTC."""
    if len(times) == 1:
        body = {"t": times[0], **_numbered(number), "v": {key: row[0] for key, row in values.items()}}
    else:
        body = {"t": times, **_numbered(number), "v": values}
    return msgspec.json.encode(body)


def waveform(
    start: int, rate: float, values: Mapping[str, NDArray[np.float32]], number: Number | None
) -> bytes:
    """CBOR with the samples of each sensor as a typed array; start in ms since 1970 UTC, rate in Hz."""
    blocks = {key: cbor2.CBORTag(FLOAT32_LE, block.astype("<f4").tobytes()) for key, block in values.items()}
    return cbor2.dumps({"t": start, "rate": rate, **_numbered(number), "v": blocks})


def birth(time: int, boot: int) -> bytes:
    """A device's first word on its ``status`` topic; time in ms since 1970 UTC."""
    return msgspec.json.encode({"online": True, "t": time, "b": boot})


def will(boot: int) -> bytes:
    """What the broker says for a device that is gone; it was given at connect, so it knows no time."""
    return msgspec.json.encode({"online": False, "b": boot})


def clock(time: int) -> bytes:
    """The feed's time, for a worker that takes its ticks from it; time in ms since 1970 UTC."""
    return msgspec.json.encode({"t": time})


def _numbered(number: Number | None) -> dict[str, int]:
    return {} if number is None else {"s": number.sequence, "b": number.boot}
