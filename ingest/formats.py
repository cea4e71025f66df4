"""The payloads: native JSON, SenML JSON (RFC 8428), waveforms (CBOR with RFC 8746 arrays, or JSON), status.

Each function turns bytes into a message's content or raises ``Unfit`` with the reason; no other exception
leaves this module, whatever the bytes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import cbor2
import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest.reason import Reason
from sensors.readings import SECOND

MILLISECOND = SECOND // 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = 2**53

Milliseconds = Annotated[int, msgspec.Meta(ge=-_EXACT, le=_EXACT)]
Count = Annotated[int, msgspec.Meta(ge=0, le=_EXACT)]


class Unfit(Exception):  # noqa: N818, it is the message that is unfit
    """A payload that cannot be taken, with the reason and what was expected."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(detail)


class Native(msgspec.Struct):
    """One instant, or a columnar pack: ``v`` has a value, or a list beside ``t``, by the sensor's key."""

    t: Milliseconds | str | list[Milliseconds | str]
    v: dict[str, float | list[float | None] | None]
    s: Count | None = None
    b: Count | None = None


class SenML(msgspec.Struct):
    """One SenML record; see RFC 8428 §4."""

    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    n: str = ""
    u: str | None = None
    v: float | None = None
    t: float = 0.0


class Samples(msgspec.Struct):
    """A waveform message: blocks of samples by the sensor's key, all starting at ``t`` with ``rate`` Hz."""

    t: Milliseconds | str
    rate: float
    v: dict[str, list[float]]
    s: Count | None = None
    b: Count | None = None


class Online(msgspec.Struct):
    """Birth (true) or last will (false)."""

    online: bool
    b: Count | None = None


class Clock(msgspec.Struct):
    """A feed's own time."""

    t: Milliseconds


native_decoder = msgspec.json.Decoder(Native)
_senml = msgspec.json.Decoder(list[SenML])
_samples = msgspec.json.Decoder(Samples)
_online = msgspec.json.Decoder(Online)
_clock = msgspec.json.Decoder(Clock)

_TYPED_ARRAYS: Mapping[int, str] = {81: ">f4", 82: ">f8", 85: "<f4", 86: "<f8"}
"""RFC 8746 §2.1: tags of float arrays that devices send."""


def json(decoder: msgspec.json.Decoder[Any], payload: bytes | bytearray) -> Any:  # noqa: ANN401
    """The payload as the decoder's type.

    Raises:
        Unfit: it is no JSON, or not of that form.
    """
    try:
        return decoder.decode(payload)
    except msgspec.ValidationError as error:
        raise Unfit(Reason.SCHEMA, str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unfit(Reason.UNDECODABLE, str(error)) from None


def moment(given: int | str) -> int:
    """A time in us since 1970 UTC, from ms or RFC 3339.

    Raises:
        Unfit: the text is no RFC 3339 time with an offset.
    """
    if isinstance(given, int):
        return given * MILLISECOND
    try:
        parsed = datetime.fromisoformat(given)
    except ValueError:
        raise Unfit(Reason.SCHEMA, f"expected RFC 3339, not {given!r}") from None
    if parsed.tzinfo is None:
        raise Unfit(Reason.SCHEMA, f"expected a time with an offset, not {given!r}")
    return (parsed - _EPOCH) // timedelta(microseconds=1)


def clock(payload: bytes | bytearray) -> int:
    """The feed's time in us."""
    return int(json(_clock, payload).t) * MILLISECOND


def online(payload: bytes | bytearray) -> Online:
    """A device's status."""
    found: Online = json(_online, payload)
    return found


class Record(msgspec.Struct, frozen=True):
    """One resolved SenML record: full name, time in us, value, unit if it is given."""

    name: str
    time: int
    value: float
    unit: str | None


_RELATIVE = 2**28
"""RFC 8428 §4.5.3: a smaller time is one relative to now, in s."""

_BASE = ("bn", "bt", "bu", "bv")

_LATEST_S = 1e11
"""Some 3,000 years: further out no time is meant, and none fits into a timestamp."""


def senml(payload: bytes | bytearray, now: int | None) -> list[Record]:
    """The resolved records of a SenML pack.

    now: us, what small times are relative to; None = it is not known yet, and they cannot be taken.
    """
    records, base = [], SenML()
    for given in json(_senml, payload):
        base = _rebase(base, given)
        if given.v is not None:
            time = _senml_time((base.bt or 0.0) + given.t, now)
            value = (base.bv or 0.0) + given.v
            records.append(Record((base.bn or "") + given.n, time, value, given.u or base.bu))
    if not records:
        raise Unfit(Reason.SCHEMA, "expected at least one record with a value v")
    return records


def _rebase(base: SenML, given: SenML) -> SenML:
    """The base fields that hold from this record on: what it gives, also where that is 0."""
    own = {name: value for name in _BASE if (value := getattr(given, name)) is not None}
    return msgspec.structs.replace(base, **own)


def _senml_time(seconds: float, now: int | None) -> int:
    if not abs(seconds) < _LATEST_S:
        raise Unfit(Reason.SCHEMA, f"time {seconds} is beyond all reason")
    if seconds >= _RELATIVE:
        return round(seconds * SECOND)
    if now is None:
        raise Unfit(Reason.TIME, "a relative time came before the feed's clock had spoken")
    return now + round(seconds * SECOND)


class Blocks(msgspec.Struct, frozen=True):
    """A waveform message: start in us, rate in Hz, float32 samples by key."""

    start: int
    rate: float
    samples: Mapping[str, NDArray[np.float32]]
    number: int | None
    boot: int | None


def waveform(payload: bytes | bytearray) -> Blocks:
    """A waveform message in CBOR, or in JSON for small ones."""
    if payload[:1] == b"{":
        head: Samples = json(_samples, payload)
        with np.errstate(over="ignore"):
            samples = {key: np.array(block, np.float32) for key, block in head.v.items()}
    else:
        head, samples = _cbor(bytes(payload))
    if not 0 < head.rate < float("inf"):
        raise Unfit(Reason.SCHEMA, f"expected a rate above 0 Hz, not {head.rate}")
    if not samples or not all(len(block) for block in samples.values()):
        raise Unfit(Reason.SCHEMA, "expected at least one sample in each block")
    return Blocks(moment(head.t), head.rate, samples, head.s, head.b)


def _cbor(payload: bytes) -> tuple[Samples, dict[str, NDArray[np.float32]]]:
    try:
        content = cbor2.loads(payload)
    except Exception as error:  # noqa: BLE001, whatever a decoder of foreign bytes may raise
        raise Unfit(Reason.UNDECODABLE, f"no CBOR: {error}") from None
    blocks = content.pop("v", None) if isinstance(content, dict) else None
    if not isinstance(blocks, dict) or not all(isinstance(key, str) for key in blocks):
        raise Unfit(Reason.SCHEMA, "expected a map whose v is a map of blocks by key")
    try:
        head = msgspec.convert({**content, "v": {}}, Samples)
    except msgspec.ValidationError as error:
        raise Unfit(Reason.SCHEMA, str(error)) from None
    return head, {key: _typed_array(block) for key, block in blocks.items()}


def _typed_array(block: object) -> NDArray[np.float32]:
    if (
        not isinstance(block, cbor2.CBORTag)
        or block.tag not in _TYPED_ARRAYS
        or not isinstance(block.value, bytes)
    ):
        raise Unfit(Reason.SCHEMA, "expected a float array by RFC 8746")
    dtype = np.dtype(_TYPED_ARRAYS[block.tag])
    if len(block.value) % dtype.itemsize:
        raise Unfit(Reason.SCHEMA, "a float array ends within a number")
    with np.errstate(over="ignore", invalid="ignore"):  # beyond float32, and signalling NaN
        return np.frombuffer(block.value, dtype).astype(np.float32)
