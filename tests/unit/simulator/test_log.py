from pathlib import Path

import numpy as np
import pytest

from sensors.errors import ConfigurationError
from simulator.log import LogFile, Record, published, read_log
from tests.unit.simulator.village import House, sent, telemetry, village

MESSAGES = sent(
    village(
        House("VC", "valve-chamber", {"ch4": "methane_lel", "temp": "gas_temperature"}),
        House("SP", "bridge-span", {"accel": "acceleration"}),
        upload_s=300,
    ),
    30,
)
RECORDS = [Record.of(message, wall) for wall, message in enumerate(MESSAGES, 1_000)]


def test_a_file_gives_back_what_was_put_in(tmp_path: Path) -> None:
    with LogFile(tmp_path / "log") as log:
        for record in RECORDS:
            log.append(record)
    assert [*read_log(tmp_path / "log")] == RECORDS


def test_a_file_that_was_cut_short_gives_back_what_is_whole(tmp_path: Path) -> None:
    with LogFile(tmp_path / "log") as log:
        for record in RECORDS:
            log.append(record)
    content = (tmp_path / "log").read_bytes()
    for cut in (1, 3, 100):
        (tmp_path / "cut").write_bytes(content[:-cut])
        assert [*read_log(tmp_path / "cut")] == RECORDS[: len([*read_log(tmp_path / "cut")])]
        assert len([*read_log(tmp_path / "cut")]) >= len(RECORDS) - 1


def test_a_log_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"), LogFile(tmp_path / "no" / "log"):
        pass


def test_the_readings_are_those_of_the_messages() -> None:
    found = published(RECORDS)
    expected = {
        (name, time, value, wall)
        for wall, message in enumerate(MESSAGES, 1_000)
        if message.kind == "telemetry"
        for name, row in zip(message.names, message.values, strict=True)
        for time, value in zip(message.times.tolist(), row.tolist(), strict=True)
    }
    names = np.array(found.names)[found.sensor].tolist()
    columns = (found.time.tolist(), found.value.tolist(), found.wall.tolist())
    assert set(zip(names, *columns, strict=True)) == expected
    assert len(found.sensor) == sum(message.values.size for message in telemetry(MESSAGES))


def test_what_was_sent_again_is_not_counted_twice() -> None:
    again = [Record.of(message, 9_000, again=True) for message in MESSAGES[:10]]
    assert len(published(RECORDS + again).sensor) == len(published(RECORDS).sensor)


def test_an_empty_log_has_no_readings() -> None:
    assert len(published([]).sensor) == 0
