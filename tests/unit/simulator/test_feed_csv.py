import gzip
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.errors import Mistake
from simulator.feed_csv import open_table

TEXT = "time,a,b\n1,2,3\n\n4,5,6\n"
ROWS = [(2, ["1", "2", "3"]), (4, ["4", "5", "6"])]


def read(path: Path, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    with open_table(path, delimiter) as table:
        return list(table.records())


def refused(path: Path) -> str:
    with pytest.raises(Mistake) as caught:
        read(path)
    return str(caught.value).removeprefix(str(path))


def written(folder: Path, content: bytes, name: str = "t.csv") -> Path:
    (folder / name).write_bytes(content)
    return folder / name


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    with zipfile.ZipFile(tmp_path / "t.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("t.csv", TEXT)
    return tmp_path / "t.csv.zip"


def test_plain_gz_and_zip_hold_the_same(tmp_path: Path, zipped: Path) -> None:
    packed = written(tmp_path, gzip.compress(TEXT.encode()), "t.csv.gz")

    assert read(written(tmp_path, TEXT.encode())) == read(packed) == read(zipped) == ROWS


def test_a_byte_order_mark_and_carriage_returns_are_no_part_of_it(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())

    with open_table(path) as table:
        assert table.columns == ("time", "a", "b")
        assert list(table.records()) == ROWS


def test_a_record_is_on_the_line_on_which_it_ends(tmp_path: Path) -> None:
    assert read(written(tmp_path, b'a;b\n"x\ny";2\n3;4\n'), ";") == [(3, ["x\ny", "2"]), (4, ["3", "4"])]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ": file: expected a line of column names, but it is empty"),
        (b"a,b\n1,2\n1\n", ":3: row: expected 2 cells as in the first line, not 1"),
        (b"a,b\n1,2,3\n", ":2: row: expected 2 cells as in the first line, not 3"),
        (b"a,b\n1,\xff\n", ": file: expected UTF-8, after line 0"),
        (b'a,b\n1,2\n1,"2\n', ":3: syntax: expected CSV: unexpected end of data"),
    ],
)
def test_what_is_no_table_is_told_with_its_line(tmp_path: Path, content: bytes, expected: str) -> None:
    assert refused(written(tmp_path, content)) == expected


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert (
        refused(tmp_path / "none.csv")
        == ": file: expected a file that can be read: No such file or directory"
    )
    assert refused(tmp_path) == ": file: expected a file that can be read: Is a directory"


def test_a_gz_that_was_cut_off_is_told_with_the_line_it_came_to(tmp_path: Path) -> None:
    content = gzip.compress(b"time,a\n" + b"".join(b"%d,%d\n" % (n, n * n % 97) for n in range(50_000)))

    told = refused(written(tmp_path, content[: len(content) // 2], "t.csv.gz"))

    assert told.startswith(": file: expected the rest of the file, which is cut off or broken (")
    assert 10_000 < int(told.rpartition(" ")[2]) < 50_000


def test_a_gz_that_is_none_is_told(tmp_path: Path) -> None:
    assert "Not a gzipped file" in refused(written(tmp_path, TEXT.encode(), "t.csv.gz"))


def test_a_zip_of_two_files_and_one_that_is_none_are_told(tmp_path: Path, zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as archive:
        archive.writestr("other.csv", TEXT)

    assert refused(zipped) == ": file: expected a zip of one file, not of 2"
    assert refused(written(tmp_path, b"PK", "u.zip")) == ": file: expected a zip: File is not a zip file"


def test_a_column_that_is_missing_or_there_twice_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b,b\n1,2,3\n")
    with open_table(path) as table:
        assert table.places(["a"]) == [0]
        with pytest.raises(Mistake, match=r":1: c: expected such a column; there are a, b, b"):
            table.places(["a", "c"])
        with pytest.raises(Mistake, match=r":1: b: expected only one such column"):
            table.places(["b"])


@given(content=st.binary(max_size=200), suffix=st.sampled_from(["csv", "csv.gz", "csv.zip"]))
def test_any_bytes_are_a_table_or_a_mistake(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = written(tmp_path_factory.mktemp("any"), content, f"t.{suffix}")
    try:
        read(path)
    except Mistake as mistake:
        assert str(mistake).count("\n") == 0  # noqa: PT017, either way is right


@given(cut=st.integers(1, 200))
def test_a_gz_cut_anywhere_is_never_taken_for_a_whole(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    content = gzip.compress(TEXT.encode() * 20)
    cut = min(cut, len(content) - 1)

    with pytest.raises(Mistake):
        read(written(tmp_path_factory.mktemp("cut"), content[:cut], "t.csv.gz"))
