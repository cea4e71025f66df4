"""Times that are written well and mean nothing, or two things; and rows that are left out."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sensors.errors import Mistake
from simulator.feed_csv import open_table
from simulator.feed_time import UnclearError, moment
from tests.support.replaying import FEEDS, run

CHAMBERS = (FEEDS / "chambers.toml").read_text(encoding="utf-8").partition("[labels]")[0]


def read(zone: str, *cells: str, in_order: bool = True) -> list[str]:
    reader = moment("iso", zone, in_order=in_order)
    return [f"{datetime.fromtimestamp(reader(cell) / 1e6, UTC):%m-%d %H:%M}" for cell in cells]


def test_all_times_say_their_zone_or_none_does() -> None:
    mixed = "expected a time without a zone as in the rows before, not '2025-11-21T00:01Z'"
    with pytest.raises(UnclearError, match=mixed):
        read("UTC", "2025-11-21T00:00", "2025-11-21T00:01Z")
    with pytest.raises(UnclearError, match="expected a time with a zone as in the rows before"):
        read("UTC", "2025-11-21T00:00+08:00", "2025-11-21T00:01")


def test_several_zones_are_several_ways_to_say_a_time() -> None:
    assert read("UTC", "2025-11-21T08:00+08:00", "2025-11-21T00:01Z") == ["11-21 00:00", "11-21 00:01"]


def test_a_time_that_clocks_skipped_is_none() -> None:
    skipped = (
        "expected a time that clocks in Europe/Berlin showed: they were put forward over '2025-03-30 02:30'"
    )
    with pytest.raises(UnclearError, match=skipped):
        read("Europe/Berlin", "2025-03-30 01:59", "2025-03-30 02:30")
    assert read("Europe/Berlin", "2025-03-30 01:59", "2025-03-30 03:00") == ["03-30 00:59", "03-30 01:00"]


def test_an_hour_that_clocks_show_twice_is_told_by_the_order_of_rows() -> None:
    hour = [
        "2025-10-26 02:00",
        "2025-10-26 02:30",
        "2025-10-26 02:00",
        "2025-10-26 02:30",
        "2025-10-26 03:00",
    ]

    assert read("Europe/Berlin", *hour) == [
        "10-26 00:00", "10-26 00:30", "10-26 01:00", "10-26 01:30", "10-26 02:00",
    ]  # fmt: skip
    assert read("Europe/Berlin", *hour[2:4], in_order=False) == ["10-26 00:00", "10-26 00:30"]


def test_what_is_wrong_with_a_table_can_be_left_out_row_by_row(tmp_path: Path) -> None:
    (path := tmp_path / "t.csv").write_text('a,b\n1,2\n1,2,3\n"x"y,2\n3,4\n')
    bad: list[Mistake] = []

    with open_table(path, ",", bad.append) as table:
        assert [cells for _, cells in table.records()] == [["1", "2"], ["3", "4"]]

    assert [each.line for each in bad] == [3, 4]


def test_of_a_file_that_is_cut_off_the_rest_is_left_out(tmp_path: Path) -> None:
    content = gzip.compress(
        "".join(["a,b\n", *(f"{n},{n * 7919 % 104729}\n" for n in range(20_000))]).encode()
    )
    (path := tmp_path / "t.csv.gz").write_bytes(content[: len(content) // 2])
    bad: list[Mistake] = []

    with open_table(path, ",", bad.append) as table:
        rows = [cells for _, cells in table.records()]

    assert 0 < len(rows) < 20_000
    assert len(bad) == 1
    assert "which is cut off or broken" in str(bad[0])


def test_a_replay_leaves_out_bad_rows_if_asked_and_counts_them(tmp_path: Path) -> None:
    text = CHAMBERS.replace('"chambers', f'"{FEEDS}/chambers').replace("tables/chambers.csv", "bad.csv")
    (tmp_path / "f.toml").write_text(text, encoding="utf-8")
    head, *lines = (FEEDS / "tables" / "chambers.csv").read_text(encoding="utf-8").splitlines()
    lines[5], lines[9] = lines[4], "soon" + lines[9][4:]
    (tmp_path / "bad.csv").write_text("\n".join([head, *lines, "1,2"]) + "\n", encoding="utf-8")

    options = ["replay", str(tmp_path / "f.toml"), "--engine", "--json"]
    refused = run(tmp_path, *options, data=tmp_path)
    played = run(tmp_path, *options, "--skip-bad", data=tmp_path).figures

    assert refused.code == 2
    assert refused.text.startswith(f"lifeline: {tmp_path}/bad.csv:7: time: expected a time after ")
    assert refused.text.count("\n") == 1
    assert (played["skipped"], played["rows"]) == (3, len(lines) - 2)
    assert played["skipped_first"] == refused.text.removeprefix("lifeline: ").strip()


def test_a_recording_leaves_out_bad_lines_if_asked_and_counts_them_once(tmp_path: Path) -> None:
    good = '{"topic":"lifeline/gas/two/probe-1/telemetry","payload":{"t":%d,"v":{"ch4":1}}}'
    lines = [good % 1_763_683_200_000, "{", good % 1_763_683_260_000, '{"topic":"lifeline/clock"}']
    (path := tmp_path / "r.jsonl").write_text("\n".join(lines) + "\n")
    options = ["--city", str(FEEDS / "chambers"), "--rules", str(FEEDS / "chambers.rules.toml"), "--engine"]

    for more in ((), ("--shift", "now")):
        played = run(tmp_path, "replay", str(path), *options, "--json", "--skip-bad", *more).figures
        assert (played["published"], played["skipped"]) == (2, 2)
        assert played["skipped_first"].startswith(f"{path}:2: line: expected a JSON object")
