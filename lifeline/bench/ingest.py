"""``lifeline bench ingest``: how fast readings become durable, against what the parts could do alone.

Everything is on this machine: broker, database, worker and load. A ceiling is measured right after what it
is the ceiling of, several times in turn, so that a noisy machine is noisy for both.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import asyncpg
import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import TupleRow

from ingest.copy import binary, timestamps
from lifeline.audit import duplicates, lost
from lifeline.bench.figures import Figure
from lifeline.bench.load import Generator, Load
from lifeline.children import Child
from lifeline.settings import Clock, Settings
from lifeline.stage import Stage, play, settle, stage
from rules.load import DEMO_RULES
from rules.load import load as load_rules
from sensors.errors import UnavailableError
from sensors.load import DEMO_CITY, read_city
from sensors.model import Registry
from sensors.readings import SECOND, Readings
from sensors.scale import scaled
from simulator.load import send

ROUNDS = 3

ALARMS = 0.001
"""Share of readings in alarm, each of which makes at least one transition."""

_PATIENCE_S = 120.0
_START = 1_763_683_200_000_000
_SEED = 11


@dataclass(frozen=True, slots=True)
class Run:
    """One round of load through the worker."""

    readings: int
    seconds: float
    batch: int
    """Median of the readings in a transaction."""
    transitions: int
    lost: int
    duplicates: int
    cpu_s: float


def packs(settings: Settings, messages: int = 30_000, sensors: int = 1_000) -> Iterator[Figure]:
    """50 readings a message; the ceiling is the bare binary COPY of the same rows."""
    per_message = 50
    with rig(settings, devices=8_000, sensors=sensors) as bench:
        rounds = []
        for _ in range(ROUNDS):
            load = bench.generator.load(messages, per_message, alarms=ALARMS)
            run = bench.run(load)
            rounds.append((run, asyncio.run(_bare_copy(bench.stage.dsn, load.readings, run.batch))))
        yield _figure("packs", "0.5 of the bare COPY", rounds, bench)


def singles(settings: Settings, messages: int = 200_000, sensors: int = 1_000) -> Iterator[Figure]:
    """One reading a message; the ceiling is the same receive loop that drops what it gets."""
    with rig(settings, devices=8_000, sensors=sensors) as bench:
        rounds = []
        for _ in range(ROUNDS):
            load = bench.generator.load(messages, 1, alarms=ALARMS)
            rounds.append((bench.run(load), _receive_only(bench, load)))
        yield _figure("singles", "0.7 of the receive loop alone", rounds, bench)


def latency(
    settings: Settings, seconds: float = 30.0, rate: int = 5_000, sensors: int = 5_000
) -> Iterator[Figure]:
    """From the last byte of a message to the commit of the alert that its one reading raises."""
    with stage(settings) as staged:
        registry = _settled(staged, 46_000)
        with play(staged, Clock.WALL, snapshot_s=10) as cast:
            start = (int(time.time()) + 5) * SECOND
            generator = Generator(registry, sensors, start, _SEED, step=sensors * SECOND // rate)
            load = generator.load(round(seconds * rate), 1, alarms=2 * ALARMS)
            time.sleep(max(0.0, start / SECOND - time.time()))
            address = urlsplit(staged.mqtt_url)
            sent_at = send(address.hostname or "", address.port or 0, load.packets, rate=rate)
            cast.check()
            with psycopg.connect(staged.dsn, autocommit=True) as connection:
                _until_claimed(connection, len(load.readings))
                yield _latency_figure(connection, load, sent_at, cast.worker, registry)


_RAISED = """
select t.sensor_id, (extract(epoch from t.time) * 1000000)::bigint,
    extract(epoch from pg_xact_commit_timestamp(a.xmin))::float8
from alerts a join alert_events e using (alert_id) join risk_changes c using (risk_change_id)
join transitions t on t.transition_id = c.cause
where e.number = 1 and a.events = 1
"""
"""Cases that were raised and not touched since: the commit of their row is that of the raising."""


def _latency_figure(
    connection: Connection[TupleRow],
    load: Load,
    sent_at: NDArray[np.float64],
    worker: Child,
    registry: Registry,
) -> Figure:
    sent = dict(
        zip(
            zip(load.readings.sensor.tolist(), load.readings.time.tolist(), strict=True), sent_at, strict=True
        )
    )
    taken = [
        (committed - sent[sensor, moment]) * 1000
        for sensor, moment, committed in connection.execute(_RAISED)
        if (sensor, moment) in sent
    ]
    p50, p99, worst = np.percentile(taken, [50, 99, 100])
    return Figure(
        bench="ingest",
        case="latency",
        value=round(float(p99), 1),
        unit="ms, p99 from the last byte to the alert's commit",
        goal="at most 1,000 ms",
        beside={
            "p50_ms": round(float(p50), 1),
            "max_ms": round(float(worst), 1),
            "alerts": len(taken),
            "readings": len(load.readings),
            "rate_per_s": round(len(load.readings) / (sent_at[-1] - sent_at[0])),
            "sensors_in_the_registry": len(registry.sensors),
            "snapshots_written": len(list(worker.logged("snapshot"))),
            "lost": lost(connection, load.readings),
            "duplicates": duplicates(connection),
            "worker_peak_mb": _from_status(worker.pid, "VmHWM") // 1024,
        },
    )


def _until_claimed(connection: Connection[TupleRow], readings: int) -> None:
    """Wait until all readings are stored and all that followed is an alert."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        row = connection.execute(
            "select (select coalesce(sum(readings), 0) from journal) >= %s"
            " and not exists (select from risk_changes where claimed_at is null)",
            (readings,),
        ).fetchone()
        if row is not None and row[0]:
            return
        if time.monotonic() > deadline:
            raise UnavailableError(f"not all was stored and claimed within {_PATIENCE_S:g} s")
        time.sleep(0.1)


def _figure(case: str, goal: str, rounds: list[tuple[Run, float]], bench: "Rig") -> Figure:
    runs = [run for run, _ in rounds]
    ratios = [run.readings / run.seconds / ceiling for run, ceiling in rounds]
    readings = sum(run.readings for run in runs)
    return Figure(
        bench="ingest",
        case=case,
        value=round(median(ratios), 3),
        unit="of the ceiling",
        goal=f"at least {goal}",
        beside={
            "rounds": ", ".join(f"{ratio:.2f}" for ratio in ratios),
            "readings": readings,
            "seconds": round(sum(run.seconds for run in runs), 2),
            "rate_per_s": round(median(run.readings / run.seconds for run in runs)),
            "ceiling_per_s": round(median(ceiling for _, ceiling in rounds)),
            "batch_readings": round(median(run.batch for run in runs)),
            "transitions": sum(run.transitions for run in runs),
            "lost": sum(run.lost for run in runs),
            "duplicates": sum(run.duplicates for run in runs),
            "worker_cpu_us_per_reading": round(sum(run.cpu_s for run in runs) / readings * 1e6, 2),
            "worker_peak_mb": bench.peak_mb(),
        },
    )


class Rig:
    """A worker on a stage, a load for it, and how it did."""

    def __init__(self, staged: Stage, worker: Child, generator: Generator, registry: Registry) -> None:
        self.stage, self.generator, self._worker = staged, generator, worker
        self.registry = registry
        address = urlsplit(staged.mqtt_url)
        self.host, self.port = address.hostname or "", address.port or 0

    def run(self, load: Load) -> Run:
        """Publish the load and wait until all of it is committed; then empty the table."""
        with psycopg.connect(self.stage.dsn, autocommit=True) as connection:
            before = _progress(connection)
            cpu, started = self._cpu_s(), time.time()
            send(self.host, self.port, load.packets)
            while (now := _progress(connection))["readings"] < before["readings"] + len(load.readings):
                self._worker.check()
                if time.time() > started + _PATIENCE_S:
                    raise UnavailableError(f"the worker stored not all within {_PATIENCE_S:g} s")
                time.sleep(0.01)
            cpu_s = self._cpu_s() - cpu
            # The last commit's own time, not that of the glance that saw it.
            seconds = now["written_at"] - started
            run = Run(
                readings=len(load.readings),
                seconds=seconds,
                batch=_median_batch(connection, before["seq"]),
                transitions=round(now["transitions"] - before["transitions"]),
                lost=lost(connection, load.readings),
                duplicates=duplicates(connection),
                cpu_s=cpu_s,
            )
            connection.execute("truncate readings")
        return run

    def peak_mb(self) -> int:
        """Most memory that the worker ever had, in MB."""
        return _from_status(self._worker.pid, "VmHWM") // 1024

    def _cpu_s(self) -> float:
        fields = Path(f"/proc/{self._worker.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100


@contextmanager
def rig(settings: Settings, devices: int, sensors: int) -> Iterator[Rig]:
    """A worker, settled, that waits for load."""
    with stage(settings) as staged:
        registry = _settled(staged, devices)
        generator = Generator(registry, sensors, _START, _SEED)
        services = {"dsn": staged.dsn, "mqtt_url": staged.mqtt_url}
        with Child.lifeline(staged.folder, "worker", "--clock", "feed", **services) as worker:
            worker.until("subscribed")
            yield Rig(staged, worker, generator, registry)


def _settled(staged: Stage, devices: int) -> Registry:
    """The demo city with its rules, repeated until it has so many devices."""
    city = scaled(read_city(DEMO_CITY), devices)
    return settle(staged.settings, city, load_rules([DEMO_RULES], city))


def _progress(connection: Connection[TupleRow]) -> Mapping[str, float]:
    row = connection.execute(
        "select coalesce(sum(readings), 0)::float8, coalesce(max(seq), 0)::float8,"
        " coalesce(extract(epoch from max(written_at)), 0)::float8,"
        " (select count(*) from transitions)::float8 from journal"
    ).fetchone()
    assert row is not None
    return dict(zip(("readings", "seq", "written_at", "transitions"), row, strict=True))


def _median_batch(connection: Connection[TupleRow], after: float) -> int:
    row = connection.execute(
        "select percentile_disc(0.5) within group (order by readings) from journal"
        " where readings > 0 and seq > %s",
        (after,),
    ).fetchone()
    assert row is not None
    return int(row[0])


async def _bare_copy(dsn: str, readings: Readings, batch: int) -> float:
    """Rows a second of COPY alone, the rows of each transaction built as the worker builds them."""
    connection = await asyncpg.connect(dsn)
    try:
        started = time.perf_counter()
        for start in range(0, len(readings), batch):
            part = readings[start : start + batch]
            rows = binary([part.sensor, timestamps(part.time), part.value, part.flag.astype(np.int16)])

            async def once(content: bytes = rows) -> AsyncIterator[bytes]:
                yield content

            async with connection.transaction():
                await connection.copy_to_table(
                    "readings", source=once(), columns=["sensor_id", "time", "value", "flag"], format="binary"
                )
        rate = len(readings) / (time.perf_counter() - started)
        await connection.execute("truncate readings")
        return rate
    finally:
        await connection.close()


def _receive_only(bench: Rig, load: Load) -> float:
    """Messages a second of the receive loop that drops them, in a process of its own."""
    command = [sys.executable, "-m", "lifeline.bench.receiver", bench.stage.mqtt_url, str(len(load.packets))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as receiver:
        assert receiver.stdout is not None
        receiver.stdout.readline()
        started = time.time()
        send(bench.host, bench.port, load.packets.elsewhere())
        return len(load.packets) / (float(receiver.stdout.readline()) - started)


def _from_status(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0


CASES: Mapping[str, Callable[[Settings], Iterator[Figure]]] = {
    "packs": packs,
    "singles": singles,
    "latency": latency,
}
"""What each case of ``lifeline bench ingest`` runs."""
