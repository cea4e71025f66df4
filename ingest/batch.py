"""What a batch of messages holds once it is decoded."""

from dataclasses import dataclass

import msgspec

from ingest.reason import Reason
from sensors.readings import Readings
from sensors.waveforms import Waveform

LONGEST_PAYLOAD = 64 * 1024
"""Bytes of a message that a dead letter keeps."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message kept aside with the reason; the payload is cut at ``LONGEST_PAYLOAD``."""

    topic: str
    device: str | None
    reason: Reason
    detail: str
    content_type: str | None
    payload: bytes
    size: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A device's birth or last will."""

    device: str
    online: bool
    boot: int | None


class Numbered(msgspec.Struct, frozen=True):
    """The number that a device gave one of its messages, counted from 0 at each boot."""

    device: str
    boot: int
    number: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The content of some messages, in order of arrival.

    ticks: (how many of the readings came before it, time in us).
    """

    readings: Readings
    waveforms: tuple[Waveform, ...]
    statuses: tuple[Status, ...]
    numbered: tuple[Numbered, ...]
    ticks: tuple[tuple[int, int], ...]
    dead: tuple[DeadLetter, ...]
    messages: int
