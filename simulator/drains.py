"""Drainage by a network of sewers, where a city asks for it: in place of the plain model, asset by asset."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sensors.errors import ConfigurationError
from sensors.model import Asset
from simulator.drainage import DRY_WEATHER, UNREST, UNREST_S, Backflow, Blockage, PumpFailure
from simulator.hydraulics import gap_loss
from simulator.incidents import Incident
from simulator.network_files import find
from simulator.physics import Signal
from simulator.places import Group, Places
from simulator.rain import rainfall
from simulator.rhythm import Wander, approach
from simulator.surroundings import Moment
from simulator.swmm import Course, Network

KINDS = ("manhole", "drainage-pump-station", "underpass")

RISING_S = 1200.0
"""Time constant with which the water outside an outfall rises and falls."""


class Place(NamedTuple):
    """Where an asset is in a network, as its attributes ``network``, ``node``, ``link`` say.

    link: of a manhole the conduit that leaves it, of a station its pump; nothing of an underpass.
    """

    network: str
    node: str
    link: str | None


class Drains:
    """The network of a city's sewers, and what is to be seen of it at assets.

    Dry weather is the network's own means times the plain model's day and unrest, rain is what falls on the
    rain gauges that name a ``gage`` of it. Levels and ponding are those at the asset's ``node``, flows those
    in its ``link``.

    Raises:
        UnavailableError: an asset names a network, and the extra ``hydraulics`` is not installed.
        ConfigurationError: the city names several networks, or one that there is not, or something that is
            not in it; a gage of it has no rain; a backflow is to happen where nothing flows out.
    """

    def __init__(
        self, places: Places, moment: Moment, rng: np.random.Generator, incidents: Iterable[Incident] = ()
    ) -> None:
        self._network = _network(places)
        self._place = {} if self._network is None else dict(_placed(places, self._network))
        self._outfalls = {each.asset: self._outfall(each) for each in incidents if isinstance(each, Backflow)}
        self._outside = dict.fromkeys(self._outfalls.values(), 0.0)
        self._gauges = places.of("rain-gauge")
        self._gauge_of = _gauges(self._gauges)
        self._places = places
        if self._network is not None:
            _all_have_rain(self._network, self._gauge_of)
            self._unrest = Wander(rng, len(self._network.dry), UNREST, UNREST_S)
            self._network.start(self._dry(self._network, moment))

    @property
    def seen(self) -> Mapping[Signal, Callable[[str], float]]:
        """What it knows, as a function of the asset.

        Made when asked for: held, it would hold this, and SWMM with it until the next collection of garbage.
        """
        return {
            ("manhole", "level"): self._level,
            ("manhole", "flow"): self._flow,
            ("drainage-pump-station", "level"): self._level,
            ("drainage-pump-station", "flow"): self._flow,
            ("underpass", "ponding"): lambda asset: 100 * self._level(asset),
        }

    def has(self, asset: str, signal: Signal) -> bool:
        """Whether a network says what a signal is at an asset."""
        return asset in self._place and signal in self.seen

    def step(self, moment: Moment) -> None:
        """Go on to the end of the moment."""
        if self._network is None:
            return
        self._unrest.step(moment.seconds)
        self._network.step(
            round(moment.seconds),
            Course(
                dry=self._dry(self._network, moment),
                rain=self._rain(moment),
                losses={
                    str(self._place[each.asset].link): gap_loss(1 - each.blocked)
                    for each, _ in moment.of(Blockage)
                    if each.asset in self._place
                },
                standing=frozenset(
                    str(self._place[each.asset].link)
                    for each, _ in moment.of(PumpFailure)
                    if each.asset in self._place
                ),
                outside=self._rise(moment),
            ),
        )

    def _dry(self, network: Network, moment: Moment) -> dict[str, float]:
        factors = DRY_WEATHER.at(moment.hour) * np.maximum(0.0, 1 + self._unrest.value)
        return dict(zip(network.dry, factors.tolist(), strict=True))

    def _rain(self, moment: Moment) -> dict[str, float]:
        rain = rainfall(self._places, self._gauges, moment)
        return {gage: float(rain[at]) for gage, at in self._gauge_of.items()}

    def _rise(self, moment: Moment) -> dict[str, float]:
        target = {self._outfalls[each.asset]: each.stage_m for each, _ in moment.of(Backflow)}
        for outfall, height in self._outside.items():
            self._outside[outfall] = float(
                approach(np.array(height), target.get(outfall, 0.0), moment.seconds, RISING_S)
            )
        return self._outside

    def _outfall(self, backflow: Backflow) -> str:
        place = self._place.get(backflow.asset)
        if self._network is None or place is None:
            raise ConfigurationError(
                f"backflow at {backflow.asset}: expected a manhole with attributes network and node, "
                "for without a network nothing flows back"
            )
        outfall = self._network.far_end(str(place.link))
        if not self._network.is_outfall(outfall):
            raise ConfigurationError(
                f"backflow at {backflow.asset}: expected a manhole whose pipe leads to an outfall, "
                f"but {place.link} leads to {outfall}"
            )
        return outfall

    def _level(self, asset: str) -> float:
        assert self._network is not None
        return self._network.level(self._place[asset].node)

    def _flow(self, asset: str) -> float:
        assert self._network is not None
        return self._network.flow(str(self._place[asset].link))


def _network(places: Places) -> Network | None:
    names = sorted(
        {
            str(asset.attributes["network"])
            for kind in (*KINDS, "rain-gauge")
            for asset in places.of(kind).assets
            if "network" in asset.attributes
        }
    )
    if len(names) > 1:
        raise ConfigurationError(
            f"the city's drainage names the networks {', '.join(names)}: expected one, "
            "for SWMM computes one sewer network a process"
        )
    return Network(find(names[0], "SWMM")) if names else None


def _placed(places: Places, network: Network) -> Iterable[tuple[str, Place]]:
    for kind in KINDS:
        for asset in places.of(kind).assets:
            if "network" in asset.attributes:
                yield asset.id, _place(asset, network)


def _place(asset: Asset, network: Network) -> Place:
    name, node = str(asset.attributes["network"]), asset.attributes.get("node")
    if node is None:
        raise ConfigurationError(f"asset {asset.id}: expected attribute node beside network")
    if not network.knows_node(str(node)):
        raise ConfigurationError(f"asset {asset.id}: network {name} has no node {node}")
    if asset.kind == "underpass":
        return Place(name, str(node), None)
    leaving = network.leaving(str(node), "conduit" if asset.kind == "manhole" else "pump")
    said = asset.attributes.get("link")
    if said is None and len(leaving) == 1:
        return Place(name, str(node), leaving[0])
    if said not in leaving:
        raise ConfigurationError(
            f"asset {asset.id}: expected attribute link, what leaves node {node} of network {name}: "
            f"one of {', '.join(leaving) or 'nothing'}"
        )
    return Place(name, str(node), str(said))


def _gauges(group: Group) -> dict[str, int]:
    """Which rain gauge has the rain of each gage: the first that names it, for a repeated city has copies."""
    found: dict[str, int] = {}
    for at, asset in enumerate(group.assets):
        if "network" in asset.attributes and "gage" in asset.attributes:
            found.setdefault(str(asset.attributes["gage"]), at)
    return found


def _all_have_rain(network: Network, said: Mapping[str, int]) -> None:
    if missing := sorted(network.gages - set(said)):
        raise ConfigurationError(
            f"rain gages {', '.join(missing)} of the city's sewer network: "
            "expected a rain-gauge with attributes network and gage for each"
        )
    if unknown := sorted(set(said) - network.gages):
        raise ConfigurationError(f"the city's sewer network has no rain gage {', '.join(unknown)}")
