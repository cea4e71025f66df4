"""Recorded messages: a line of JSON each, as ``lifeline record`` and ``lifeline simulate --out`` write them.

A line has the topic and the payload, as JSON or in base64; the content type, where the broker told one; and
when it came. Where the recording holds the messages of a clock, that is its clock; else it is when each
message came, or what time it speaks of.
"""

import gzip
import zlib
from base64 import b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest import formats
from ingest.decode import CLOCK, Window, decode
from ingest.index import Index, Leaf
from ingest.message import Message
from lifeline.replay.shift import shifted
from lifeline.replay.skipped import Skipped, again, counting
from lifeline.scoring import Alarm, Score
from rules.model import RuleSet
from sensors.errors import Mistake
from sensors.model import Registry
from sensors.readings import SECOND
from simulator.feed_csv import Bad, refuse
from simulator.feed_messages import Instant
from simulator.feed_rows import HOLE, Extent
from simulator.messages import clock

SUFFIXES = frozenset({".jsonl", ".ndjson"})
"""By which a recording is told from a feed file; .gz may follow."""

_MOST = 2000
"""Messages that are looked at together."""

_BROKEN = (EOFError, OSError, zlib.error)
_LEVELS = 5


_ABSENT = msgspec.Raw()


class Heard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line. at: when it came, ms since 1970 UTC."""

    topic: str
    payload: msgspec.Raw = _ABSENT
    base64: str | None = None
    type: str | None = None
    at: int | None = None

    @property
    def content(self) -> bytes:
        """The payload as it was sent.

        Raises:
            ValueError: there is none, or it is no base64.
        """
        payload = bytes(self.payload)
        if bool(payload) == (self.base64 is not None):
            raise ValueError("expected either payload or base64")
        if self.base64 is None:
            return payload
        try:
            return b64decode(self.base64, validate=True)
        except ValueError:
            raise ValueError("base64: expected base64") from None


_decoder = msgspec.json.Decoder(Heard)


def is_recording(path: Path) -> bool:
    """Whether a file's name says that it holds recorded messages."""
    name = path.with_suffix("") if path.suffix == ".gz" else path
    return name.suffix in SUFFIXES


def lines(path: Path, bad: Bad = refuse) -> Iterator[tuple[int, Message, int | None]]:
    """The messages that a worker takes, each with its line, and with when it came in us since 1970 UTC.

    bad: told of what is wrong with a line, or with the rest of the file, which is left out if it returns.

    Raises:
        Mistake: a line is none, or the file cannot be read to its end.
    """
    number = 0
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, 1):
                try:
                    message = _message(path, number, line) if line.strip() else None
                except Mistake as mistake:
                    bad(mistake)
                    continue
                if message is not None:
                    yield number, *message
    except _BROKEN as error:
        if not number and isinstance(error, OSError) and error.strerror:
            expected = f"expected a file that can be read: {error.strerror}"
            raise Mistake(path, None, "file", expected) from None
        expected = f"expected the rest of the file, which is cut off or broken ({error}), after line {number}"
        bad(Mistake(path, None, "file", expected))


def _message(path: Path, number: int, line: bytes) -> tuple[Message, int | None] | None:
    heard = _read(path, number, line)
    if not _taken(heard.topic):
        return None
    at = None if heard.at is None else heard.at * formats.MILLISECOND
    return Message(heard.topic, _content(path, number, heard), heard.type), at


def _opened(path: Path) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _read(path: Path, number: int, line: bytes) -> Heard:
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        expected = f"expected a JSON object with topic and payload: {error}"
        raise Mistake(path, number, "line", expected) from None


def _content(path: Path, number: int, heard: Heard) -> bytes:
    try:
        return heard.content
    except ValueError as error:
        raise Mistake(path, number, "line", str(error)) from None


def _taken(topic: str) -> bool:
    levels = topic.split("/")
    return topic == CLOCK or (len(levels) == _LEVELS and levels[0] == "lifeline" and levels[-1] in set(Leaf))


@dataclass(frozen=True)
class Recording:
    """A file of recorded messages with the city that they are of, read and checked as a whole."""

    path: Path
    registry: Registry
    rules: RuleSet
    until: int | None = None
    """us since 1970 UTC, as it was recorded; messages from then on are left out."""
    shift: int = 0
    """How much later (us) everything is than it was recorded."""
    skip_bad: bool = False
    skipped: Skipped = field(default_factory=Skipped)

    @property
    def name(self) -> str:
        """The file's."""
        return self.path.name.partition(".")[0]

    @property
    def title(self) -> str:
        """The file's name."""
        return self.path.name

    @cached_property
    def extent(self) -> Extent:
        """How much it holds.

        Raises:
            Mistake: the first line that is wrong, or there is none.
        """
        return _surveyed(self)

    @cached_property
    def clocked(self) -> bool:
        """Whether it brings a clock."""
        bad = counting(self.skipped, skip_bad=self.skip_bad)
        # To its end, so that all that is wrong with it is counted once, and here.
        return sum(message.topic == CLOCK for _, message, _ in lines(self.path, bad)) > 0

    def instants(self) -> Iterator[Instant]:
        """The messages in their order, each under the newest time of the recording's clock."""
        for instant in self._as_recorded():
            if self.until is not None and instant.time >= self.until:
                return
            if self.shift:
                moved = tuple((topic, shifted(payload, self.shift)) for topic, payload in instant.messages)
                yield Instant(instant.time + self.shift, moved, 0)
            else:
                yield instant

    def _as_recorded(self) -> Iterator[Instant]:
        now: int | None = None
        waiting: list[tuple[str, bytes]] = []
        for time, message in self._timed():
            if time is not None and (now is None or time > now):
                if now is not None:
                    yield Instant(now, tuple(waiting), 0)
                    waiting = []
                now = time
            if message.topic != CLOCK:
                waiting.append((message.topic, bytes(message.payload)))
        if now is not None:
            yield Instant(now, tuple(waiting), 0)

    def scored(self, alarms: Iterable[Alarm]) -> Score | None:
        """None: nobody wrote down what truly happened."""
        del alarms
        return None

    def later(self, shift: int) -> "Recording":
        """The same so much later (us)."""
        return replace(self, shift=self.shift + shift, skipped=Skipped())

    def _timed(self) -> Iterator[tuple[int | None, Message]]:
        """Each message with the time that its coming makes it."""
        clocked = self.clocked
        for _, message, at in lines(self.path, again(skip_bad=self.skip_bad)):
            if message.topic == CLOCK:
                yield _clock(message), message
            elif clocked:
                yield None, message
            else:
                time = at if at is not None else _spoken_of(message)
                yield (None if time is None else time // SECOND * SECOND), message


def _clock(message: Message) -> int | None:
    with suppress(formats.Unfit):
        return formats.clock(message.payload)
    return None


def _spoken_of(message: Message) -> int | None:
    """The newest time that a payload names, if it is of readings."""
    with suppress(formats.Unfit):
        if message.payload[:1] == b"[":
            return max(record.time for record in formats.senml(message.payload, None))
        if message.topic.endswith(Leaf.TELEMETRY):
            given = formats.json(formats.native_decoder, message.payload).t
            return max(map(formats.moment, given if isinstance(given, list) else [given]), default=None)
    return None


def _surveyed(recording: Recording) -> Extent:
    index, now = Index(recording.registry), None
    count, readings, stretches = 0, [np.empty((0, 2), np.int64)], list[tuple[int, int]]()
    waiting: list[Message] = []
    for instant in recording.instants():
        begun = stretches.pop()[0] if stretches and instant.time - stretches[-1][1] < HOLE else instant.time
        stretches.append((begun, instant.time + SECOND))
        count += 1
        waiting.append(Message(CLOCK, clock(instant.time // formats.MILLISECOND)))
        waiting += [Message(*each) for each in instant.messages]
        if len(waiting) >= _MOST:
            readings.append(_pairs(waiting, index, now))
            waiting, now = [], instant.time
    readings.append(_pairs(waiting, index, now))
    if not stretches:
        raise Mistake(recording.path, None, "file", "expected messages with a time, there are none")
    distinct = len(np.unique(np.concatenate(readings), axis=0))
    return Extent(count, distinct, tuple(stretches))


def _pairs(messages: list[Message], index: Index, now: int | None) -> NDArray[np.int64]:
    """Sensor and time of each reading."""
    found = decode(messages, index, Window(), now).readings
    return np.stack([found.sensor.astype(np.int64), found.time], axis=1)
