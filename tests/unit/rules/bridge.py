"""A small bridge for the tests of waveforms: two accelerometers of two channels, and a thermometer."""

from collections.abc import Iterator

import numpy as np

from rules.engine import Engine
from rules.memory import recall, remember
from rules.model import Rule, RuleSet, Selector, Transition
from rules.risk import Group, Strength, default_matrix
from sensors.arrays import pack, unpack
from sensors.model import City, Device, DeviceType, Domain, Registry, Sensor, Utility
from sensors.readings import SECOND, Readings
from sensors.waveforms import Waveform
from tests.unit.rules.town import asset

START = 1_763_683_200 * SECOND
RATE, BLOCK_S = 50.0, 10
FREQUENCY = 2.0
THERMOMETER = 9


def bridge() -> Registry:
    """Sensors 1, 2 (a0) and 3, 4 (a1) shake; sensor 9 tells the temperature."""
    ids = {"a0": (1, 2), "a1": (3, 4)}
    shaking = tuple(
        Sensor(device=device, key=f"z{n}", asset="span", quantity="acceleration", unit="m/s2", id=each)
        for device, both in ids.items()
        for n, each in enumerate(both)
    )
    warmth = Sensor(
        device="t", key="temp", asset="span", quantity="structure_temperature", unit="Cel", id=THERMOMETER
    )
    devices = {"a0": "accelerometer", "a1": "accelerometer", "t": "accelerometer"}
    return Registry(
        city=City(id="b", name="桥", name_en="B", timezone="Asia/Shanghai", longitude=120.0, latitude=30.0),
        utilities=(Utility(id="gas-co", name="路桥", name_en="Roads"),),
        assets=(asset("span", 3, "bridge-span", Domain.BRIDGE),),
        edges=(),
        device_types=(
            DeviceType(id="accelerometer", name="加速度计", name_en="a", sample_s=0.02, upload_s=BLOCK_S),
        ),
        devices=tuple(
            Device(id=each, type=type_, domain=Domain.BRIDGE, district="east")
            for each, type_ in devices.items()
        ),
        sensors=(*shaking, warmth),
    )


def rule(kind: str = "spectrum", states: int = 1, **parameters: object) -> Rule:
    return Rule(
        name=kind,
        kind=kind,
        hazard="data-loss" if kind == "silence" else "structure",
        title=kind,
        title_en=kind,
        source="test",
        select=Selector(quantity="acceleration"),
        parameters=parameters,
        evidence=(Strength(llr=3.0),) * states,
    )


SPECTRUM = rule(frequencies=[FREQUENCY], tolerance=0.2, sigma=0.005, window="1min", windows=2)
SILENCE = rule("silence")


def rules(*which: Rule) -> RuleSet:
    return RuleSet(rules=which or (SPECTRUM, SILENCE), groups=(Group(name="g"),), matrix=default_matrix())


def shaking(frequency: float, seconds: int, channels: int = 1, seed: int = 1) -> np.ndarray:
    """[channels, samples]: a mode of 1.5 % damping under white noise, and a second at four times its f."""
    rng = np.random.default_rng(seed)
    total = np.zeros((channels, int(seconds * RATE)))
    for order, share in ((1, 1.0), (4, 0.5)):
        total += share * np.outer(np.ones(channels), oscillator(rng, order * frequency, total.shape[1]))
    return total + 0.01 * rng.standard_normal(total.shape)


def oscillator(rng: np.random.Generator, frequency: float, count: int, damping: float = 0.015) -> np.ndarray:
    """An oscillator driven by noise, sampled exactly: x[n] = 2 r cos(w) x[n-1] - r^2 x[n-2] + noise."""
    size = 2 * np.pi * frequency / RATE
    r, turn = np.exp(-damping * size), size * np.sqrt(1 - damping**2)
    a, b = 2 * r * np.cos(turn), -(r**2)
    noise = rng.standard_normal(count + 1000)
    x = [0.0, 0.0]
    for each in noise.tolist():
        x.append(a * x[-1] + b * x[-2] + each)
    found = np.array(x[1002:])
    return found / found.std()


def blocks(samples: np.ndarray, start: int = START, first: int = 1, message: int = 0) -> list[Waveform]:
    """The samples [channels, n] in messages of BLOCK_S, one after the other; channels are sensors on."""
    size = int(RATE * BLOCK_S)
    return [
        Waveform(
            sensor=first + channel,
            start=start + number * BLOCK_S * SECOND,
            rate=RATE,
            samples=samples[channel, number * size : (number + 1) * size].astype(np.float32),
            flag=1,
            message=message + number,
        )
        for number in range(samples.shape[1] // size)
        for channel in range(len(samples))
    ]


def warmth(*said: tuple[float, float]) -> Readings:
    """Readings (second, degrees) of the thermometer."""
    return Readings(
        np.full(len(said), THERMOMETER, np.int32),
        np.array([START + round(second * SECOND) for second, _ in said], np.int64),
        np.array([value for _, value in said]),
        np.ones(len(said), np.int8),
    )


def restarted(engine: Engine) -> Engine:
    """The same engine out of a snapshot."""
    memory = unpack(pack(remember(engine)))
    twin = Engine(engine.registry, engine.rules)
    recall(twin, memory)
    return twin


def told(engine: Engine, waveforms: list[Waveform]) -> Iterator[Transition]:
    yield from engine.step(Readings.empty(), (), engine.waves.features(waveforms)).transitions
