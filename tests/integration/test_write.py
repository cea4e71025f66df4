"""A batch into a real TimescaleDB: bit by bit, once each, and nothing lost of what is odd."""

import json
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from unittest.mock import patch

import asyncpg
import numpy as np
import pytest

from ingest import write
from ingest.batch import Batch, DeadLetter, Numbered, Status
from ingest.copy import binary, timestamps
from ingest.reason import Reason
from ingest.sequence import GapChange, Sequences
from ingest.write import moment, prepare, read_history, write_dead, write_readings, write_rest
from sensors.readings import DAY, SECOND, Readings
from sensors.waveforms import Waveform
from tests.support.town import settle
from tests.unit.rules.town import rules, town

START = 1_763_683_200_000_000
YEAR_1, YEAR_9999 = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1
NAN, INFINITE = float("nan"), float("inf")


@pytest.fixture
async def db(database: str) -> AsyncIterator[asyncpg.Connection]:
    settle(database, town(), rules())
    connection = await asyncpg.connect(database)
    await prepare(connection)
    yield connection
    await connection.close()


def readings(*rows: tuple[int, int, float]) -> Readings:
    """(sensor, us after the start, value)"""
    return Readings(
        np.array([row[0] for row in rows], np.int32),
        np.array([START + row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
        np.ones(len(rows), np.int8),
    )


def late(*flags: int) -> np.ndarray:
    return np.array(flags, np.bool_)


async def store(
    db: asyncpg.Connection, batch: Readings, late: np.ndarray, *, certain: bool = True
) -> write.Written:
    async with db.transaction():
        return await write_readings(db, batch, late, certain=certain)


async def stored(db: asyncpg.Connection) -> list[tuple[int, int, float, bool]]:
    rows = await db.fetch(
        "select sensor_id, (extract(epoch from time) * 1000000)::bigint, value, late from readings"
        " order by 1, 2"
    )
    return [(sensor, time - START, value, was_late) for sensor, time, value, was_late in rows]


async def test_binary_copy_stores_every_number_bit_by_bit(db: asyncpg.Connection) -> None:
    random = np.random.default_rng(1)
    bits = random.integers(0, 2**64, 2000, np.uint64, endpoint=False).view(np.float64)
    floats = np.concatenate([[0.0, -0.0, NAN, INFINITE, -INFINITE, 5e-324, -1.7e308, 0.1], bits])
    n = len(floats)
    columns = [
        random.integers(0, 2, n).astype(np.bool_),
        random.integers(-(2**15), 2**15, n, np.int16),
        random.integers(-(2**31), 2**31, n, np.int32),
        random.integers(-(2**63), 2**63 - 1, n, np.int64),
        random.integers(0, 2**32, n, np.uint32).view(np.float32),
        floats,
    ]
    await db.execute("create temporary table t (a bool, b int2, c int4, d int8, e float4, f float8)")

    async def stream():
        yield binary(columns)

    await db.copy_to_table("t", source=stream(), format="binary")
    rows = await db.fetch("select a, b, c, d, float4send(e) as e, float8send(f) as f from t order by ctid")
    for name, column in zip("abcd", columns[:4], strict=True):
        assert [row[name] for row in rows] == column.tolist()
    assert [row["e"] for row in rows] == [struct.pack(">f", v) for v in columns[4]]
    assert b"".join(row["f"] for row in rows) == floats.astype(">f8").tobytes()


async def test_a_batch_without_rows_is_a_copy_too(db: asyncpg.Connection) -> None:
    assert await store(db, Readings.empty(), late()) == write.Written(0, 0, ())


async def test_times_are_exact_from_year_1_to_year_9999(db: asyncpg.Connection) -> None:
    times = np.array([YEAR_1, -1, 0, 1, 946_684_800_000_000, START + 1, YEAR_9999])
    await db.execute("create temporary table t (n int4, time timestamptz)")

    async def stream():
        yield binary([np.arange(len(times), dtype=np.int32), timestamps(times)])

    await db.copy_to_table("t", source=stream(), format="binary")
    found = await db.fetch(
        "select (extract(epoch from time) * 1000000)::bigint as us, time from t order by n"
    )
    assert [row["us"] for row in found] == times.tolist()
    assert [row["time"] for row in found] == [moment(int(time)) for time in times]


@pytest.mark.parametrize("certain", [True, False])
async def test_new_readings_are_stored_once_each(db: asyncpg.Connection, *, certain: bool) -> None:
    batch = readings((1, 0, 1.0), (2, 0, NAN), (1, 1, -0.0), (1, DAY, INFINITE))
    written = await store(db, batch, late(0, 0, 0, 0), certain=certain)
    assert written == write.Written(4, 0, ())
    expected = [(1, 0, 1.0, False), (1, 1, -0.0, False), (1, DAY, INFINITE, False), (2, 0, NAN, False)]
    assert repr(await stored(db)) == repr(expected)


async def test_the_flag_is_stored(db: asyncpg.Connection) -> None:
    batch = replace(readings((1, 0, 1.0), (1, 1, 1.0)), flag=np.array([3, 9], np.int8))
    await store(db, batch, late(0, 1))
    assert [row["flag"] for row in await db.fetch("select flag from readings order by time")] == [3, 9]


async def test_a_late_reading_is_stored_and_marked(db: asyncpg.Connection) -> None:
    await store(db, readings((1, 10, 1.0)), late(0))
    written = await store(db, readings((1, 5, 2.0), (1, 20, 3.0)), late(1, 0))
    time = moment(START + 5)
    assert written == write.Written(2, 0, (), (write.Stretch(1, time.date(), time, time, 1),))
    assert await stored(db) == [(1, 5, 2.0, True), (1, 10, 1.0, False), (1, 20, 3.0, False)]


async def test_what_comes_again_is_a_duplicate_whatever_its_number(db: asyncpg.Connection) -> None:
    batch = readings((1, 0, 1.0), (2, 0, NAN), (3, 0, 0.0), (4, 0, INFINITE))
    await store(db, batch, late(0, 0, 0, 0))
    again = replace(batch, value=np.array([1.0, NAN, -0.0, INFINITE]))
    for certain in (True, False):
        written = await store(db, again, late(1, 1, 1, 1), certain=certain)
        assert written == write.Written(0, 4, ())
    assert len(await stored(db)) == 4


async def test_a_duplicate_in_the_batch_itself_is_one(db: asyncpg.Connection) -> None:
    written = await store(db, readings((1, 0, 1.0), (1, 0, 1.0), (1, 0, 1.0)), late(0, 1, 1))
    assert written == write.Written(1, 2, ())


async def test_another_value_for_the_same_moment_is_a_conflict_and_both_are_told(
    db: asyncpg.Connection,
) -> None:
    await store(db, readings((1, 0, 1.0), (2, 0, 5.0)), late(0, 0))
    written = await store(db, readings((1, 0, 2.5), (2, 0, NAN), (3, 0, 1.0)), late(1, 1, 0))
    assert (written.stored, written.duplicates, len(written.conflicts)) == (1, 0, 2)
    first, second = written.conflicts
    assert (first.topic, first.device) == ("lifeline/gas/east/d0/telemetry", "d0")
    assert (first.reason, first.size) == (Reason.CONFLICT, len(first.payload))
    assert first.detail == "ch4 at 2025-11-21 00:00:00+00 is 1, now 2.5 was given"
    assert json.loads(first.payload) == {
        "sensor": "ch4", "time": "2025-11-21T00:00:00+00:00", "stored": "1", "given": "2.5",
    }  # fmt: skip
    assert json.loads(second.payload)["given"] == "NaN"
    assert [row[:3] for row in await stored(db)] == [(1, 0, 1.0), (2, 0, 5.0), (3, 0, 1.0)]


async def test_of_two_values_in_a_batch_the_first_to_come_is_stored(db: asyncpg.Connection) -> None:
    for certain in (True, False):
        moment_ = int(certain)
        batch = readings((1, moment_, 7.0), (1, moment_, 8.0), (1, moment_, 7.0), (1, moment_, 9.0))
        written = await store(db, batch, late(0, 1, 1, 1), certain=certain)
        assert (written.stored, written.duplicates) == (1, 1)
        assert [json.loads(letter.payload)["given"] for letter in written.conflicts] == ["8", "9"]
    assert [row[2] for row in await stored(db)] == [7.0, 7.0]


async def test_what_somebody_else_stored_is_found_by_asking(db: asyncpg.Connection) -> None:
    await store(db, readings((1, 0, 1.0), (2, 0, 1.0)), late(0, 0))
    batch = readings((1, 0, 1.0), (2, 0, 2.0), (3, 0, 3.0))
    with pytest.raises(asyncpg.UniqueViolationError):
        await store(db, batch, late(0, 0, 0))
    written = await store(db, batch, late(0, 0, 0), certain=False)
    assert (written.stored, written.duplicates, len(written.conflicts)) == (1, 1, 1)


async def test_transactions_do_not_see_what_another_staged(db: asyncpg.Connection) -> None:
    for n in range(3):
        assert (await store(db, readings((1, n, 1.0)), late(1))).stored == 1


def batch(**parts: object) -> Batch:
    nothing: dict[str, object] = dict.fromkeys(("waveforms", "statuses", "numbered", "ticks", "dead"), ())
    return Batch(**({"readings": Readings.empty(), "messages": 1} | nothing | parts))


async def test_the_table_of_gaps_is_what_the_sequences_know(db: asyncpg.Connection) -> None:
    random, sequences = Random(7), Sequences()
    numbers = [
        Numbered(f"d{random.randint(0, 2)}", random.randint(0, 2), random.randint(0, 30)) for _ in range(300)
    ]
    while numbers:
        part, numbers = numbers[:9], numbers[9:]
        await write_rest(db, batch(), sequences.observe(part))
    rows = await db.fetch(
        "select device_id, boot, lower(r) as first, upper(r) as end from message_gaps, unnest(missing) r"
        " order by device_id, boot, 3"
    )
    expected = [(d, *missing) for d in ("d0", "d1", "d2") for missing in sequences.missing(d)]
    assert expected
    assert [tuple(row) for row in rows] == merged(expected)


def merged(ranges: list[tuple[str, int, int, int]]) -> list[tuple[str, int, int, int]]:
    """Ranges that touch are one in the database."""
    found: list[tuple[str, int, int, int]] = []
    for device, boot, first, end in ranges:
        if found and found[-1][:2] == (device, boot) and found[-1][3] == first:
            found.append((device, boot, found.pop()[2], end))
        else:
            found.append((device, boot, first, end))
    return found


async def test_a_gap_noticed_and_filled_in_one_batch_is_none(db: asyncpg.Connection) -> None:
    await write_rest(db, batch(), [GapChange("d0", 2**53, [(1, 4)], [(1, 2), (3, 4)])])
    await write_rest(db, batch(), [GapChange("d0", 2**53, [], [(2, 3)])])
    assert await db.fetchval("select isempty(missing) from message_gaps")


async def test_a_waveform_is_stored_once(db: asyncpg.Connection) -> None:
    samples = np.array([1.5, NAN, -0.0, INFINITE], np.float32)
    block = Waveform(sensor=1, start=START, rate=50.0, samples=samples, flag=9)
    for _ in range(2):
        await write_rest(db, batch(waveforms=(block,)), [])
    (row,) = await db.fetch("select * from waveforms")
    assert np.frombuffer(row["samples"], "<f4").tobytes() == samples.tobytes()
    assert (row["sensor_id"], row["start"], row["rate_hz"], row["flag"]) == (1, moment(START), 50.0, 9)


async def test_a_device_is_online_since_it_last_came_and_keeps_its_boot(db: asyncpg.Connection) -> None:
    async def say(*, online: bool, boot: int | None) -> asyncpg.Record:
        await write_rest(db, batch(statuses=(Status(device="d0", online=online, boot=boot),)), [])
        return await db.fetchrow("select * from device_status")

    first = await say(online=True, boot=3)
    again = await say(online=True, boot=None)
    assert (again["online"], again["boot"], again["since"]) == (True, 3, first["since"])
    gone = await say(online=False, boot=None)
    assert (gone["online"], gone["boot"]) == (False, 3)
    assert gone["since"] > first["since"]


async def test_a_dead_letter_is_kept_as_it_is(db: asyncpg.Connection) -> None:
    letter = DeadLetter(
        topic="lifeline/x/y/z/telemetry",
        device="z",
        reason=Reason.UNDECODABLE,
        detail="«no»",
        content_type="?",
        payload=bytes(range(256)),
        size=9999,
    )
    await write_dead(db, [letter, replace_device(letter)])
    rows = await db.fetch("select * from dead_letter order by dead_letter_id")
    assert [row["device_id"] for row in rows] == ["z", None]
    row = rows[0]
    assert (row["topic"], row["reason"], row["detail"], row["content_type"]) == (
        letter.topic, "undecodable", "«no»", "?",
    )  # fmt: skip
    assert (row["payload"], row["payload_size"], row["retried_at"]) == (letter.payload, 9999, None)


def replace_device(letter: DeadLetter) -> DeadLetter:
    return DeadLetter(**{name: getattr(letter, name) for name in letter.__struct_fields__} | {"device": None})


async def test_history_comes_sensor_by_sensor_without_what_was_late(
    db: asyncpg.Connection, database: str
) -> None:
    rows = [(sensor, second * SECOND, float(second)) for second in range(10) for sensor in (1, 2, 3)]
    await store(db, readings(*rows), late(*[0] * len(rows)))
    await store(db, readings((2, 5 * SECOND + 1, 99.0)), late(1))
    async with asyncpg.create_pool(database, min_size=1, max_size=1) as pool:
        with patch.object(write, "_HISTORY_PART", 4):
            wanted = np.array([1, 2], np.int32)
            parts = [p async for p in read_history(pool, wanted, START + SECOND, START + 8 * SECOND)]
            nothing = [p async for p in read_history(pool, np.empty(0, np.int32), 0, START)]
    found = Readings.concatenate(parts)
    assert max(len(part) for part in parts) == 4
    assert found.sensor.tolist() == [1] * 7 + [2] * 7
    assert found.value.tolist() == [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0] * 2
    assert (found.time - START).tolist() == [second * SECOND for second in range(2, 9)] * 2
    assert (found.sensor.dtype, found.time.dtype, found.flag.dtype) == (np.int32, np.int64, np.int8)
    assert not nothing
