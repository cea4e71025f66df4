"""What each kind of message becomes, and what becomes of one that is unfit."""

import json

import cbor2
import numpy as np
import pytest

from ingest.batch import LONGEST_PAYLOAD, Numbered
from ingest.decode import CLOCK, Window, set_aside
from ingest.message import Message
from ingest.reason import Reason
from sensors.model import Flag
from sensors.readings import DAY, MINUTE, SECOND
from tests.unit.ingest.place import BRIDGE, GAS, INDEX, NOW, NOW_MS, SEWER, reasons, rows, said, taken

GOOD, FAIL, MISSING = int(Flag.GOOD), int(Flag.FAIL), int(Flag.MISSING)
SENML = "application/senml+json"


def test_one_instant_gives_a_reading_for_each_key_in_the_quantity_s_own_unit() -> None:
    batch = taken(said({"t": NOW_MS, "s": 17, "b": 3, "v": {"ch4": 0.31, "p": 2.5, "temp": 50}}))
    assert rows(batch) == [
        (1, NOW, pytest.approx(6.2, rel=1e-15), GOOD),
        (2, NOW, 2.5, GOOD),
        (3, NOW, pytest.approx(10.0, rel=1e-13), GOOD),
    ]
    assert batch.numbered == (Numbered("d0", 3, 17),)
    assert not batch.dead


def test_a_pack_gives_the_readings_of_each_key_in_the_order_of_its_times() -> None:
    batch = taken(said({"t": [NOW_MS, NOW_MS + 1000], "v": {"p": [1.0, 2.0], "ch4": [None, 0.1]}}))
    assert [row[:2] for row in rows(batch)] == [(2, NOW), (2, NOW + SECOND), (1, NOW), (1, NOW + SECOND)]
    assert [row[3] for row in rows(batch)] == [GOOD, GOOD, MISSING, GOOD]


def test_a_message_without_numbers_is_taken_and_not_counted() -> None:
    batch = taken(said({"t": NOW_MS, "v": {"p": 1.0}}))
    assert len(batch.readings) == 1
    assert not batch.numbered


def test_a_number_without_a_boot_is_of_boot_0() -> None:
    assert taken(said({"t": NOW_MS, "s": 5, "v": {}})).numbered == (Numbered("d0", 0, 5),)


def test_an_impossible_value_is_stored_with_its_flag() -> None:
    batch = taken(
        said({"t": NOW_MS, "v": {"ch4": -1.0, "p": 400.1, "temp": 1e300}}),
        said({"t": NOW_MS, "v": {"ch4": 100.0, "p": 400.0, "temp": -40.0}}),
    )
    assert [row[3] for row in rows(batch)] == [FAIL, FAIL, FAIL, GOOD, GOOD, GOOD]
    assert rows(batch)[2][2] == pytest.approx(1e300 * 5 / 9)


def test_a_value_too_large_for_its_unit_is_infinite_and_failed_and_no_error() -> None:
    batch = taken(said({"t": NOW_MS, "v": {"ch4": 1.7e308}}))
    assert rows(batch) == [(1, NOW, float("inf"), FAIL)]


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("2025-11-21T00:00:00Z", NOW),
        ("2025-11-21T08:00:00+08:00", NOW),
        ("2025-11-21T00:00:00.123456Z", NOW + 123_456),
        ("2025-11-20T23:59:59.999999-00:00", NOW - 1),
        ("2025-11-21 00:00:00Z", NOW),
    ],
)
def test_a_time_in_rfc_3339_is_exact_to_the_microsecond(text: str, us: int) -> None:
    assert [row[1] for row in rows(taken(said({"t": text, "v": {"p": 1.0}})))] == [us]


def test_a_pack_may_mix_both_ways_of_writing_a_time() -> None:
    batch = taken(said({"t": [NOW_MS, "2025-11-21T00:00:01Z"], "v": {"p": [1.0, 2.0]}}))
    assert [row[1] for row in rows(batch)] == [NOW, NOW + SECOND]


@pytest.mark.parametrize("text", ["2025-11-21T00:00:00", "2025-02-30T00:00:00Z", "today", ""])
def test_a_time_without_an_offset_or_that_is_none_is_refused(text: str) -> None:
    batch = taken(said({"t": text, "v": {"p": 1.0}}))
    assert not rows(batch)
    assert reasons(batch) == [Reason.SCHEMA]
    assert repr(text) in batch.dead[0].detail


def test_half_of_a_pack_can_be_good() -> None:
    pack = {
        "t": [NOW_MS, NOW_MS + 1, NOW_MS + 2],
        "v": {"p": [1.0, 2.0, 3.0], "ch4": [1.0, 2.0], "temp": 5.0, "nobody": [0, 0, 0]},
    }
    batch = taken(said(pack))
    assert [row[:3] for row in rows(batch)] == [(2, NOW, 1.0), (2, NOW + 1000, 2.0), (2, NOW + 2000, 3.0)]
    assert sorted(reasons(batch)) == [Reason.SCHEMA, Reason.UNKNOWN_SENSOR]
    details = {letter.reason: letter.detail for letter in batch.dead}
    assert details[Reason.SCHEMA] == "2 values beside 3 times; expected a list beside t for 'temp'"
    assert details[Reason.UNKNOWN_SENSOR] == "d0 has no sensor 'nobody'"


def test_the_believable_part_of_a_pack_is_taken() -> None:
    batch = taken(
        said({"t": [NOW_MS, 0, NOW_MS + 10 * 60_000], "v": {"p": [1.0, 2.0, 3.0], "ch4": [1, 2, 3]}})
    )
    assert [row[:2] for row in rows(batch)] == [(2, NOW), (1, NOW)]
    assert reasons(batch) == [Reason.TIME]
    assert batch.dead[0].detail == "4 readings, the first at 1970-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("offset", "believed"),
    [(-400 * DAY, True), (-400 * DAY - 1000, False), (5 * MINUTE, True), (5 * MINUTE + 1000, False)],
)
def test_the_window_of_time_holds_its_edges(offset: int, *, believed: bool) -> None:
    batch = taken(said({"t": (NOW + offset) // 1000, "v": {"p": 1.0}}))
    assert (len(batch.readings), len(batch.dead)) == ((1, 0) if believed else (0, 1))


def test_the_window_of_time_is_a_setting() -> None:
    window = Window(before=MINUTE, after=0)
    batch = taken(
        said({"t": NOW_MS + 1, "v": {"p": 1.0}}), said({"t": NOW_MS - 60_000, "v": {"p": 2.0}}), window=window
    )
    assert [row[2] for row in rows(batch)] == [2.0]


def test_before_the_feed_s_clock_has_spoken_every_time_on_a_calendar_is_believed() -> None:
    times = [-62_135_596_800_000, 0, 4_102_444_800_000, 253_402_300_799_999]
    batch = taken(said({"t": times, "v": {"p": [1.0] * 4}}), now=None)
    assert [row[1] for row in rows(batch)] == [time * 1000 for time in times]
    beyond = [-62_135_596_800_001, 253_402_300_800_000, 2**53, -(2**53)]
    batch = taken(said({"t": beyond, "v": {"p": [1.0] * 4}}), now=None)
    assert not rows(batch)
    assert reasons(batch) == [Reason.TIME]


def test_a_reading_is_held_against_the_feed_s_clock_as_it_was_when_it_came() -> None:
    tick = Message(CLOCK, json.dumps({"t": NOW_MS + 10 * 60_000}).encode())
    soon = said({"t": NOW_MS + 6 * 60_000, "v": {"p": 1.0}})
    batch = taken(soon, tick, soon)
    assert len(rows(batch)) == 1
    assert batch.ticks == ((0, NOW + 10 * MINUTE),)
    assert reasons(batch) == [Reason.TIME]


def test_the_feed_s_clock_stands_between_the_readings_before_and_after_it() -> None:
    reading = said({"t": NOW_MS, "v": {"p": 1.0, "ch4": 2.0}})
    ticks = [Message(CLOCK, json.dumps({"t": NOW_MS + second}).encode()) for second in (1, 2)]
    assert taken(reading, ticks[0], reading, ticks[1]).ticks == ((2, NOW + 1000), (4, NOW + 2000))


def test_a_clock_beyond_all_calendars_is_refused_and_stops_nothing() -> None:
    mad = Message(CLOCK, json.dumps({"t": 2**53}).encode())
    batch = taken(mad, said({"t": NOW_MS, "v": {"p": 1.0}}))
    assert len(rows(batch)) == 1
    assert not batch.ticks
    assert reasons(batch) == [Reason.TIME]


def test_senml_resolves_its_base_fields() -> None:
    pack = [
        {"bn": "urn:dev:d0:", "bt": NOW_MS / 1000, "bu": "kPa", "bv": 100.0, "n": "p", "v": 1.0},
        {"n": "p", "t": 1.5, "v": 2.0},
        {"n": "temp", "u": "Cel", "t": 2, "v": -90.0},
        {"bn": "", "bv": 0, "n": "p", "u": "bar", "t": 3, "v": 2.0},
    ]
    batch = taken(said(pack, content_type=SENML))
    assert rows(batch) == [
        (2, NOW, 101.0, GOOD),
        (2, NOW + 1_500_000, 102.0, GOOD),
        (3, NOW + 2 * SECOND, pytest.approx(10.0), GOOD),
        (2, NOW + 3 * SECOND, pytest.approx(200.0), GOOD),
    ]


def test_a_small_senml_time_is_relative_to_now() -> None:
    batch = taken(said([{"n": "p", "v": 1.0}, {"n": "p", "t": -10, "v": 2.0}]))
    assert [row[1] for row in rows(batch)] == [NOW, NOW - 10 * SECOND]


def test_a_small_senml_time_cannot_be_taken_before_the_feed_s_clock_has_spoken() -> None:
    assert reasons(taken(said([{"n": "p", "v": 1.0}]), now=None)) == [Reason.TIME]


def test_a_senml_record_in_another_unit_of_the_quantity_is_converted() -> None:
    level = said(
        [{"n": "level", "u": "m", "v": 1.25}, {"n": "flow", "u": "m3/s", "v": 1.0}], f"{SEWER}/telemetry"
    )
    gas = said([{"n": "ch4", "u": "%LEL", "v": 20.0}, {"n": "ch4", "u": "[ppm]", "t": 1, "v": 100.0}])
    assert [row[2] for row in rows(taken(level, gas))] == pytest.approx([1.25, 3600.0, 20.0, 0.2])


@pytest.mark.parametrize(
    ("topic", "key", "unit"), [(GAS, "p", "Cel"), (GAS, "o2", "%LEL"), (SEWER, "flow", "m")]
)
def test_a_senml_record_in_a_wrong_unit_is_refused_and_the_others_taken(
    topic: str, key: str, unit: str
) -> None:
    batch = taken(said([{"n": key, "u": unit, "v": 1.0}, {"n": key, "v": 3.0}], f"{topic}/telemetry"))
    assert len(rows(batch)) == 1
    assert reasons(batch) == [Reason.UNIT]
    assert repr(unit) in batch.dead[0].detail


def test_senml_is_told_by_content_type_or_else_by_its_first_byte() -> None:
    assert len(rows(taken(said([{"n": "p", "v": 1.0}])))) == 1
    assert reasons(taken(said([{"n": "p", "v": 1.0}], content_type="application/json"))) == [Reason.SCHEMA]
    assert reasons(taken(said({"t": NOW_MS, "v": {"p": 1.0}}, content_type=SENML))) == [Reason.SCHEMA]


def wave(**fields: object) -> Message:
    body = {"t": NOW_MS, "rate": 50.0, "v": {"acc": cbor2.CBORTag(85, np.array([1, -0.5], "<f4").tobytes())}}
    return Message(f"{BRIDGE}/waveform", cbor2.dumps(body | fields))


@pytest.mark.parametrize(("tag", "dtype"), [(81, ">f4"), (82, ">f8"), (85, "<f4"), (86, "<f8")])
def test_a_waveform_in_cbor_is_one_block_in_the_quantity_s_own_unit(tag: int, dtype: str) -> None:
    array = cbor2.CBORTag(tag, np.array([0.0, 1.0, -0.5], dtype).tobytes())
    (block,) = taken(wave(v={"acc": array}, s=4, b=1)).waveforms
    assert (block.sensor, block.start, block.rate, block.flag) == (4, NOW, 50.0, GOOD)
    assert block.samples.dtype == np.float32
    assert block.samples.tolist() == pytest.approx([0.0, 9.80665, -4.903325])


def test_a_small_waveform_may_be_json() -> None:
    batch = taken(said({"t": NOW_MS, "rate": 2, "s": 1, "v": {"acc": [1, 2]}}, f"{BRIDGE}/waveform"))
    assert batch.waveforms[0].samples.tolist() == pytest.approx([9.80665, 19.6133])
    assert batch.numbered == (Numbered("d1", 0, 1),)


def test_a_waveform_takes_the_worst_flag_of_its_samples() -> None:
    def flag(*samples: float) -> int:
        array = cbor2.CBORTag(85, np.array(samples, "<f4").tobytes())
        return taken(wave(v={"acc": array})).waveforms[0].flag

    assert flag(1.0, 2.0) == GOOD
    assert flag(1.0, 6.0) == FAIL
    assert flag(1.0, float("nan")) == MISSING
    assert flag(6.0, float("nan")) == MISSING


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"rate": 0.0}, Reason.SCHEMA),
        ({"rate": float("inf")}, Reason.SCHEMA),
        ({"rate": float("nan")}, Reason.SCHEMA),
        ({"v": {}}, Reason.SCHEMA),
        ({"v": {"acc": cbor2.CBORTag(85, b"")}}, Reason.SCHEMA),
        ({"v": {"acc": cbor2.CBORTag(85, b"abc")}}, Reason.SCHEMA),
        ({"v": {"acc": cbor2.CBORTag(64, b"abcd")}}, Reason.SCHEMA),
        ({"v": {"acc": [1.0]}}, Reason.SCHEMA),
        ({"v": {"nobody": cbor2.CBORTag(85, b"abcd")}}, Reason.UNKNOWN_SENSOR),
        ({"t": 0}, Reason.TIME),
        ({"t": "yesterday"}, Reason.SCHEMA),
    ],
)
def test_a_waveform_that_is_none_is_refused(fields: dict[str, object], reason: Reason) -> None:
    batch = taken(wave(**fields))
    assert not batch.waveforms
    assert reasons(batch) == [reason]


def test_a_status_tells_of_birth_and_last_will() -> None:
    batch = taken(
        Message(f"{GAS}/status", b'{"online": true, "b": 4}'), Message(f"{GAS}/status", b'{"online":false}')
    )
    assert [(s.device, s.online, s.boot) for s in batch.statuses] == [("d0", True, 4), ("d0", False, None)]


@pytest.mark.parametrize(
    ("topic", "why"),
    [
        ("lifeline/gas/east/d9/telemetry", "no device 'd9' is registered"),
        ("lifeline/gas/west/d0/telemetry", "'d0' is registered under lifeline/gas/east/d0"),
        (
            "lifeline/gas/east/d0/picture",
            "expected lifeline/domain/district/device/(telemetry|waveform|status)",
        ),
        ("lifeline/gas/east/d0", "expected lifeline/domain/district/device/(telemetry|waveform|status)"),
        ("elsewhere", "expected lifeline/domain/district/device/(telemetry|waveform|status)"),
    ],
)
def test_a_topic_that_leads_nowhere_is_refused_with_the_reason(topic: str, why: str) -> None:
    (letter,) = taken(Message(topic, b'{"t": 1, "v": {}}')).dead
    assert (letter.reason, letter.detail, letter.topic) == (Reason.TOPIC, why, topic)


def test_what_a_worker_says_to_itself_is_not_taken() -> None:
    batch = taken(Message("lifeline/worker/1-of-1/marker", b"{}"))
    assert not batch.dead
    assert batch.messages == 1


def test_a_dead_letter_keeps_64_kb_and_tells_the_size() -> None:
    (letter,) = taken(Message(f"{GAS}/telemetry", b"x" * (LONGEST_PAYLOAD + 1), "text/plain")).dead
    assert letter.payload == b"x" * LONGEST_PAYLOAD
    assert letter.size == LONGEST_PAYLOAD + 1
    assert (letter.device, letter.content_type, letter.reason) == ("d0", "text/plain", Reason.UNDECODABLE)


def test_however_many_parts_of_a_message_are_unfit_it_is_kept_once_a_reason() -> None:
    batch = taken(said({"t": NOW_MS, "v": {f"x{n}": 1.0 for n in range(5000)}}))
    assert len(batch.dead) == 1
    assert batch.dead[0].detail.endswith("d0 has no sensor 'x2' and 4997 more")
    (letter,) = taken(said({"t": NOW_MS, "v": {"x" * 100_000: 1.0}})).dead
    assert len(letter.detail) <= 1000


def test_a_message_that_the_database_refuses_keeps_its_number_alone() -> None:
    message = said({"t": NOW_MS, "s": 8, "b": 1, "v": {"p": 1.0, "x": 1}})
    left = set_aside(message, taken(message), "DataError: no")
    assert not len(left.readings)
    assert left.numbered == (Numbered("d0", 1, 8),)
    assert left.messages == 1
    assert [(letter.reason, letter.detail) for letter in left.dead] == [(Reason.REFUSED, "DataError: no")]


def test_the_topic_of_a_device_is_known_by_its_name() -> None:
    assert INDEX.topic("d1") == BRIDGE
    assert INDEX.topic("d9") is None
