"""Whatever comes on whatever topic: the decoder takes it or says why not, and nothing else changes for it."""

import json
from dataclasses import fields
from typing import Any

import cbor2
import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.batch import LONGEST_PAYLOAD, Batch
from ingest.decode import CLOCK, Window
from ingest.message import Message
from ingest.reason import Reason
from sensors.model import Flag
from sensors.readings import MINUTE, Readings
from tests.unit.ingest.place import BRIDGE, GAS, INDEX, NOW, NOW_MS, SENSORS, SEWER, said, taken

KEYS = st.sampled_from(["ch4", "p", "temp", "acc", "level", "nobody", ""])
UNITS = st.sampled_from([None, "%VOL", "%LEL", "kPa", "Cel", "m", "l/s", "parsec", ""])
TOPICS = st.one_of(
    st.sampled_from(
        [
            *(
                f"{base}/{leaf}"
                for base in (GAS, BRIDGE, SEWER)
                for leaf in ("telemetry", "waveform", "status")
            ),
            f"{GAS}/telemetry",
            "lifeline/gas/east/stranger/telemetry",
            "lifeline/gas/west/d0/telemetry",
            CLOCK,
            "lifeline/worker/1-of-1/marker",
            "lifeline/////",
        ]
    ),
    st.text(max_size=40),
)
CONTENT_TYPES = st.sampled_from(
    [None, None, "application/json", "application/senml+json", "application/cbor", "?"]
)

NUMBERS = st.one_of(
    st.floats(),
    st.integers(),
    st.sampled_from(
        [0, 1, -1, 2**53, 2**53 + 1, 2**63, -(2**63), 2**64, 10**400, 1e300, -1e300, 5e-324, 0.1]
    ),
)
TIMES = st.one_of(
    st.integers(NOW_MS - 5 * 60_000, NOW_MS + 5 * 60_000),
    st.sampled_from(
        [NOW_MS, 0, 3_786_912_000_000, 2**53, -(2**53), 2**60, -62_135_596_800_001, "", "1970-01-01"]
    ),
    st.sampled_from(["2025-11-21T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"]),
    NUMBERS,
    st.text(max_size=30),
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
VALUES = st.one_of(NUMBERS, st.none(), st.lists(st.none() | NUMBERS, max_size=4), ANYTHING)
NATIVE = st.fixed_dictionaries(
    {"t": TIMES | st.lists(TIMES, max_size=4), "v": st.dictionaries(KEYS, VALUES, max_size=4) | ANYTHING},
    optional={"s": st.integers(0, 9) | ANYTHING, "b": st.integers(0, 3) | ANYTHING, "more": ANYTHING},
)
SENML = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "bn": st.sampled_from(["", "urn:dev:x:", "a/b/"]),
            "bt": NUMBERS | TIMES.map(lambda t: t / 1000 if isinstance(t, int) and abs(t) < 1e16 else t),
            "bu": UNITS,
            "bv": NUMBERS,
            "n": KEYS,
            "u": UNITS,
            "v": NUMBERS,
            "t": NUMBERS,
            "vs": st.text(max_size=5),
        },
    ),
    max_size=4,
)
ARRAYS = st.builds(
    cbor2.CBORTag, st.sampled_from([81, 82, 85, 86, 64, 0, 2**40]), st.binary(max_size=24) | st.integers()
)
WAVEFORM = st.fixed_dictionaries(
    {"t": TIMES, "rate": NUMBERS, "v": st.dictionaries(KEYS, ARRAYS, max_size=2) | ANYTHING},
    optional={"s": st.integers(0, 9) | ANYTHING, "b": ANYTHING},
)


def _json(body: object) -> bytes:
    """As careless devices write it: NaN and Infinity too."""
    return json.dumps(body).encode()


def _cbor(body: object) -> bytes:
    return cbor2.dumps(body)


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    payload = draw(
        st.one_of(
            st.binary(max_size=200),
            ANYTHING.map(_json),
            NATIVE.map(_json),
            SENML.map(_json),
            WAVEFORM.map(_cbor),
            ANYTHING.map(_cbor),
            st.builds(
                lambda times: _json({"t": times, "v": {"acc": times}, "rate": 1}),
                st.lists(NUMBERS, max_size=3),
            ),
            st.builds(lambda t: _json({"t": t}), TIMES),
            st.builds(lambda online: _json({"online": online}), st.booleans() | ANYTHING),
        )
    )
    if draw(st.integers(0, 9)) == 0:
        return payload[: draw(st.integers(0, len(payload)))]
    return payload


MESSAGES = st.builds(Message, TOPICS, payloads(), CONTENT_TYPES)
CLOCKS = st.sampled_from([None, NOW, 0, -(2**53) * 1000])
GOOD_ONE = said({"t": NOW_MS, "s": 1, "v": {"p": [7.0]}})


def nothing_in(message: Message) -> bool:
    """Whether it says nothing: a worker's own, or well formed and without a value."""
    if message.topic.startswith("lifeline/worker/"):
        return True
    body = json.loads(message.payload)
    return isinstance(body, dict) and all(values == [] for values in body["v"].values())


@given(MESSAGES, CLOCKS)
@example(Message(f"{GAS}/telemetry", b"[" * 200_000), NOW)
@example(Message(f"{GAS}/telemetry", b'{"t":1763683200000,"v":{"p":1'), NOW)
@example(Message(f"{GAS}/telemetry", b'{"t":1763683200000,"v":{"p":NaN}}'), NOW)
@example(Message(f"{GAS}/telemetry", b'{"t":"9999-12-31T23:59:59.999999-23:59","v":{"p":1}}'), None)
@example(Message(f"{SEWER}/telemetry", b'[{"n":"flow","u":"L/s","v":1}]'), NOW)
@example(Message(f"{BRIDGE}/waveform", b"\x81" * 100_000), NOW)
@example(Message(f"{BRIDGE}/waveform", b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"), NOW)
@example(Message(f"{GAS}/telemetry", b"{" + b" " * 300_000), NOW)
def test_every_message_is_taken_or_kept_aside_with_a_reason(message: Message, now: int | None) -> None:
    batch = taken(message, now=now)
    assert batch.messages == 1
    if not (len(batch.readings) or batch.waveforms or batch.statuses or batch.ticks or batch.dead):
        assert nothing_in(message)
    for letter in batch.dead:
        assert letter.topic == message.topic
        assert letter.payload == message.payload[:LONGEST_PAYLOAD]
        assert letter.size == len(message.payload)
        assert 0 < len(letter.detail) <= 1000
        assert letter.reason in set(Reason)
    assert len({letter.reason for letter in batch.dead}) == len(batch.dead)


@given(MESSAGES, CLOCKS)
@example(
    Message(
        f"{BRIDGE}/waveform",
        _cbor({"t": NOW_MS, "rate": 1.0, "v": {"acc": cbor2.CBORTag(85, b"\1\0\x80\x7f")}}),
    ),
    NOW,
)
@example(
    Message(
        f"{BRIDGE}/waveform",
        _cbor({"t": NOW_MS, "rate": 1.0, "v": {"acc": cbor2.CBORTag(86, b"\1\0\0\0\0\0\xf0\x7f")}}),
    ),
    NOW,
)
def test_what_is_taken_can_be_stored(message: Message, now: int | None) -> None:
    batch = taken(message, now=now)
    readings = batch.readings
    ids = {sensor.id for sensor in SENSORS}
    assert set(readings.sensor.tolist()) | {block.sensor for block in batch.waveforms} <= ids
    assert np.array_equal(np.isnan(readings.value), readings.flag == Flag.MISSING)
    outside = (readings.value < INDEX.low[readings.sensor]) | (readings.value > INDEX.high[readings.sensor])
    assert np.array_equal(outside, readings.flag == Flag.FAIL)
    assert set(readings.flag.tolist()) <= {Flag.GOOD, Flag.FAIL, Flag.MISSING}
    window = Window()
    times = [*readings.time.tolist(), *(block.start for block in batch.waveforms)]
    if now is not None and message.topic != CLOCK:
        assert all(now - window.before <= time <= now + window.after for time in times)
    assert all(-62_135_596_800 <= time / 1e6 < 253_402_300_800 for time in times)
    for block in batch.waveforms:
        assert 0 < block.rate < float("inf")
        assert len(block.samples)
    for each in batch.numbered:
        assert 0 <= each.number <= 2**53
        assert 0 <= each.boot <= 2**53


def one_by_one(messages: list[Message], now: int | None) -> Batch:
    """The same, one message a batch, each at the feed's time by then."""
    parts = []
    for message in messages:
        parts.append(taken(message, now=now))
        for _, tick in parts[-1].ticks:
            now = tick if now is None else max(now, tick)
    starts = np.cumsum([0, *(len(part.readings) for part in parts)]).tolist()
    return Batch(
        readings=Readings.concatenate(part.readings for part in parts),
        ticks=tuple(
            (start, tick) for start, part in zip(starts, parts, strict=False) for _, tick in part.ticks
        ),
        messages=len(messages),
        **{
            name: tuple(each for part in parts for each in getattr(part, name))
            for name in ("waveforms", "statuses", "numbered", "dead")
        },
    )


def content(batch: Batch) -> dict[str, Any]:
    """All of it in a form that compares: NaN equal to itself, arrays as bytes."""
    found = {field.name: getattr(batch, field.name) for field in fields(batch)}
    found["readings"] = [(array.dtype.str, array.tobytes()) for array in _columns(batch.readings)]
    found["waveforms"] = [(w.sensor, w.start, w.rate, w.flag, w.samples.tobytes()) for w in batch.waveforms]
    return found


def _columns(readings: Readings) -> list[np.ndarray]:
    return [getattr(readings, field.name) for field in fields(readings)]


TICKS = st.integers(-10, 10).map(lambda m: Message(CLOCK, _json({"t": NOW_MS + m * 60_000})))
GOOD = st.builds(
    lambda offset, values, number: said(
        {"t": NOW_MS + offset * 60_000, "s": number, "v": {"p": values, "ch4": 1}}
    ),
    st.integers(-3, 12),
    st.floats(0, 400),
    st.integers(0, 5),
)


@given(st.lists(st.one_of(MESSAGES, TICKS, GOOD), max_size=6), CLOCKS)
def test_a_message_means_the_same_whatever_comes_with_it(messages: list[Message], now: int | None) -> None:
    assert content(taken(*messages, now=now)) == content(one_by_one(messages, now))


@given(MESSAGES, st.integers(0, 2))
def test_an_unfit_message_changes_nothing_for_the_others(bad: Message, place: int) -> None:
    others = [GOOD_ONE, said({"t": NOW_MS + 1, "s": 2, "v": {"temp": 50.0}})]
    without = taken(*others)
    batch = taken(*others[:place], bad, *others[place:])
    if bad.topic == CLOCK:
        return
    theirs = [*zip(batch.readings.sensor.tolist(), batch.readings.time.tolist(), strict=True)]
    for row in zip(without.readings.sensor.tolist(), without.readings.time.tolist(), strict=True):
        assert row in theirs
    assert set(without.numbered) <= set(batch.numbered)


NAMES = {"ch4": 1, "p": 2, "temp": 3}
PLAIN = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(
    st.lists(st.integers(-300_000, 300_000), min_size=1, max_size=20, unique=True),
    st.dictionaries(
        st.sampled_from(sorted(NAMES)), st.lists(st.none() | PLAIN, min_size=20, max_size=20), min_size=1
    ),
)
def test_a_pack_comes_out_as_it_was_sent(offsets: list[int], columns: dict[str, list[float | None]]) -> None:
    body = {"t": [NOW_MS + o for o in offsets], "v": {k: v[: len(offsets)] for k, v in columns.items()}}
    readings = taken(said(body)).readings
    sent = [
        (NAMES[key], NOW + offset * 1000, float("nan") if value is None else value)
        for key, values in body["v"].items()
        for offset, value in zip(offsets, values, strict=True)
    ]
    sensors = np.array([sensor for sensor, _, _ in sent])
    with np.errstate(over="ignore"):
        expected = np.array([v for _, _, v in sent]) * INDEX.factor[sensors] + INDEX.offset[sensors]
    assert readings.sensor.tolist() == sensors.tolist()
    assert readings.time.tolist() == [time for _, time, _ in sent]
    assert readings.value.tobytes() == expected.tobytes()


@given(st.integers(-300_000, 300_000), PLAIN)
def test_senml_and_native_say_the_same(offset: int, value: float) -> None:
    native = taken(said({"t": NOW_MS + offset, "v": {"p": value}}))
    senml = taken(said([{"n": "p", "t": (NOW_MS + offset) / 1000, "v": value}]))
    assert content(native) == content(senml)


@given(st.lists(st.floats(width=32), min_size=1, max_size=50), st.integers(-4, 4))
def test_a_waveform_comes_out_as_it_was_sent(samples: list[float], minutes: int) -> None:
    start = NOW_MS + minutes * 60_000
    raw = np.array(samples, "<f4")
    body = {"t": start, "rate": 100.0, "v": {"acc": cbor2.CBORTag(85, raw.tobytes())}}
    (block,) = taken(Message(f"{BRIDGE}/waveform", _cbor(body))).waveforms
    with np.errstate(over="ignore", invalid="ignore"):
        expected = (raw * INDEX.factor[4]).astype(np.float32)
    assert np.array_equal(block.samples, expected, equal_nan=True)
    assert (block.start, block.rate) == (NOW + minutes * MINUTE, 100.0)
