"""The registry's words as frozen types: utility, asset, edge, device type, device, sensor, city.

A registry is valid by construction only when it came through :mod:`sensors.check`; the types here
say what there is, the checks say whether it hangs together.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Literal

import msgspec

from sensors.consequence_scale import ConsequenceScale, default_scale


class Domain(StrEnum):
    """The city systems that are watched; also the first level of a device's topic."""

    GAS = "gas"
    WATER = "water"
    DRAINAGE = "drainage"
    BRIDGE = "bridge"
    HEATING = "heating"
    TUNNEL = "tunnel"


class Flag(IntEnum):
    """What is known of a reading's quality; the larger number is the worse, and the worst wins.

    The scale is QARTOD's, as ocean observatories use it.
    """

    GOOD = 1
    UNKNOWN = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


Relation = Literal["flows-to", "beside", "above"]


class Utility(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """权属单位: owns assets, is responsible for their risks, receives their alerts."""

    id: str
    name: str
    name_en: str


class Consequence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How bad an event at an asset would be, one score of 1 (slight) to 5 (disastrous) a factor.

    As written at an asset it is the least that counts: :mod:`sensors.consequence` adds what follows from
    the asset's attributes, tags and neighbours.
    """

    people: int = 1
    critical_users: int = 1
    cascade: int = 1
    cost: int = 1
    adjacent_spaces: int = 1

    @property
    def worst(self) -> int:
        """The score that counts: the worst of the factors', never their mean."""
        return max(self.people, self.critical_users, self.cascade, self.cost, self.adjacent_spaces)


class Asset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """设施: a thing that can fail and has an owner and a place."""

    id: str
    name: str
    name_en: str
    kind: str
    domain: Domain
    utility: str
    district: str
    grid: str
    longitude: float
    latitude: float
    consequence: Consequence = Consequence()
    inherent_likelihood: int = 1
    """1-5 over years, from the risk assessment; live evidence is judged apart from it."""
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, float | str] = {}
    """What physics and kinds need to know of it, by name, in the unit the name ends with."""


class Edge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one asset stands to another: what flows on, what lies beside, what lies above."""

    source: str
    relation: Relation
    target: str


class DeviceType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model of device promises, so that its silence can be judged by its own interval."""

    id: str
    name: str
    name_en: str
    sample_s: float
    upload_s: float
    numbered: bool = True
    """Its messages carry ``s`` and ``b``, so that a lost one is known to be missing."""
    buffered: bool = False
    """It keeps what it sent for a while and answers a resend request."""


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """设备, RTU: one MQTT identity; it may speak through a gateway, which is a device too."""

    id: str
    type: str
    domain: Domain
    district: str
    gateway: str | None = None

    @property
    def topic(self) -> str:
        """The topic under which everything of this device is published."""
        return f"lifeline/{self.domain}/{self.district}/{self.id}"


class Sensor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """测点: one quantity of one device at one asset."""

    device: str
    key: str
    """The name that the device's payload gives it."""
    asset: str
    quantity: str
    unit: str
    """The unit the device sends, as a UCUM code; inside, values are in the quantity's own unit."""
    low: float | None = None
    high: float | None = None
    """The instrument's range in the quantity's own unit, where it is narrower than the quantity's."""
    id: int = 0
    """Given by the database at the first load and kept for ever; 0 = not loaded yet."""

    @property
    def name(self) -> str:
        """The sensor's name in rules, alerts and logs."""
        return f"{self.device}/{self.key}"


class City(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The place itself: its name and the time zone that rules its nights, duty hours and reports."""

    id: str
    name: str
    name_en: str
    timezone: str
    longitude: float
    latitude: float


class Registry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that the system knows of the city at one version."""

    city: City
    utilities: tuple[Utility, ...]
    assets: tuple[Asset, ...]
    edges: tuple[Edge, ...]
    device_types: tuple[DeviceType, ...]
    devices: tuple[Device, ...]
    sensors: tuple[Sensor, ...]
    consequence: ConsequenceScale = msgspec.field(default_factory=default_scale)
    """How the assets' consequence factors are scored."""
