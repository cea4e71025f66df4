"""A city that lives: all domains' physics, the instruments and the devices, stepping together."""

from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sensors.model import Registry
from sensors.readings import MINUTE, SECOND
from simulator.bridge import Bridge
from simulator.devices import Fleet
from simulator.drainage import Drainage
from simulator.drains import Drains
from simulator.gas import Gas
from simulator.heating import Heating
from simulator.incidents import Expectation, Incident
from simulator.instruments import Instruments
from simulator.messages import Message
from simulator.physics import Physics
from simulator.piped import Piped
from simulator.pipes import Pipes, refuse
from simulator.places import Places
from simulator.quality import Quality
from simulator.scenario import QUIET, Scenario, Timeline
from simulator.senses import Senses
from simulator.sewer_air import SewerAir
from simulator.soil import Soil
from simulator.surroundings import Moment, Surroundings
from simulator.tunnel import Tunnel
from simulator.water import Water

SHORTEST_STEP_S, LONGEST_STEP_S = 1, 60


class Simulation:
    """A city from ``start`` (microseconds since 1970 UTC) on.

    The same registry, scenario, seed and start give the same messages, byte for byte, in however many
    pieces they are taken. Each domain steps as often as its sensors are sampled, at least once a minute
    and at most once a second; a sensor shows the state at the start of the step in which it is read.

    start: where it began. unsimulated: the names of sensors that no physics knows; they send nothing.
    """

    def __init__(self, registry: Registry, scenario: Scenario = QUIET, *, start: int, seed: int = 0) -> None:
        weather, noise, *streams = (
            np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(10)
        )
        self.start = self._time = start
        self._timeline = Timeline(scenario, start)
        self._surroundings = Surroundings(registry.city.timezone, self._timeline, weather)
        places = Places(registry)
        refuse(places, scenario.incidents)
        now = self._surroundings.moment(start, 0.0)
        self._physics = _physics(places, now, streams, scenario.incidents)
        self._senses = Senses(registry, places, self._physics)
        self.unsimulated = self._senses.unknown
        for number in range(len(self._physics)):
            self._senses.refresh(number)
        self._steps_s = _steps_s(registry, self._senses.sampled)
        self._tick_s = min(self._steps_s)
        self._instruments = Instruments(registry, noise)
        sampled = sorted(row for rows in self._senses.sampled for row in rows)
        blocks = {row: partial(self._block, row) for row in self._senses.waving}
        self._fleet = Fleet(registry, sampled, blocks, start, boot=start // MINUTE)
        self._pending = deque(self._fleet.births(start))

    def messages_until(self, time: int) -> Iterator[Message]:
        """Everything that is sent before ``time`` and was not given out yet, in the order of sending."""
        while True:
            while self._pending and self._pending[0].time < time:
                yield self._pending.popleft()
            if self._time >= time:
                return
            self._step()

    def resend(self, topic: str, payload: bytes) -> list[Message]:
        """What the device answers to a request on its ``resend`` topic: the same messages again."""
        return self._fleet.resend(topic, payload)

    def truth(self, until: int) -> tuple[Expectation, ...]:
        """The alerts that must be raised by incidents starting before a time."""
        return self._timeline.truth(until)

    def _step(self) -> None:
        moment = self._surroundings.moment(self._time, self._tick_s)
        self._instruments.watch(self._senses.truth)
        self._pending.extend(self._fleet.collect(moment, lambda rows: self._instruments.read(rows, moment)))
        self._surroundings.step(self._tick_s)
        self._time += self._tick_s * SECOND
        for number, (physics, step_s) in enumerate(zip(self._physics, self._steps_s, strict=True)):
            if (self._time - self.start) % (step_s * SECOND) == 0:
                physics.step(self._surroundings.moment(self._time - step_s * SECOND, step_s))
                self._senses.refresh(number)

    def _block(self, row: int, start: int, rate: float, samples: int) -> NDArray[np.float32]:
        return self._instruments.sent(row, self._senses.waving[row](start, rate, samples))


def _physics(
    places: Places, now: Moment, streams: Sequence[np.random.Generator], incidents: Sequence[Incident]
) -> tuple[Physics, ...]:
    """All domains, each with a random stream of its own, so that none changes what another draws."""
    gas, water, quality, drainage, sewer_air, bridge, heating, tunnel = streams
    soil, pipes = Soil(places), Pipes(places, now, water.spawn(1)[0])
    drains = Drains(places, now, drainage.spawn(1)[0], incidents)
    return (
        soil,
        Gas(places, now, soil, gas),
        Piped(places, pipes, Water(places, now, water), drives=True),
        Piped(places, pipes, Quality(places, now, quality)),
        Piped(places, drains, Drainage(places, now, drainage), drives=True),
        SewerAir(places, soil, sewer_air),
        Bridge(places, now, bridge),
        Heating(places, now, heating),
        Tunnel(places, soil, tunnel),
    )


def _steps_s(registry: Registry, sampled: Sequence[Sequence[int]]) -> list[int]:
    """How often each physics steps, in multiples of the shortest of them."""
    types = {kind.id: kind for kind in registry.device_types}
    sample_s = {device.id: types[device.type].sample_s for device in registry.devices}
    shortest = [
        min((sample_s[registry.sensors[row].device] for row in rows), default=LONGEST_STEP_S)
        for rows in sampled
    ]
    steps = [int(min(max(step, SHORTEST_STEP_S), LONGEST_STEP_S)) for step in shortest]
    return [step - step % min(steps) for step in steps]
