"""``lifeline bench simulate``: how fast a simulated city lives and load is sent, and how large it may be."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
from msgspec.structs import replace

from lifeline.bench.figures import Figure
from lifeline.bench.ingest import Rig, rig
from lifeline.bench.load import Generator
from lifeline.settings import Settings
from sensors.load import DEMO_CITY, read_city
from sensors.model import Domain, Registry
from sensors.readings import DAY, MINUTE
from sensors.scale import scaled
from simulator.load import send
from simulator.messages import Message
from simulator.scenario import DEMO
from simulator.scenario_file import read_scenario
from simulator.simulation import Simulation

START = 1_763_683_200_000_000
ROUNDS = 3
_SEED = 7
_SENSORS = 1_000
_KILOBYTES = 1024


@dataclass(frozen=True, slots=True)
class Lived:
    """What a simulated city sent, what it took, and how much memory its process had at most."""

    messages: int
    readings: int
    samples: int
    build_s: float
    cpu_s: float
    wall_s: float
    peak_mb: float
    devices: int
    bridges: int
    waveforms: int
    """Sensors that send every sample, at 50 Hz."""


def load(settings: Settings, messages: int = 20_000) -> Iterator[Figure]:
    """Packets for the load tests, 50 readings each, ready to be sent."""
    del settings
    generator = Generator(scaled(read_city(DEMO_CITY), 8 * _SENSORS), _SENSORS, START, _SEED)
    packs = [_made(generator, messages, 50) for _ in range(ROUNDS)]
    singles = [_made(generator, messages, 1) for _ in range(ROUNDS)]
    yield Figure(
        bench="simulate",
        case="load",
        value=round(median(packs)),
        unit="readings a second of one core",
        goal="at least 200,000",
        beside={
            "rounds": ", ".join(f"{rate:,.0f}" for rate in packs),
            "one_a_message_per_s": round(median(singles)),
            "readings": ROUNDS * messages * 50,
        },
    )


def _made(generator: Generator, messages: int, per_message: int) -> float:
    started = time.process_time()
    made = generator.load(messages, per_message, alarms=0.001)
    return len(made.readings) / (time.process_time() - started)


def publish(settings: Settings, messages: int = 20_000) -> Iterator[Figure]:
    """How fast load reaches a broker that has nobody to give it to, against what a worker takes of it."""
    with rig(settings, devices=8_000, sensors=_SENSORS) as bench:
        packs = [_against_a_worker(bench, messages, 50) for _ in range(ROUNDS)]
        singles = [_against_a_worker(bench, 5 * messages, 1) for _ in range(ROUNDS)]
    ratios, single = ([sent / taken for sent, taken in rounds] for rounds in (packs, singles))
    yield Figure(
        bench="simulate",
        case="publish",
        value=round(median(ratios), 2),
        unit="times what the worker takes, 50 readings a message",
        goal="above 1",
        beside={
            "rounds": ", ".join(f"{ratio:.2f}" for ratio in ratios),
            "published_per_s": round(median(sent for sent, _ in packs)),
            "taken_per_s": round(median(taken for _, taken in packs)),
            "singles": round(median(single), 2),
            "singles_rounds": ", ".join(f"{ratio:.2f}" for ratio in single),
            "singles_published_per_s": round(median(sent for sent, _ in singles)),
            "singles_taken_per_s": round(median(taken for _, taken in singles)),
        },
    )


def _against_a_worker(bench: Rig, messages: int, per_message: int) -> tuple[float, float]:
    """Readings a second acknowledged by the broker alone, and stored by the worker; the same packets."""
    load = bench.generator.load(messages, per_message, alarms=0.001)
    started = time.perf_counter()
    send(bench.host, bench.port, load.packets.elsewhere())
    sent = len(load.readings) / (time.perf_counter() - started)
    run = bench.run(load)
    return sent, run.readings / run.seconds


def day(settings: Settings, minutes: int = DAY // MINUTE) -> Iterator[Figure]:
    """A day of the demo city with its incidents, every sensor read each minute, accelerometers at 50 Hz."""
    del settings
    city = read_city(DEMO_CITY)
    types = tuple(
        replace(kind, sample_s=60.0 if kind.sample_s >= 1 else kind.sample_s, upload_s=60.0)
        for kind in city.device_types
    )
    lived = _live(replace(city, device_types=types), minutes, incidents=True)
    yield Figure(
        bench="simulate",
        case="day",
        value=round(lived.wall_s, 2),
        unit=f"s for {minutes:,} simulated minutes",
        goal="at most 60 s for a day",
        beside=_beside(lived),
    )


def city(settings: Settings, devices: int = 85_000, minutes: int = 10) -> Iterator[Figure]:
    """The memory of a process in which a whole city lives, its bridges sampled at 50 Hz."""
    del settings
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        lived = alone.apply(_large, (devices, minutes))
    yield Figure(
        bench="simulate",
        case="city",
        value=round(lived.peak_mb),
        unit="MB at most",
        goal="under 2,000 MB",
        beside={"minutes": minutes, "city_built_s": round(lived.build_s, 1), **_beside(lived)},
    )


def _large(devices: int, minutes: int) -> Lived:
    return _live(scaled(read_city(DEMO_CITY), devices), minutes, incidents=False)


def _live(registry: Registry, minutes: int, *, incidents: bool) -> Lived:
    started = time.perf_counter()
    scenario = (read_scenario(DEMO, registry),) if incidents else ()
    simulation = Simulation(registry, *scenario, start=START, seed=_SEED)
    built, cpu = time.perf_counter(), time.process_time()
    counts = np.zeros(3, np.int64)
    for message in simulation.messages_until(START + minutes * MINUTE):
        counts += _counted(message)
    bridges = {
        (asset.district, asset.id.partition(".")[2])  # a district's bridge, and which copy of it
        for asset in registry.assets
        if asset.domain is Domain.BRIDGE
    }
    return Lived(
        messages=int(counts[0]),
        readings=int(counts[1]),
        samples=int(counts[2]),
        build_s=built - started,
        cpu_s=time.process_time() - cpu,
        wall_s=time.perf_counter() - built,
        peak_mb=_peak_kb() / _KILOBYTES,
        devices=len(registry.devices),
        bridges=len(bridges),
        waveforms=sum(sensor.quantity == "acceleration" for sensor in registry.sensors),
    )


def _peak_kb() -> int:
    """The most memory that this process has had; ru_maxrss would count what it was started from as well."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def _counted(message: Message) -> tuple[int, int, int]:
    """One message, its readings, its samples."""
    size = message.values.size
    return (1, 0, size) if message.kind == "waveform" else (1, size, 0)


def _beside(lived: Lived) -> dict[str, float | int | str]:
    return {
        "cpu_s": round(lived.cpu_s, 2),
        "wall_s": round(lived.wall_s, 2),
        "messages": lived.messages,
        "readings": lived.readings,
        "samples": lived.samples,
        "per_s": round((lived.readings + lived.samples) / lived.cpu_s),
        "devices": lived.devices,
        "bridges": lived.bridges,
        "at_50_hz": lived.waveforms,
        "peak_mb": round(lived.peak_mb),
    }


CASES: Mapping[str, Callable[[Settings], Iterator[Figure]]] = {
    "load": load,
    "publish": publish,
    "day": day,
    "city": city,
}
"""What each case of ``lifeline bench simulate`` runs."""
