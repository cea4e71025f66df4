import base64
import json
import threading
import time
from pathlib import Path

import cbor2
import pytest

from sensors.errors import ConfigurationError
from sensors.readings import MINUTE, SECOND
from simulator.log import Record, published
from simulator.outlets import FileOutlet
from simulator.publish import Publisher
from simulator.scenario import QUIET
from simulator.simulation import Simulation
from tests.unit.simulator.village import START, House, sent, telemetry, village

VILLAGE = village(
    House("VC", "valve-chamber", {"ch4": "methane_lel"}),
    House("SP", "bridge-span", {"accel": "acceleration"}),
)


def play(
    folder: Path, seconds: float, speed: float | None = None
) -> tuple[list[dict[str, object]], list[Record]]:
    records: list[Record] = []
    with FileOutlet(folder / "out.jsonl") as outlet:
        simulation = Simulation(VILLAGE, QUIET, start=START)
        Publisher(simulation, outlet, records, speed=speed).run(START + round(seconds * SECOND))
    return [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()], records


def test_everything_is_written_and_logged(tmp_path: Path) -> None:
    lines, records = play(tmp_path, 1800)
    lines = [line for line in lines if line["topic"] != "lifeline/clock"]
    messages = sent(VILLAGE, 30)
    assert [line["topic"] for line in lines] == [message.topic for message in messages]
    assert [record.topic for record in records] == [message.topic for message in messages]
    for line, message in zip(lines, messages, strict=True):
        if message.kind == "waveform":
            assert cbor2.loads(base64.b64decode(line["base64"])) == cbor2.loads(message.payload)
        else:
            assert line["payload"] == json.loads(message.payload)
    assert len(published(records).sensor) == sum(message.values.size for message in telemetry(messages))


def test_the_clock_says_a_time_when_all_before_it_is_out(tmp_path: Path) -> None:
    lines, _ = play(tmp_path, 125)
    clock = [line["payload"]["t"] * 1000 for line in lines if line["topic"] == "lifeline/clock"]
    assert clock == [START + second * SECOND for second in (*range(0, 130, 10), 125) if second <= 125]
    now = 0
    for line in lines:
        if line["topic"] == "lifeline/clock":
            now = line["payload"]["t"]
        elif line["topic"].endswith("telemetry"):
            assert now <= line["payload"]["t"] < now + 10_000


def test_a_speed_is_kept(tmp_path: Path) -> None:
    begun = time.monotonic()
    _, records = play(tmp_path, 120, speed=120)
    assert time.monotonic() - begun == pytest.approx(1.0, abs=0.3)
    first = records[0].wall
    for record in (record for record in records if record.kind == "telemetry"):
        due = first + (int.from_bytes(record.times[:8], "little") - START) / 120
        assert record.wall == pytest.approx(due, abs=0.25e6)


def test_it_stops_when_told_to(tmp_path: Path) -> None:
    with FileOutlet(tmp_path / "out.jsonl") as outlet:
        publisher = Publisher(Simulation(VILLAGE, QUIET, start=START), outlet, [], speed=1)
        thread = threading.Thread(target=publisher.run)
        thread.start()
        publisher.stop()
        thread.join(2)
        assert not thread.is_alive()
    assert publisher.now < START + MINUTE


def test_a_file_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be written"), FileOutlet(tmp_path / "no" / "out"):
        pass
