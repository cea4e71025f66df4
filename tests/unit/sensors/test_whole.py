"""Files that are there whole or not at all."""

import os
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from sensors.errors import ConfigurationError
from sensors.whole import whole


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before")
    with pytest.raises(OSError, match="full"), whole(tmp_path / "log") as file:
        run_out(file)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["before"]

    with whole(tmp_path / "log") as file:
        file.write(b"after")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["after"]


def run_out(file: BinaryIO) -> None:
    file.write(b"half")
    raise OSError("full")


def test_a_file_that_cannot_be_made_is_told_before_anything_is_done(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match="none/log: cannot be written: No such file"),
        whole(tmp_path / "none" / "log"),
    ):
        pass


def test_what_is_no_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe, heard = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    reader.start()
    with whole(pipe) as file:
        file.write(b"said")
    reader.join(5)
    assert heard == [b"said"]
    assert pipe.is_fifo()
