"""An account of one change: everything that led to it, in the words of the domain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from rules.risk import Strength


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """What all parts of an account are."""


class Named(_Part, frozen=True, kw_only=True):
    """An id with its names."""

    id: str
    name: str
    name_en: str


class Place(Named, frozen=True, kw_only=True):
    """The asset, as the registry knows it now."""

    kind: str | None = None
    district: str | None = None
    factors: Mapping[str, int] = {}
    """The scores of its consequence factors."""


class Law(_Part, frozen=True, kw_only=True):
    """A rule of the set that judged; parameters at this subject, without those that are as by default."""

    name: str
    kind: str
    title: str
    title_en: str
    source: str
    group: str
    correlation: float
    parameters: Mapping[str, Any]


class Piece(_Part, frozen=True, kw_only=True):
    """One rule's evidence at one subject; weight: what it added to the log-odds."""

    rule: Law
    subject: str
    state: int
    strength: Strength | None
    quality: float | None
    weight: float | None
    value: float | None
    time: datetime
    reason: str


class Grade(_Part, frozen=True, kw_only=True):
    """How the evidence became a level; level None = no evidence left."""

    risk_change_id: int
    time: datetime
    level: int | None
    previous: int | None
    prior: float
    probability: float
    likelihood: int
    consequence: int
    by_hazard: bool
    """The consequence is the hazard's own, and not the asset's worst factor."""
    matrix: str
    matrix_source: str


class Transition(_Part, frozen=True, kw_only=True):
    """The change of evidence that made it."""

    transition_id: str
    rule: str
    subject: str
    time: datetime
    previous: int
    state: int
    value: float | None
    reason: str
    retrospective: bool


class Window(_Part, frozen=True, kw_only=True):
    """What a sensor said around the moment; late readings never reached the rules live."""

    sensor: str
    quantity: str
    unit: str
    thresholds: tuple[float, ...]
    times: tuple[datetime, ...]
    values: tuple[float | None, ...]
    flags: tuple[int, ...]
    late: tuple[bool, ...]


class Account(_Part, frozen=True, kw_only=True):
    """Everything that led to one change."""

    asked: str
    """What the id is of: alert, risk change or transition."""
    id: str
    asset: Place
    hazard: Named
    rules_version: str
    cause: Transition | None
    grade: Grade | None
    """None where a transition changed no level."""
    evidence: tuple[Piece, ...]
    windows: tuple[Window, ...]

    @property
    def moment(self) -> datetime:
        """When it happened."""
        if self.grade is not None:
            return self.grade.time
        assert self.cause is not None
        return self.cause.time
