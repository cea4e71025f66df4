from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sensors.errors import Mistake
from sensors.load import read_city
from sensors.readings import HOUR, MINUTE, SECOND
from simulator import feed_rows
from simulator.feed import Feed, Part, Times, channels, read_feed
from simulator.feed_rows import Rows, read_rows, survey

DATA = Path(__file__).parents[2] / "data" / "feeds"
CITY = read_city(DATA / "chambers")
FEED = replace(
    read_feed(DATA / "chambers.toml"),
    columns={"a": "probe-1/ch4", "b": "probe-1/temp"},
    units={},
    time=Times(column="time"),
)
START = 1_763_683_200 * SECOND
"""2025-11-21 00:00 UTC."""


def clock(minute: int) -> str:
    return f"{datetime(2025, 11, 21, tzinfo=UTC) + timedelta(minutes=minute):%Y-%m-%d %H:%M}"


def table(folder: Path, *lines: str, name: str = "t.csv") -> Path:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Path(name)


def rows(folder: Path, feed: Feed, until: int | None = None) -> Rows:
    parts = list(read_rows(feed, channels(feed, CITY), folder, until))
    return Rows(np.concatenate([part.time for part in parts]), np.concatenate([part.value for part in parts]))


def read(folder: Path, *lines: str, **changed: object) -> Rows:
    return rows(folder, replace(FEED, files=(table(folder, *lines),), **changed))


def refused(folder: Path, *lines: str, **changed: object) -> str:
    with pytest.raises(Mistake) as caught:
        read(folder, *lines, **changed)
    return str(caught.value).removeprefix(str(folder / "t.csv"))


def test_rows_are_times_and_values_and_a_missing_value_is_none(tmp_path: Path) -> None:
    got = read(
        tmp_path, "b,time,other,a", f"1.5,{clock(0)},x,2", f",{clock(1)},y,-3e-2", f"NaN,{clock(2)},,7"
    )

    assert got.time.tolist() == [START, START + MINUTE, START + 2 * MINUTE]
    np.testing.assert_array_equal(got.value, [[2.0, 1.5], [-0.03, np.nan], [7.0, np.nan]])
    assert got.readings == 4


@pytest.mark.parametrize(
    ("pattern", "zone", "cell"),
    [
        ("iso", "UTC", "2025-11-21 00:00:00"),
        ("iso", "UTC", "2025-11-21T00:00:00.000"),
        ("iso", "UTC", "20251121T0000Z"),
        ("iso", "Asia/Shanghai", "2025-11-21 08:00"),
        ("iso", "Asia/Shanghai", "2025-11-21 00:00+00:00"),
        ("%d/%m/%Y %H:%M", "UTC", "21/11/2025 00:00"),
        ("%d.%m.%Y %H:%M %z", "Asia/Shanghai", "21.11.2025 01:00 +0100"),
        ("unix", "UTC", "1763683200"),
        ("unix-ms", "UTC", "1763683200000"),
    ],
)
def test_a_time_is_read_as_it_is_written(tmp_path: Path, pattern: str, zone: str, cell: str) -> None:
    got = read(tmp_path, "time,a,b", f"{cell},1,2", time=Times(column="time", format=pattern, zone=zone))

    assert got.time.tolist() == [START]


def test_a_decimal_comma_is_read_where_it_is_declared(tmp_path: Path) -> None:
    changed = {"decimal": ",", "delimiter": ";"}
    got = read(tmp_path, "time;a;b", f"{clock(0)};1,5;-2", **changed)

    assert got.value.tolist() == [[1.5, -2.0]]
    assert (
        refused(tmp_path, "time;a;b", f"{clock(0)};1.5;2", **changed) == ":2: a: expected a number, not '1.5'"
    )


def test_a_column_of_another_unit_is_given_in_the_sensors(tmp_path: Path) -> None:
    got = read(tmp_path, "time,a,b", f"{clock(0)},1,50", units={"a": "%VOL", "b": "[degF]"})

    np.testing.assert_allclose(got.value, [[20.0, 10.0]])


@pytest.mark.parametrize("cell", ["1 2", "1,5", "n/a", "inf", "-Infinity", "1_000", "0x1F", "1e999", "--1"])
def test_what_is_no_finite_number_is_told_with_its_line_and_column(tmp_path: Path, cell: str) -> None:
    assert refused(tmp_path, "time,a,b", f"{clock(0)},1,2", f'{clock(1)},"{cell}",2') == (
        f":3: a: expected a number, not {cell!r}"
    )


@pytest.mark.parametrize("cell", ["", "yesterday", "2025-13-01 00:00", "1763683200"])
def test_what_is_no_time_is_told_with_its_line(tmp_path: Path, cell: str) -> None:
    assert refused(tmp_path, "time,a,b", f"{cell},1,2") == f":2: time: expected a time (iso), not {cell!r}"


@pytest.mark.parametrize("cell", ["1e30", "nan", "x"])
def test_a_number_that_is_no_time_is_told_with_its_line(tmp_path: Path, cell: str) -> None:
    unix = Times(column="time", format="unix")

    assert refused(tmp_path, "time,a,b", f"{cell},1,2", time=unix) == (
        f":2: time: expected a time (unix), not {cell!r}"
    )


@pytest.mark.parametrize("second", [0, 1])
def test_a_row_not_later_than_the_one_before_is_told_with_its_line(tmp_path: Path, second: int) -> None:
    told = refused(tmp_path, "time,a,b", f"{clock(1)},1,2", f"{clock(second)},1,2")

    assert told == (
        ":3: time: expected a time after 2025-11-21 00:01:00+00:00 of the row before,"
        f" not 2025-11-21 00:0{second}:00+00:00"
    )


def test_files_go_on_where_the_one_before_ended_whatever_the_order_of_their_columns(tmp_path: Path) -> None:
    one = table(tmp_path, "time,a,b", f"{clock(0)},1,2", name="one.csv")
    two = table(tmp_path, "b,a,time", f"4,3,{clock(1)}", name="two.csv")

    assert rows(tmp_path, replace(FEED, files=(one, two))).value.tolist() == [[1, 2], [3, 4]]
    with pytest.raises(Mistake, match=r"one.csv:2: time: expected a time after 2025-11-21 00:01"):
        rows(tmp_path, replace(FEED, files=(two, one)))


def test_rows_from_before_since_and_from_until_on_are_left_out(tmp_path: Path) -> None:
    lines = [f"{clock(minute)},{minute},0" for minute in range(10)]
    feed = replace(
        FEED, files=(table(tmp_path, "time,a,b", *lines),), since=datetime(2025, 11, 21, 0, 3, tzinfo=UTC)
    )

    assert rows(tmp_path, feed, START + 7 * MINUTE).value[:, 0].tolist() == [3, 4, 5, 6]
    assert rows(tmp_path, feed).value[:, 0].tolist() == [3, 4, 5, 6, 7, 8, 9]
    with pytest.raises(Mistake, match="expected a row in the time asked for, there is none"):
        survey(feed, channels(feed, CITY), tmp_path, START + 2 * MINUTE)


def test_a_survey_tells_what_will_be_read_and_where_it_has_holes(tmp_path: Path) -> None:
    minutes = [0, 1, 2, 60, 125, 126]
    feed = replace(FEED, files=(table(tmp_path, "time,a,b", *(f"{clock(m)},1," for m in minutes)),))

    extent = survey(feed, channels(feed, CITY), tmp_path)

    assert (extent.rows, extent.readings) == (6, 6)
    assert extent.stretches == ((START, START + 61 * MINUTE), (START + 125 * MINUTE, START + 127 * MINUTE))
    assert (extent.start, extent.end) == (START, START + 127 * MINUTE)


@given(gaps=st.lists(st.sampled_from([MINUTE, 30 * MINUTE, 60 * MINUTE, 61 * MINUTE, 5 * HOUR]), max_size=12))
def test_where_chunks_end_changes_neither_rows_nor_survey(
    tmp_path_factory: pytest.TempPathFactory, gaps: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("chunks")
    times = (np.cumsum([0, *gaps]) + START) // SECOND
    lines = [f"{time},{n}," for n, time in enumerate(times)]
    feed = replace(FEED, files=(table(folder, "time,a,b", *lines),), time=Times(column="time", format="unix"))
    found = channels(feed, CITY)
    whole, extent = rows(folder, feed), survey(feed, found, folder)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed_rows, "CHUNK", 2)
        np.testing.assert_array_equal(rows(folder, feed).time, whole.time)
        assert survey(feed, found, folder) == extent
    assert len(extent.stretches) == 1 + sum(gap - MINUTE >= HOUR for gap in gaps)


def test_rows_in_any_order_are_sorted_and_of_one_time_the_first_counts(tmp_path: Path) -> None:
    lines = [f"{clock(minute)},{value},9" for minute, value in ((3, 3), (4, 4), (1, 1), (3, 7), (0, 0))]

    got = read(tmp_path, "time,a,b", *lines, in_order=False)

    assert got.time.tolist() == [START + minute * MINUTE for minute in (0, 1, 3, 4)]
    assert got.value[:, 0].tolist() == [0, 1, 3, 4]


def test_tables_beside_one_another_are_rows_of_one_feed(tmp_path: Path) -> None:
    first = table(tmp_path, "time,v", f"{clock(0)},1", f"{clock(2)},3", name="1.csv")
    second = table(tmp_path, "time,v", f"{clock(1)},20", f"{clock(2)},30", name="2.csv")
    feed = replace(
        FEED,
        files=(first,),
        columns={"v": "probe-1/ch4"},
        beside=(Part(files=(second,), columns={"v": "probe-2/ch4"}),),
    )

    got = rows(tmp_path, feed)

    assert got.time.tolist() == [START, START + MINUTE, START + 2 * MINUTE]
    np.testing.assert_array_equal(got.value, [[1, np.nan], [np.nan, 20], [3, 30]])
    assert len(rows(tmp_path, feed, START + MINUTE)) == 1
