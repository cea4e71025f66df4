"""A place for the decoder's tests: devices that send other units than the ones inside."""

import json
from collections.abc import Sequence

from ingest.batch import Batch
from ingest.decode import Window, decode
from ingest.index import Index
from ingest.message import Message
from sensors.model import Asset, City, Device, DeviceType, Domain, Registry, Sensor, Utility

NOW = 1_763_683_200_000_000
"""2025-11-21T00:00:00Z in us."""

NOW_MS = NOW // 1000

GAS = "lifeline/gas/east/d0"
BRIDGE = "lifeline/bridge/east/d1"
SEWER = "lifeline/drainage/west/d2"

SENSORS = (
    Sensor(id=1, device="d0", key="ch4", asset="a", quantity="methane_lel", unit="%VOL"),
    Sensor(id=2, device="d0", key="p", asset="a", quantity="gas_pressure", unit="kPa", low=0.0, high=400.0),
    Sensor(id=3, device="d0", key="temp", asset="a", quantity="gas_temperature", unit="[degF]"),
    Sensor(id=5, device="d0", key="o2", asset="a", quantity="oxygen", unit="%VOL"),
    Sensor(id=4, device="d1", key="acc", asset="a", quantity="acceleration", unit="[g]"),
    Sensor(id=7, device="d2", key="level", asset="a", quantity="sewer_level", unit="mm"),
    Sensor(id=9, device="d2", key="flow", asset="a", quantity="sewer_flow", unit="l/s"),
)

REGISTRY = Registry(
    city=City(id="c", name="城", name_en="City", timezone="UTC", longitude=0.0, latitude=0.0),
    utilities=(Utility(id="u", name="司", name_en="Utility"),),
    assets=(
        Asset(
            id="a",
            name="a",
            name_en="a",
            kind="k",
            domain=Domain.GAS,
            utility="u",
            district="east",
            grid="g",
            longitude=0.0,
            latitude=0.0,
        ),
    ),
    edges=(),
    device_types=(DeviceType(id="t", name="t", name_en="t", sample_s=1, upload_s=60),),
    devices=(
        Device(id="d0", type="t", domain=Domain.GAS, district="east"),
        Device(id="d1", type="t", domain=Domain.BRIDGE, district="east"),
        Device(id="d2", type="t", domain=Domain.DRAINAGE, district="west"),
    ),
    sensors=SENSORS,
)

INDEX = Index(REGISTRY)


def taken(*messages: Message, now: int | None = NOW, window: Window | None = None) -> Batch:
    """The messages, decoded at the place."""
    return decode(messages, INDEX, window or Window(), now)


def said(body: object, topic: str = f"{GAS}/telemetry", content_type: str | None = None) -> Message:
    """A message with a JSON body."""
    return Message(topic, json.dumps(body).encode(), content_type)


def rows(batch: Batch) -> list[tuple[int, int, float, int]]:
    """The readings of a batch as tuples."""
    r = batch.readings
    return [*zip(r.sensor.tolist(), r.time.tolist(), r.value.tolist(), r.flag.tolist(), strict=True)]


def reasons(batch: Batch) -> Sequence[str]:
    return [str(letter.reason) for letter in batch.dead]
