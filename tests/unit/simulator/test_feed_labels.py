from pathlib import Path

import pytest
from msgspec.structs import replace

from sensors.errors import Mistake
from sensors.load import read_city
from sensors.readings import MINUTE, SECOND
from simulator.feed import Labels, read_feed
from simulator.feed_labels import Label, read_labels

DATA = Path(__file__).parents[2] / "data" / "feeds"
CITY = read_city(DATA / "chambers")
FEED = read_feed(DATA / "chambers.toml")
START = 1_763_683_200 * SECOND
"""2025-11-21 08:00 in the feed's zone."""

TABLE = (
    "leak,kind,where,from,to\n"
    "A,big,VC-1,2025-11-21 08:00,2025-11-21 08:10\n"
    "B,small,VC-2,2025-11-21 09:00,2025-11-21 09:10\n"
    "A,big,VC-1,2025-11-21 08:05,2025-11-21 08:30\n"
    "C,test,VC-2,2025-11-21 07:00,2025-11-21 07:10\n"
)


def read(folder: Path, text: str = TABLE, **labels: object) -> list[Label]:
    (folder / "l.csv").write_text(text, encoding="utf-8")
    given = {"file": Path("l.csv"), "hazard": "gas-leak", "start": "from", "end": "to", **labels}
    return list(read_labels(replace(FEED, labels=Labels(**given)), CITY, folder))


def spans(labels: list[Label]) -> list[tuple[str, int, int]]:
    return [(label.name, (label.start - START) // MINUTE, (label.end - START) // MINUTE) for label in labels]


def test_each_row_is_an_event_in_the_feeds_time_zone(tmp_path: Path) -> None:
    labels = read(tmp_path)

    assert spans(labels) == [("4", -60, -50), ("1", 0, 10), ("3", 5, 30), ("2", 60, 70)]
    assert {(label.hazard, label.asset) for label in labels} == {("gas-leak", None)}


def test_rows_of_one_name_are_one_event(tmp_path: Path) -> None:
    assert spans(read(tmp_path, name="leak")) == [("C", -60, -50), ("A", 0, 30), ("B", 60, 70)]


def test_rows_are_chosen_by_their_values(tmp_path: Path) -> None:
    chosen = read(tmp_path, name="leak", where={"kind": ("big", "small"), "where": ("VC-2",)})

    assert spans(chosen) == [("B", 60, 70)]


def test_the_moment_named_as_the_end_may_last(tmp_path: Path) -> None:
    assert spans(read(tmp_path, last_s=60, where={"leak": ("B",)})) == [("2", 60, 71)]


def test_an_event_is_at_the_asset_of_its_row_or_of_the_file(tmp_path: Path) -> None:
    assert [label.asset for label in read(tmp_path, asset_column="where")] == ["VC-2", "VC-1", "VC-1", "VC-2"]
    assert {label.asset for label in read(tmp_path, asset="VC-1")} == {"VC-1"}


def test_a_feed_without_labels_has_none() -> None:
    assert read_labels(replace(FEED, labels=None), CITY, DATA) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("VC-2", "VC-9", ":3: where: expected an asset of the city, not 'VC-9'"),
        ("2025-11-21 09:00", "nine", ":3: from: expected a time (iso), not 'nine'"),
        ("2025-11-21 09:10", "2025-11-20", ":3: to: expected a time from 2025-11-21 01:00:00+00:00 on"),
        ("from,to", "from,until", ":1: to: expected such a column; there are leak, kind, where, from, until"),
        (",where,", ",place,", ":1: where: expected such a column; there are leak, kind, place, from, to"),
    ],
)
def test_a_mistake_in_the_table_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    with pytest.raises(Mistake) as caught:
        read(tmp_path, TABLE.replace(old, new), asset_column="where")

    assert str(caught.value).removeprefix(str(tmp_path / "l.csv")) == expected


def test_an_asset_of_the_file_that_the_city_has_not_is_told(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match="expected an asset of the city, not 'VC-9'"):
        read(tmp_path, asset="VC-9")
