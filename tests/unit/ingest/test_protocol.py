"""docs/protocol.md: every example in it is decoded, and gives what the page says."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from ingest.batch import LONGEST_PAYLOAD, Batch
from ingest.decode import Window, decode
from ingest.index import Index, Leaf
from ingest.message import Message
from ingest.reason import Reason
from lifeline.settings import Settings
from sensors.model import Device, Domain, Sensor
from sensors.readings import DAY, MINUTE
from tests.unit.ingest.place import NOW, REGISTRY

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^`(lifeline/\S+)`\n\n```(json|hex)\n([^`]*)```\n\n```\n([^`]*)```", PAGE, re.DOTALL | re.MULTILINE
)

CITY = msgspec.structs.replace(
    REGISTRY,
    devices=(
        Device(id="rtu-17", type="t", domain=Domain.GAS, district="east"),
        Device(id="acc-3", type="t", domain=Domain.BRIDGE, district="east"),
    ),
    sensors=(
        Sensor(id=1, device="rtu-17", key="ch4", asset="a", quantity="methane_lel", unit="%VOL"),
        Sensor(id=2, device="rtu-17", key="temp", asset="a", quantity="gas_temperature", unit="Cel"),
        Sensor(id=3, device="rtu-17", key="level", asset="a", quantity="sewer_level", unit="mm"),
        Sensor(id=4, device="acc-3", key="acc", asset="a", quantity="acceleration", unit="[g]"),
    ),
)
NAMES = {sensor.id: sensor.name for sensor in CITY.sensors}


def test_the_page_has_an_example_of_each_kind_of_message() -> None:
    topics = {topic for topic, *_ in EXAMPLES}
    assert {topic.rpartition("/")[2] for topic in topics} == {*Leaf, "clock"}
    assert len(EXAMPLES) == 7


@pytest.mark.parametrize(("topic", "form", "body", "result"), EXAMPLES)
def test_an_example_gives_what_the_page_says(topic: str, form: str, body: str, result: str) -> None:
    payload = bytes.fromhex(body) if form == "hex" else body.encode()
    batch = decode([Message(topic, payload)], Index(CITY), Window(), NOW)
    assert not batch.dead
    assert [line.split() for line in said(batch)] == [line.split() for line in result.strip().splitlines()]


def said(batch: Batch) -> list[str]:
    """What came of it, in the page's words."""
    readings = batch.readings
    rows = zip(readings.sensor.tolist(), readings.time.tolist(), readings.value.tolist(), strict=True)
    lines = [f"{NAMES[sensor]} {moment(time)} {value!r}" for sensor, time, value in rows]
    for block in batch.waveforms:
        samples = " ".join(str(round(sample, 5)) for sample in block.samples.tolist())
        lines.append(f"{NAMES[block.sensor]} {moment(block.start)} {block.rate:g} Hz {samples}")
    lines += [f"{s.device} {'online' if s.online else 'offline'}, boot {s.boot}" for s in batch.statuses]
    return lines + [f"clock {moment(time)}" for _, time in batch.ticks]


def moment(time: int) -> str:
    return datetime.fromtimestamp(time / 1e6, UTC).isoformat()


def test_the_resend_request_is_what_a_worker_asks_with() -> None:
    (example,) = re.findall(r"`lifeline/\S+/resend`\n\n```json\n(.*?)```", PAGE, re.DOTALL)
    assert list(json.loads(example)) == ["b", "from", "to"]


def test_the_page_names_every_reason_and_limit() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", PAGE.partition("| reason |")[2], re.MULTILINE) == [*Reason]
    assert f"{LONGEST_PAYLOAD // 1024} kB" in PAGE
    window = Window()
    assert f"now - {window.before // DAY} days or after now + {window.after // MINUTE} min" in PAGE
    assert f"{Settings.model_fields['dead_letters_per_hour'].default:,} a device and hour" in PAGE
    for domain in Domain:
        assert f"`{domain}`" in PAGE
