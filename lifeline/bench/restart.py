"""How long a worker of a whole city needs from its start after a kill until it goes on where it was."""

import os
import signal
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
import numpy as np
import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from ingest.journal import decode
from lifeline.bench.figures import Figure
from lifeline.bench.watched import START, demo
from lifeline.children import Child
from lifeline.settings import Settings
from lifeline.stage import Stage, settle, stage
from rules.load import DEMO_RULES
from rules.load import load as load_rules
from sensors.arrays import unpack
from sensors.errors import UnavailableError
from sensors.load import DEMO_CITY, read_city
from sensors.model import Registry
from sensors.readings import MINUTE, SECOND
from sensors.scale import scaled
from simulator.load import Packets, build, send

DEVICES = 46_000
"""The demo city repeated until it has so many: some 100,000 sensors."""

_SNAPSHOT_S = 30.0
"""Longer than a minute of the city takes to be stored, so that the minute is in the journal alone."""

_PATIENCE_S = 120.0


def restart(settings: Settings, devices: int = DEVICES) -> Iterator[Figure]:
    """A snapshot of every sensor's state, then a minute of all of them, then a kill and a start."""
    living = demo(minutes=60)
    with stage(settings) as staged:
        city = scaled(read_city(DEMO_CITY), devices)
        registry = settle(staged.settings, city, load_rules([DEMO_RULES], read_city(DEMO_CITY)))
        names = {sensor.id: _original(sensor.device, sensor.key) for sensor in living.registry.sensors}
        values = dict(zip(living.readings.sensor.tolist(), living.readings.value.tolist(), strict=True))
        usual = {names[sensor]: value for sensor, value in values.items() if np.isfinite(value)}
        with _worker(staged) as worker:
            worker.until("subscribed")
            begun = time.monotonic()
            _minute(staged, registry, usual, 0)
            time.sleep(max(0.0, begun + _SNAPSHOT_S + 1.0 - time.monotonic()))
            readings = _minute(staged, registry, usual, 1)
            os.kill(worker.pid, signal.SIGKILL)
        started = time.monotonic()
        with _worker(staged) as worker:
            restored = worker.until("restored", within=_PATIENCE_S)
            seconds = time.monotonic() - started
            worker.until("subscribed")
            until_subscribed = time.monotonic() - started
        yield Figure(
            bench="rules",
            case="restart",
            value=round(seconds, 2),
            unit="s from the start of the process until all is restored",
            goal="at most 10 s",
            beside={
                "until_subscribed_s": round(until_subscribed, 2),
                **_bare(staged.dsn, restored["snapshot"]),
                "journal_entries": restored["journal_entries"],
                "readings_in_the_minute": readings,
                "sensors": len(registry.sensors),
            },
        )


def _worker(staged: Stage) -> Child:
    services = {"dsn": staged.dsn, "mqtt_url": staged.mqtt_url}
    return Child.lifeline(staged.folder, "worker", "--clock", "feed", snapshot_s=_SNAPSHOT_S, **services)


def _minute(staged: Stage, registry: Registry, usual: dict[tuple[str, str], float], minute: int) -> int:
    """Publish one reading of every sensor that the simulator knows, and wait until they are stored."""
    address = urlsplit(staged.mqtt_url)
    packets, readings = _packets(registry, usual, START + minute * MINUTE)
    with psycopg.connect(staged.dsn, autocommit=True) as connection:
        expected = _stored(connection) + readings
        send(address.hostname or "", address.port or 0, packets)
        deadline = time.monotonic() + _PATIENCE_S
        while _stored(connection) < expected:
            if time.monotonic() > deadline:
                raise UnavailableError(f"the worker stored not all within {_PATIENCE_S:g} s")
            time.sleep(0.05)
    return readings


def _packets(registry: Registry, usual: dict[tuple[str, str], float], begin: int) -> tuple[Packets, int]:
    """A message a device, spread over the minute."""
    said: dict[str, dict[str, float]] = {}
    for sensor in registry.sensors:
        value = usual.get(_original(sensor.device, sensor.key))
        if value is not None:
            said.setdefault(sensor.device, {})[sensor.key] = value
    topics = {device.id: f"{device.topic}/telemetry" for device in registry.devices}
    step = MINUTE // max(len(said), 1)
    messages = (
        (topics[device], msgspec.json.encode({"t": (begin + n * step) // (SECOND // 1000), "v": values}))
        for n, (device, values) in enumerate(said.items())
    )
    return build(messages), sum(map(len, said.values()))


def _original(device: str, key: str) -> tuple[str, str]:
    """A copy of a device is called as the original, with its number behind a dot."""
    return device.partition(".")[0], key


def _stored(connection: Connection[TupleRow]) -> int:
    row = connection.execute("select coalesce(sum(readings), 0) from journal").fetchone()
    return int(row[0]) if row is not None else 0


def _bare(dsn: str, snapshot: int) -> dict[str, float | int]:
    """What it takes only to read snapshot and journal and to unpack them."""
    started = time.perf_counter()
    with psycopg.connect(dsn) as connection:
        bodies = connection.execute("select body from snapshots where seq = %s", [snapshot]).fetchall()
        entries = connection.execute("select body from journal where seq > %s", [snapshot]).fetchall()
    size = sum(array.nbytes for (body,) in bodies for array in unpack(body).values())
    for (body,) in entries:
        decode(body)
    return {
        "read_and_unpack_s": round(time.perf_counter() - started, 2),
        "snapshot_mb": round(size / 1e6, 1),
        "snapshot_compressed_mb": round(sum(len(body) for (body,) in bodies) / 1e6, 1),
    }
