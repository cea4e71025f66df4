"""The town of ``networks/swmm/sewer.inp``, by SWMM or by the plain model: the same pipes in both."""

from dataclasses import replace

import msgspec

from sensors.model import Consequence, Registry
from tests.unit.simulator.village import House, village

IN = {"network": "sewer"}
PEOPLE = Consequence(people=3)
NETWORK_WORDS = {"network", "node", "link", "gage"}


def hole(name: str, diameter: float, catchment: float, length: float = 80) -> House:
    size = {"pipe_diameter_m": diameter, "length_m": length, "slope": 0.004, "depth_m": 3.0}
    water = {"base_flow_m3h": 7.2, "catchment_m2": catchment}
    sensors = {"level": "sewer_level", "flow": "sewer_flow"}
    return House(name, "manhole", sensors, attributes=IN | {"node": name} | size | water)


RAIN = House("RG", "rain-gauge", {"rain": "rain_intensity"}, attributes=IN | {"gage": "RAIN"})
STATION = House(
    "PS",
    "drainage-pump-station",
    {"level": "sewer_level", "flow": "sewer_flow"},
    attributes=IN | {"node": "WELL", "area_m2": 30, "depth_m": 6.0, "capacity_m3h": 360},
)
UNDERPASS = House(
    "UP",
    "underpass",
    {"ponding": "ponding_depth"},
    attributes=IN | {"node": "UP", "area_m2": 500, "catchment_m2": 4000, "drain_m3h": 150},
)
HOUSES = (
    RAIN,
    hole("M1", 0.5, 10_000),
    hole("M2", 0.5, 8000),
    hole("M3", 0.6, 8000),
    hole("M4", 0.8, 10_000),
    hole("M5", 0.8, 8000),
    hole("S1", 0.4, 6000, 70),
    hole("S2", 0.4, 6000, 70),
    hole("L1", 0.4, 8000),
    hole("L2", 0.4, 6000),
    STATION,
    UNDERPASS,
)
FLOWS = ("M1 M2", "M2 M3", "M3 M4", "M4 M5", "S1 S2", "S2 M3", "L1 L2", "L2 PS", "L1 UP")


def plain(house: House) -> House:
    """The same without a network."""
    attributes = {name: value for name, value in house.attributes.items() if name not in NETWORK_WORDS}
    return replace(house, attributes=attributes)


def town(*, by_swmm: bool = True) -> Registry:
    """All of it, every asset read once a minute."""
    edges = [(above, "flows-to", below) for above, below in (flow.split() for flow in FLOWS)]
    return village(*(house if by_swmm else plain(house) for house in HOUSES), edges=edges)


def suburb(city: Registry, *, by_swmm: bool = True) -> Registry:
    """The town as a part of a city, so that the city's rules find all that they look for."""
    part = town(by_swmm=by_swmm)
    return msgspec.structs.replace(
        city,
        utilities=(*city.utilities, *part.utilities),
        assets=(*city.assets, *(msgspec.structs.replace(each, consequence=PEOPLE) for each in part.assets)),
        edges=(*city.edges, *part.edges),
        device_types=(*city.device_types, *(each for each in part.device_types if each.id == "rtu")),
        devices=(*city.devices, *part.devices),
        sensors=(*city.sensors, *part.sensors),
    )
