"""``lifeline bench rules``: how fast readings become verdicts, on one core.

Rates are of the process' own CPU time, of which one core gives a second a second, so that a neighbour on the
machine does not count; wall time is told beside. What a rate is held against is measured in the same rounds.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

from lifeline.bench.figures import Figure
from lifeline.bench.plain import Plain
from lifeline.bench.restart import restart
from lifeline.bench.shaking import spectrum
from lifeline.bench.watched import Minutes, batches, demo, probes, three
from lifeline.settings import Settings
from rules.engine import Engine, Tick
from rules.memory import remember
from sensors.readings import Readings

ROUNDS = 5
SENSORS = 100_000
BATCH = 10_000

ALARMS = 0.0005
"""Share of readings in alarm: with three rules, more than 0.1 % of readings make a transition."""

_ONE_BY_ONE = 2_000


@dataclass(frozen=True, slots=True)
class Run:
    """One round through the engine."""

    readings: int
    transitions: int
    cpu_s: float
    wall_s: float

    @property
    def rate(self) -> float:
        """Readings a second of CPU time."""
        return self.readings / self.cpu_s


def kinds(settings: Settings, sensors: int = SENSORS, minutes: int = 10) -> Iterator[Figure]:
    """Three kinds over all sensors, transitions out; the ceiling is their formulas in bare numpy."""
    del settings
    engine, plain = Engine(probes(sensors), three()), Plain(sensors)
    feed = iter(Minutes(sensors, ALARMS))
    runs, ceilings = [], []
    _through(engine, next(feed))
    for _ in range(ROUNDS):
        readings = list(islice(feed, minutes))
        runs.append(_through(engine, *readings))
        ceilings.append(_plain(plain, readings))
    ratios = [run.rate / ceiling for run, ceiling in zip(runs, ceilings, strict=True)]
    beside: dict[str, float | int | str] = {
        "numpy_alone_per_s": round(median(ceilings)),
        "of_numpy_alone": round(median(ratios), 3),
        "rules": ", ".join(bank.kind.name for bank in engine.banks),
        "sensors": sensors,
    }
    yield _rate("kinds", "10,000,000", runs, beside)


def _plain(plain: Plain, minutes: Sequence[Readings]) -> float:
    cut = [part for readings in minutes for part in batches(readings, BATCH)]
    started = time.process_time()
    for part in cut:
        plain.step(part)
    return sum(map(len, cut)) / (time.process_time() - started)


def city(settings: Settings, minutes: int = 120) -> Iterator[Figure]:
    """The demo city's rules on what the simulator sends, a tick after each batch."""
    del settings
    living = demo(minutes)
    runs = [
        _through(Engine(living.registry, living.rules), living.readings, ticking=True) for _ in range(ROUNDS)
    ]
    alone = _through(
        Engine(living.registry, living.rules), living.readings[:_ONE_BY_ONE], size=1, ticking=True
    )
    yield _rate(
        "city",
        "1,000,000",
        runs,
        {
            "one_by_one_per_s": round(alone.rate),
            "sensors": len(living.registry.sensors),
            "rules": len(living.rules.rules),
        },
    )


def state(settings: Settings, sensors: int = SENSORS) -> Iterator[Figure]:
    """What the engine remembers of each sensor, as it goes into a snapshot before compression."""
    del settings
    engine = Engine(probes(sensors), three())
    _through(engine, *islice(Minutes(sensors, ALARMS), 2))
    size = {name: array.nbytes / sensors for name, array in remember(engine).items()}
    of_kinds = {
        f"{bank.kind.name}_bytes": round(
            sum(size[name] for name in size if name.startswith(f"{bank.kind.name}.")), 1
        )
        for bank in engine.banks
    }
    yield Figure(
        bench="rules",
        case="state",
        value=round(sum(size.values()), 1),
        unit="bytes a sensor",
        goal="at most 1,000 bytes",
        beside={**of_kinds, "sensors": sensors},
    )


def _through(engine: Engine, *feed: Readings, size: int = BATCH, ticking: bool = False) -> Run:
    cut = [part for readings in feed for part in batches(readings, size)]
    ticks = [[Tick(len(part), int(part.time.max()))] if ticking else [] for part in cut]
    cpu, wall = time.process_time(), time.perf_counter()
    transitions = sum(len(engine.step(part, then).transitions) for part, then in zip(cut, ticks, strict=True))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Run(sum(map(len, cut)), transitions, cpu, wall)


def _rate(case: str, goal: str, runs: Sequence[Run], beside: Mapping[str, float | int | str]) -> Figure:
    readings = sum(run.readings for run in runs)
    return Figure(
        bench="rules",
        case=case,
        value=round(median(run.rate for run in runs)),
        unit="readings a second of one core",
        goal=f"at least {goal}",
        beside={
            "rounds": ", ".join(f"{run.rate:,.0f}" for run in runs),
            "wall_per_s": round(median(run.readings / run.wall_s for run in runs)),
            **beside,
            "readings": readings,
            "batch_readings": BATCH,
            "transitions": sum(run.transitions for run in runs),
            "transitions_share": round(sum(run.transitions for run in runs) / readings, 5),
        },
    )


CASES: Mapping[str, Callable[[Settings], Iterator[Figure]]] = {
    "kinds": kinds,
    "city": city,
    "state": state,
    "restart": restart,
    "spectrum": spectrum,
}
"""What each case of ``lifeline bench rules`` runs."""
