"""Water by networks of pipes, where a city asks for them: in place of the plain model, asset by asset."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sensors.errors import ConfigurationError
from sensors.model import Asset
from simulator.epanet import Network
from simulator.holiday import water_factor
from simulator.hydraulics import HOUR_S, METRES_PER_MPA
from simulator.incidents import Incident
from simulator.network_files import find
from simulator.physics import Signal
from simulator.places import Places
from simulator.quality import Contamination
from simulator.rhythm import Wander
from simulator.surroundings import Moment
from simulator.water import DEMAND, HydrantDraw, PumpTrip, ValveClosed, holes

KINDS = ("dma", "junction", "main", "quality-station")


class Place(NamedTuple):
    """Where an asset is in a network, as its attributes ``network``, ``node``, ``link``, ``pump_link`` say.

    pump_link: of a zone, the link that its pump delivers into; while the pump stands, nothing passes it.
    """

    network: str
    node: str | None
    link: str | None
    pump_link: str | None


class Pipes:
    """The networks of a city, stepping together, and what is to be seen of them at assets.

    All demands follow the city's day. Pressure and chlorine are those at the asset's ``node``, of a main
    without one those where its ``link`` leads; a zone's flow is that in its ``link``.

    Raises:
        UnavailableError: an asset names a network, and the extra ``hydraulics`` is not installed.
        ConfigurationError: there is no such network, or nothing of that name in it.
    """

    def __init__(self, places: Places, moment: Moment, rng: np.random.Generator) -> None:
        self._places = _located(places)
        names = sorted({place.network for place in self._places.values()})
        self._networks = {name: Network(find(name, "EPANET")) for name in names}
        self._foreign = {name: Network(find(name, "EPANET"), tracer=True) for name in names}
        self._chlorine_left = dict.fromkeys(names, 1.0)
        self._nodes = {asset: self._node(asset, place) for asset, place in self._places.items()}
        self._unrest = Wander(rng, 1, 0.02, 900.0)
        for network in (*self._networks.values(), *self._foreign.values()):
            network.start(self._factor(moment))
        self.seen: Mapping[Signal, Callable[[str], float]] = {
            **{(kind, "pressure"): self._pressure for kind in ("dma", "junction", "main")},
            ("dma", "flow"): self._flow,
            ("quality-station", "chlorine"): self._chlorine,
        }

    def has(self, asset: str, signal: Signal) -> bool:
        """Whether a network says what a signal is at an asset."""
        place = self._places.get(asset)
        return place is not None and signal in self.seen and (signal != ("dma", "flow") or bool(place.link))

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        if not self._networks:
            return
        self._unrest.step(moment.seconds)
        factor, holed = self._factor(moment), self._by_node(holes(moment))
        drawn = self._by_node((draw.asset, draw.draw_m3h) for draw, _ in moment.of(HydrantDraw))
        closed = self._closed(moment)
        foreign = {
            (self._places[each.asset].network, self._nodes[each.asset]): each.chlorine_left
            for each, _ in moment.of(Contamination)
            if each.asset in self._places
        }
        for name, network in self._networks.items():
            entries = {node: left for (where, node), left in foreign.items() if where == name}
            self._chlorine_left[name] = min(entries.values(), default=self._chlorine_left[name])
            for each in (network, self._foreign[name]):
                each.step(
                    round(moment.seconds),
                    factor,
                    drawn[name],
                    holed[name],
                    closed[name],
                    frozenset(entries) if each is not network else frozenset(),
                )

    def _closed(self, moment: Moment) -> dict[str, frozenset[str]]:
        links: dict[str, set[str]] = defaultdict(set)
        for valve, _ in moment.of(ValveClosed):
            place = self._places[valve.asset]
            links[place.network].add(str(place.link))
        for trip, _ in moment.of(PumpTrip):
            tripped = self._places.get(trip.asset)
            if tripped and tripped.pump_link:
                links[tripped.network].add(tripped.pump_link)
        return defaultdict(frozenset, {name: frozenset(shut) for name, shut in links.items()})

    def _by_node(self, amounts: Iterable[tuple[str, float]]) -> dict[str, dict[str, float]]:
        """What happens at assets, by network and node, summed."""
        found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for asset, amount in amounts:
            if asset in self._places:
                found[self._places[asset].network][self._nodes[asset]] += amount
        return found

    def _factor(self, moment: Moment) -> float:
        day = DEMAND.at(moment.hour + moment.seconds / HOUR_S) * water_factor(moment)
        return day * max(0.0, 1 + float(self._unrest.value[0]))

    def _node(self, asset: str, place: Place) -> str:
        network = self._networks[place.network]
        for link in (place.link, place.pump_link):
            if link is not None and not network.knows_link(link):
                raise ConfigurationError(f"asset {asset}: network {place.network} has no link {link}")
        node = place.node or (network.far_end(place.link) if place.link else None)
        if node is None:
            raise ConfigurationError(f"asset {asset}: expected attribute node or link beside network")
        if not network.knows_node(node):
            raise ConfigurationError(f"asset {asset}: network {place.network} has no node {node}")
        return node

    def _pressure(self, asset: str) -> float:
        network = self._networks[self._places[asset].network]
        return max(0.0, network.pressure(self._nodes[asset]) / METRES_PER_MPA)

    def _flow(self, asset: str) -> float:
        place = self._places[asset]
        return self._networks[place.network].flow(str(place.link))

    def _chlorine(self, asset: str) -> float:
        """Foreign water brings none, and uses up what it meets."""
        name, node = self._places[asset].network, self._nodes[asset]
        used = (1 - self._chlorine_left[name]) * min(1.0, self._foreign[name].quality(node))
        return self._networks[name].quality(node) * (1 - used)


def refuse(places: Places, incidents: Iterable[Incident]) -> None:
    """Say so where something is to happen that only a network knows.

    Raises:
        ConfigurationError: a valve is to be shut on a main that is not a link of a network.
    """
    located = _located(places)
    for valve in incidents:
        if isinstance(valve, ValveClosed) and not (valve.asset in located and located[valve.asset].link):
            raise ConfigurationError(
                f"valve-closed at {valve.asset}: expected a main with attributes network and link, "
                "for without a network nothing is behind a valve"
            )


def _located(places: Places) -> dict[str, Place]:
    assets = (asset for kind in KINDS for asset in places.of(kind).assets)
    return {asset.id: _place(asset) for asset in assets if "network" in asset.attributes}


def _place(asset: Asset) -> Place:
    said = (asset.attributes.get(name) for name in ("node", "link", "pump_link"))
    node, link, pump_link = (None if name is None else str(name) for name in said)
    return Place(str(asset.attributes["network"]), node, link, pump_link)
