"""What the rule bench watches: many like sensors under a few rules, and the demo city as it lives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec.structs import replace

from ingest.decode import Window, decode
from ingest.index import Index
from ingest.message import Message
from rules.load import DEMO_RULES
from rules.load import load as load_rules
from rules.model import Rule, RuleSet, Selector
from rules.risk import Group, Strength, default_matrix
from sensors.load import DEMO_CITY, read_city
from sensors.model import Asset, City, Consequence, Device, DeviceType, Domain, Registry, Sensor, Utility
from sensors.readings import MINUTE, Readings
from simulator.scenario import DEMO
from simulator.scenario_file import read_scenario
from simulator.simulation import Simulation

START = 1_763_683_200_000_000
MEAN, SPREAD = 2.0, 0.5
"""Of a quiet sensor, in %LEL."""
ALARM = 25.0
"""%LEL: a reading of it makes a transition of each rule, and the quiet after it another."""

_KINDS: Mapping[str, Mapping[str, Any]] = {
    "limit": {"bands": [{"above": 20.0}, {"above": 50.0}], "deadband": 2.0},
    "ewma": {"mean": MEAN, "spread": SPREAD, "tau": "10min", "width": 4.0},
    "cusum": {"mean": MEAN, "spread": SPREAD, "height": 8.0},
}


def probes(number: int) -> Registry:
    """So many methane probes, one reading a minute, each in a chamber of its own; ids from 1."""
    names = [f"{n:06d}" for n in range(1, number + 1)]
    return Registry(
        city=City(
            id="bench", name="测", name_en="Bench", timezone="Asia/Shanghai", longitude=117.3, latitude=31.9
        ),
        utilities=(Utility(id="gas", name="燃气", name_en="Gas"),),
        assets=tuple(map(_chamber, names)),
        edges=(),
        device_types=(DeviceType(id="probe", name="探头", name_en="probe", sample_s=60, upload_s=60),),
        devices=tuple(Device(id=name, type="probe", domain=Domain.GAS, district="east") for name in names),
        sensors=tuple(
            Sensor(device=name, key="ch4", asset=name, quantity="methane_lel", unit="%LEL", id=n)
            for n, name in enumerate(names, 1)
        ),
    )


def _chamber(name: str) -> Asset:
    return Asset(
        id=name,
        name=name,
        name_en=name,
        kind="valve-chamber",
        domain=Domain.GAS,
        utility="gas",
        district="east",
        grid="e1",
        longitude=117.3,
        latitude=31.9,
        consequence=Consequence(people=3),
    )


def three() -> RuleSet:
    """One rule of each of the three kinds that are timed, over all probes."""
    return RuleSet(
        rules=tuple(
            Rule(
                name=kind,
                kind=kind,
                hazard="gas-leak",
                title=kind,
                title_en=kind,
                source="a bench",
                group="gas",
                select=Selector(),
                parameters=parameters,
                evidence=(Strength(llr=2.0),) * len(parameters.get("bands", "1")),
            )
            for kind, parameters in _KINDS.items()
        ),
        groups=(Group(name="gas"),),
        matrix=default_matrix(),
    )


class Minutes:
    """Minute after minute of the probes, in the order in which their devices happen to send."""

    def __init__(self, sensors: int, alarms: float, seed: int = 11) -> None:
        self._random = np.random.default_rng(seed)
        self._order = self._random.permutation(np.arange(1, sensors + 1, dtype=np.int32))
        self._phase = np.arange(sensors) * MINUTE // sensors
        self._alarms, self._minute = alarms, 0

    def __iter__(self) -> Iterator[Readings]:
        while True:
            values = self._random.normal(MEAN, SPREAD, len(self._order))
            values[self._random.random(len(values)) < self._alarms] = ALARM
            time = START + self._minute * MINUTE + self._phase
            self._minute += 1
            yield Readings(self._order, time, values, np.ones(len(values), np.int8))


@dataclass(frozen=True, slots=True)
class Living:
    """A city with the rules that hold in it, and what its sensors said, in order of arrival."""

    registry: Registry
    rules: RuleSet
    readings: Readings


def demo(minutes: int) -> Living:
    """The demo city for some simulated minutes, with its incidents, as the worker would decode it."""
    city = read_city(DEMO_CITY)
    registry = replace(city, sensors=tuple(replace(each, id=n) for n, each in enumerate(city.sensors, 1)))
    rules = load_rules([DEMO_RULES], registry)
    simulation = Simulation(registry, read_scenario(DEMO, registry), start=START, seed=7)
    sent = simulation.messages_until(START + minutes * MINUTE)
    messages = [Message(each.topic, each.payload) for each in sent if each.kind == "telemetry"]
    batch = decode(messages, Index(registry), Window(), None)
    return Living(registry, rules, batch.readings)


def batches(readings: Readings, size: int) -> list[Readings]:
    """Cut into batches of so many readings."""
    return [readings[start : start + size] for start in range(0, len(readings), size)]
