"""Payloads as they would be, had everything happened at another time. Pure."""

from typing import Any

import cbor2
import msgspec

from ingest import formats
from ingest.formats import MILLISECOND
from sensors.readings import SECOND


def shifted(payload: bytes, shift: int) -> bytes:
    """The payload with its times so much later (us, whole ms).

    What names no time, or cannot be read, stays as it is.
    """
    match payload[:1]:
        case b"{":
            return _native(payload, shift)
        case b"[":
            return _senml(payload, shift)
        case _:
            return _cbor(payload, shift)


def _native(payload: bytes, shift: int) -> bytes:
    try:
        body = msgspec.json.decode(payload, type=dict[str, Any])
        return msgspec.json.encode({**body, "t": _later(body["t"], shift)})
    except (msgspec.DecodeError, KeyError, TypeError, formats.Unfit):
        return payload


def _senml(payload: bytes, shift: int) -> bytes:
    """A base time holds for all records from its own on, so that moving the base times moves them all."""
    try:
        records = msgspec.json.decode(payload, type=list[dict[str, Any]])
        moved = [
            {**record, "bt": record.get("bt", 0) + shift / SECOND} if not place or "bt" in record else record
            for place, record in enumerate(records)
        ]
        return msgspec.json.encode(moved)
    except (msgspec.DecodeError, TypeError):
        return payload


def _cbor(payload: bytes, shift: int) -> bytes:
    try:
        body = cbor2.loads(payload)
        return cbor2.dumps({**body, "t": _later(body["t"], shift)})
    except (cbor2.CBORError, KeyError, TypeError, ValueError, formats.Unfit):
        return payload


def _later(given: Any, shift: int) -> Any:  # noqa: ANN401, whatever a device sent
    if isinstance(given, list):
        return [_later(each, shift) for each in given]
    return (formats.moment(given) + shift) // MILLISECOND
