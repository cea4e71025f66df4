"""A day of incidents drawn at random, with the truth about each. Pure.

Each hazard has an event in each eight hours, every one at another asset and of a size between hardly to be
seen and plain. Beside them goes on what must not be taken for them: chambers are aired, hydrants opened, the
pumps of zones trip, it rains, sensors spike and hang, gateways drop out.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from sensors.model import Registry
from sensors.readings import HOUR, MINUTE
from simulator.incidents import AssetIncident, Incident, Span
from simulator.scenario import KINDS, Scenario

HOURS = 24
PART = 8 * HOUR
"""Each hazard has one event in every such part of the day."""

NAME = "a day of gas leaks, bursts, contaminations and heat leaks, and of what resembles them"


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of incident: at which kind of asset, how long (min), how large (even in the logarithm)."""

    kind: str
    at: str
    minutes: tuple[float, float]
    sizes: Mapping[str, tuple[float, float]] = field(default_factory=dict)


EVENTS: Mapping[str, tuple[Sort, ...]] = {
    "gas-leak": tuple(
        Sort("gas-leak", at, (40, 150), {"leak_m3h": (0.05, 1.0)})
        for at in ("valve-chamber", "manhole", "tunnel-compartment")
    ),
    "burst": tuple(Sort("burst", at, (30, 120), {"hole_mm": (25, 150)}) for at in ("main", "junction")),
    "water-quality": (
        Sort(
            "contamination",
            "quality-station",
            (20, 90),
            {"chlorine_left": (0.05, 0.6), "turbidity_ntu": (0.5, 6)},
        ),
    ),
    "heat-leak": (
        Sort(
            "heat-leak", "heat-chamber", (20, 90), {"pressure_drop_mpa": (0.04, 0.4), "cooling_c": (1.5, 15)}
        ),
    ),
}
"""By hazard; those of one hazard take turns."""

CONTROLS = (
    Sort("chamber-aired", "valve-chamber", (20, 40)),
    Sort("hydrant-draw", "dma", (10, 30), {"draw_m3h": (15, 80)}),
    Sort("pump-trip", "dma", (5, 20), {"pressure_left": (0.5, 0.9)}),
    Sort("storm", "rain-gauge", (40, 120), {"depth_mm": (8, 60)}),
    Sort("spike", "sensor", (1, 2)),
    Sort("stuck", "sensor", (60, 240)),
    Sort("outage", "device", (3, 20)),
)
"""Each happens ``EACH`` times a day."""

EACH = 3

_SPIKE = 0.3
"""Of every quantity's own unit."""


@dataclass(frozen=True, slots=True)
class Event:
    """It was so at an asset, from when until when, in us after the day's start."""

    asset: str
    hazard: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Day:
    """What happens, and what of it is an event of which hazard where."""

    scenario: Scenario
    events: tuple[Event, ...]


def day(registry: Registry, seed: int) -> Day:
    """The day of a seed in a city; what has no place there is left out."""
    return _Draw(registry, seed).day()


class _Draw:
    """Draws from one random stream."""

    def __init__(self, registry: Registry, seed: int) -> None:
        self._rng, self._seed = np.random.default_rng([2025, seed]), seed
        self._at: dict[str, list[str]] = defaultdict(list)
        watched = {sensor.asset for sensor in registry.sensors}
        for asset in registry.assets:
            if asset.id in watched:
                self._at[asset.kind].append(asset.id)
        self._at["sensor"] = [sensor.name for sensor in registry.sensors]
        self._at["device"] = [device.id for device in registry.devices]
        self._kind = {asset.id: asset.kind for asset in registry.assets}
        self._into: dict[str, list[str]] = defaultdict(list)
        self._beside: dict[str, list[str]] = defaultdict(list)
        for edge in registry.edges:
            if edge.relation == "flows-to":
                self._into[edge.target].append(edge.source)
            elif edge.relation == "beside":
                self._beside[edge.target].append(edge.source)
                self._beside[edge.source].append(edge.target)

    def day(self) -> Day:
        incidents: list[Incident] = []
        events: list[Event] = []
        for hazard, sorts in EVENTS.items():
            for number, start in enumerate(range(0, HOURS * HOUR, PART)):
                for incident in self._one(sorts[(number + self._seed) % len(sorts)], start + HOUR, HOUR):
                    incidents.append(incident)
                    events += self._events(incident, hazard)
        for sort in CONTROLS:
            for _ in range(EACH):
                incidents += self._one(sort, HOUR, (HOURS - 6) * HOUR)
        return Day(
            Scenario(name=NAME, duration=Span(HOURS * HOUR), incidents=tuple(incidents)), tuple(events)
        )

    def _one(self, sort: Sort, earliest: int, within: int) -> Iterator[Incident]:
        """An incident that starts within so long after a time, if there is a place for it."""
        if not (places := self._at[sort.at]):
            return
        sizes = {name: float(np.exp(self._rng.uniform(*np.log(ends)))) for name, ends in sort.sizes.items()}
        if sort.kind == "spike":
            sizes["height"] = _SPIKE
        place = {"sensor": "sensor", "device": "device"}.get(sort.at, "asset")
        yield msgspec.convert(
            {
                "kind": sort.kind,
                place: places[int(self._rng.integers(len(places)))],
                "start": earliest + int(self._rng.uniform(0, within)),
                "duration": int(self._rng.uniform(*sort.minutes) * MINUTE),
                **sizes,
            },
            KINDS[sort.kind],
            dec_hook=lambda kind, value: kind(value),
        )

    def _events(self, incident: Incident, hazard: str) -> Iterator[Event]:
        """It is an event where it happens, and where it comes from."""
        assert isinstance(incident, AssetIncident)
        for place in {incident.asset, *self._sources(incident.asset, hazard)}:
            yield Event(place, hazard, incident.start, incident.end)

    def _sources(self, asset: str, hazard: str) -> Iterator[str]:
        """A burst shows in the zone that feeds the pipe; gas in a manhole comes from a chamber beside it."""
        if hazard == "burst":
            yield from self._zones(asset)
        elif hazard == "gas-leak" and self._kind[asset] == "manhole":
            yield from (other for other in self._beside[asset] if self._kind[other] == "valve-chamber")

    def _zones(self, asset: str) -> Iterator[str]:
        for source in self._into[asset]:
            if self._kind[source] == "dma":
                yield source
            yield from self._zones(source)
