"""Rules as their files write them, and what the engine says: transitions and changes of risk."""

import hashlib
from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

import msgspec

from rules.risk import Evidence, Group, Matrix, Strength
from sensors.model import Asset, Device, Sensor

Names = str | tuple[str, ...]


class Selector(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which sensors a rule is bound to: all that match every field given; a field may list several names."""

    quantity: Names | None = None
    domain: Names | None = None
    asset_kind: Names | None = None
    asset: Names | None = None
    tag: Names | None = None
    district: Names | None = None
    device_type: Names | None = None
    device: Names | None = None
    key: Names | None = None

    def matches(self, sensor: Sensor, device: Device, asset: Asset) -> bool:
        """Whether the rule speaks of this sensor."""
        return (
            _in(self.quantity, sensor.quantity)
            and _in(self.domain, asset.domain)
            and _in(self.asset_kind, asset.kind)
            and _in(self.asset, asset.id)
            and _in(self.tag, *asset.tags)
            and _in(self.district, asset.district)
            and _in(self.device_type, device.type)
            and _in(self.device, device.id)
            and _in(self.key, sensor.key)
        )


def _in(wanted: Names | None, *have: str) -> bool:
    if wanted is None:
        return True
    return any(name in ((wanted,) if isinstance(wanted, str) else wanted) for name in have)


Side = Literal["asset", "downstream", "upstream", "beside", "above", "below", "district", "city"]


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Further sensors that a rule looks at: those it selects at, or beside, the asset of its subject."""

    at: Side = "asset"
    """Where, seen from the subject's asset; district and city are all that is there."""
    select: Selector = Selector()
    nearest: int | None = None
    """Only so many of them, those nearest as the crow flies; all of one asset count as one place."""


Edgewise = Literal["downstream", "upstream", "beside", "above", "below"]


class Neighbour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Assets on one side of the asset that was measured at."""

    side: Edgewise
    """Where they are, seen from there."""
    asset_kind: Names | None = None
    domain: Names | None = None

    def matches(self, asset: Asset) -> bool:
        """Whether this is one of them, being on that side."""
        return _in(self.asset_kind, asset.kind) and _in(self.domain, asset.domain)


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other parameters for some of a rule's subjects; the last that matches wins, key by key."""

    select: Selector
    parameters: Mapping[str, Any]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A detector kind with parameters, bound to subjects, naming the hazard it speaks of."""

    name: str
    kind: str
    hazard: str
    title: str
    title_en: str
    source: str
    """Where the thresholds come from."""
    select: Selector = Selector()
    at: Neighbour | None = None
    """At which neighbours the evidence counts, each by itself; None = where it was measured."""
    inputs: Mapping[str, Input] = {}
    """For kinds over several sensors: the others, by the role that the kind or its formula gives them."""
    unit: str | None = None
    """The unit of the quantity that is selected, for whoever reads the thresholds; it must be that."""
    group: str = ""
    """Evidence of like physics is fused within its group; empty = the rule is a group of its own."""
    parameters: Mapping[str, Any] = {}
    evidence: tuple[Strength, ...]
    """What each state says, mildest first."""
    override: tuple[Override, ...] = ()


class Learned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule's kind learned of one subject from a stretch of its history."""

    rule: str
    subject: str
    source: str
    """Which history, from when until when."""
    values: tuple[float, ...]


class RuleSet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All rules that hold at one time, with the matrix that grades them."""

    rules: tuple[Rule, ...]
    groups: tuple[Group, ...]
    matrix: Matrix
    learned: tuple[Learned, ...] = ()

    def encode(self) -> bytes:
        """The canonical content, which the version is made from."""
        return msgspec.json.encode(self, order="deterministic")

    @classmethod
    def decode(cls, content: bytes) -> "RuleSet":
        """The rule set that ``encode`` wrote."""
        return msgspec.json.decode(content, type=cls)

    @property
    def version(self) -> str:
        """A short hash of the content."""
        return hashlib.blake2b(self.encode(), digest_size=8).hexdigest()


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """报警: the evidence of one rule at one subject changed at an event time (us since 1970 UTC)."""

    rule: str
    subject: str
    asset: str
    hazard: str
    time: int
    state: int
    previous: int
    sensor: int | None
    value: float | None
    reason: str

    @property
    def id(self) -> UUID:
        """Made from what it says, so that saying it again changes nothing."""
        text = f"{self.rule}\n{self.subject}\n{self.time}\n{self.state}"
        return UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest())


class Figure(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What a rule measured at one subject at an event time (us since 1970 UTC), in its kind's unit."""

    time: int
    rule: str
    subject: str
    kind: str
    asset: str
    sensor: int | None
    value: float


class RiskChange(msgspec.Struct, frozen=True, kw_only=True):
    """The risk level of one (asset, hazard) changed at an event time; level None = no live evidence left."""

    asset: str
    hazard: str
    time: int
    level: int | None
    previous: int | None
    likelihood: int
    consequence: int
    probability: float
    evidence: tuple[Evidence, ...]
    weights: tuple[float, ...]
    """Beside ``evidence``: what each piece added to the log-odds; 0 where it set the likelihood outright."""
    cause: UUID | None
    """The transition that made it; None where quiet time ran out."""
