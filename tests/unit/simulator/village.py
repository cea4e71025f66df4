"""A village for the simulator's tests: whatever assets a test names, each with a device of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sensors.model import (
    Asset,
    City,
    Device,
    DeviceType,
    Domain,
    Edge,
    Registry,
    Relation,
    Sensor,
    Utility,
)
from sensors.quantities import QUANTITIES
from sensors.readings import MINUTE
from simulator.messages import Message
from simulator.places import METRES_PER_DEGREE
from simulator.scenario import QUIET, Scenario
from simulator.simulation import Simulation

START = 1_763_683_200_000_000
"""2025-11-21T00:00:00Z, eight in the morning in the village."""

DOMAINS = {
    "valve-chamber": Domain.GAS,
    "regulator-station": Domain.GAS,
    "dma": Domain.WATER,
    "junction": Domain.WATER,
    "main": Domain.WATER,
    "quality-station": Domain.WATER,
    "bridge-span": Domain.BRIDGE,
    "bridge-pier": Domain.BRIDGE,
    "bridge-cable": Domain.BRIDGE,
    "heat-chamber": Domain.HEATING,
    "tunnel-compartment": Domain.TUNNEL,
}


@dataclass(frozen=True)
class House:
    """An asset with the sensors of its device; north of the village's middle by so many metres."""

    id: str
    kind: str
    sensors: Mapping[str, str]
    north: float = 0.0
    attributes: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def domain(self) -> Domain:
        return DOMAINS.get(self.kind, Domain.DRAINAGE)


def village(
    *houses: House,
    edges: Sequence[tuple[str, Relation, str]] = (),
    sample_s: float = 60.0,
    upload_s: float = 60.0,
    numbered: bool = True,
    buffered: bool = True,
    gateway: str | None = None,
) -> Registry:
    """Device ``d-<asset>`` for each house, all of one type; behind a gateway if one is named."""
    gateways = [Device(id=gateway, type="gateway", domain=Domain.GAS, district="east")] if gateway else []
    return Registry(
        city=City(id="v", name="村", name_en="V", timezone="Asia/Shanghai", longitude=120.0, latitude=30.0),
        utilities=(Utility(id="all", name="全", name_en="All"),),
        assets=tuple(_asset(house) for house in houses),
        edges=tuple(
            Edge(source=source, relation=relation, target=target) for source, relation, target in edges
        ),
        device_types=(
            DeviceType(
                id="rtu",
                name="终端",
                name_en="RTU",
                sample_s=sample_s,
                upload_s=upload_s,
                numbered=numbered,
                buffered=buffered,
            ),
            DeviceType(id="gateway", name="网关", name_en="gateway", sample_s=60, upload_s=60),
        ),
        devices=(
            *gateways,
            *(
                Device(id=f"d-{house.id}", type="rtu", domain=house.domain, district="east", gateway=gateway)
                for house in houses
                if house.sensors
            ),
        ),
        sensors=tuple(
            Sensor(
                device=f"d-{house.id}",
                key=key,
                asset=house.id,
                quantity=quantity,
                unit=QUANTITIES[quantity].unit,
            )
            for house in houses
            for key, quantity in house.sensors.items()
        ),
    )


def _asset(house: House) -> Asset:
    return Asset(
        id=house.id,
        name=house.id,
        name_en=house.id,
        kind=house.kind,
        domain=house.domain,
        utility="all",
        district="east",
        grid="e1",
        longitude=120.0,
        latitude=30.0 + house.north / METRES_PER_DEGREE,
        attributes=house.attributes,
    )


def sent(registry: Registry, minutes: float, scenario: Scenario = QUIET, *, seed: int = 0) -> list[Message]:
    """All that the village sends in its first minutes."""
    simulation = Simulation(registry, scenario, start=START, seed=seed)
    return [*simulation.messages_until(START + round(minutes * MINUTE))]


def telemetry(messages: Sequence[Message]) -> Iterator[Message]:
    return (message for message in messages if message.kind == "telemetry")


def series(messages: Sequence[Message], sensor: str) -> tuple[np.ndarray, np.ndarray]:
    """Minutes since the start and values of a sensor."""
    times, values = [], []
    for message in telemetry(messages):
        if sensor in message.names:
            times.append(message.times)
            values.append(message.values[message.names.index(sensor)])
    return (np.concatenate(times) - START) / MINUTE, np.concatenate(values)
