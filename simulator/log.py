"""The publisher's own log: what was sent, when, so that nothing can get lost or late unnoticed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from sensors.errors import ConfigurationError
from simulator.messages import Message

_LENGTH = 4


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One message as it was published.

    wall: microseconds since 1970 UTC by the publisher's clock, just before it was published. times: int64
    event times in microseconds, as bytes. values: float64 [names, times] as sent, as bytes; of a waveform
    float32 [names, samples], ``times`` its start. again: it was published before.
    """

    wall: int
    device: str
    kind: str
    topic: str
    names: tuple[str, ...]
    times: bytes
    values: bytes
    rate: float
    again: bool

    @classmethod
    def of(cls, message: Message, wall: int, *, again: bool = False) -> Self:
        """The record of a message published at ``wall``."""
        times, values = message.times.tobytes(), message.values.tobytes()
        return cls(
            wall,
            message.device,
            message.kind,
            message.topic,
            message.names,
            times,
            values,
            message.rate,
            again,
        )


class Log(Protocol):
    """Where a publisher notes what it sends."""

    def append(self, record: Record, /) -> None:
        """Note one message; a plain list will do."""
        ...


class LogFile:
    """A log on disk: each record as MessagePack behind its length (uint32, little-endian).

    It has its name from the start: of a publisher that was killed it must tell what was sent.

    Raises:
        ConfigurationError: it cannot be made there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoder = msgspec.msgpack.Encoder()

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("wb")
        except OSError as error:
            raise ConfigurationError(f"{self._path}: cannot be written: {error.strerror}") from None
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def append(self, record: Record, /) -> None:
        """Note one message."""
        body = self._encoder.encode(record)
        self._file.write(len(body).to_bytes(_LENGTH, "little") + body)


def read_log(path: Path) -> Iterator[Record]:
    """The records of a log file, as far as they were written whole."""
    decoder = msgspec.msgpack.Decoder(Record)
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH)) == _LENGTH:
            length = int.from_bytes(head, "little")
            body = file.read(length)
            if len(body) < length:
                return
            yield decoder.decode(body)


@dataclass(frozen=True, slots=True)
class Published:
    """All readings of a log, n rows.

    names: every sensor by name. sensor: int32 [n], its place in ``names``. time: int64 [n], event times.
    value: float64 [n], as sent, in the unit the sensor declares. wall: int64 [n], when it was published.
    """

    names: tuple[str, ...]
    sensor: NDArray[np.int32]
    time: NDArray[np.int64]
    value: NDArray[np.float64]
    wall: NDArray[np.int64]


def published(records: Sequence[Record]) -> Published:
    """The readings of the telemetry that was published, each once; waveforms are no readings."""
    packs = [record for record in records if record.kind == "telemetry" and not record.again]
    index: dict[str, int] = {}
    columns: list[tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]] = []
    for pack in packs:
        times = np.frombuffer(pack.times, np.int64)
        rows = [index.setdefault(name, len(index)) for name in pack.names]
        count = len(rows) * len(times)
        columns.append(
            (
                np.repeat(np.array(rows, np.int32), len(times)),
                np.tile(times, len(rows)),
                np.frombuffer(pack.values, np.float64),
                np.full(count, pack.wall, np.int64),
            )
        )
    empty = (np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))
    sensor, time, value, wall = (np.concatenate(column) for column in zip(empty, *columns, strict=True))
    return Published(tuple(index), sensor, time, value, wall)
