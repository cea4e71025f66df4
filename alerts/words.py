"""The words in which the API and the messages speak of a case, in Chinese and English. Pure."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from alerts.lifecycle import Gathering
from rules.hazards import hazards
from rules.levels import RiskLevel

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def rfc3339(time: datetime) -> str:
    """A time as it is written outside: UTC with microseconds, such as ``2026-01-02T03:04:05.000006Z``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Time = Annotated[
    datetime,
    PlainSerializer(rfc3339, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Word(BaseModel):
    """A frozen part of what is said."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Level(Word):
    """One of the four risk levels; 1 is the worst."""

    value: int = Field(ge=1, le=4)
    name: str
    name_en: str
    colour: str

    @classmethod
    def of(cls, value: int) -> Self:
        """The level of that number."""
        level = RiskLevel(value)
        return cls(value=value, name=level.chinese, name_en=level.english, colour=level.colour)


class Named(Word):
    """An id with its names."""

    id: str
    name: str
    name_en: str


class Asset(Named):
    """设施: what can fail, and where it is; of one that the registry does not know, only the id is known."""

    kind: str | None
    domain: str | None
    district: str | None
    longitude: float | None
    latitude: float | None


class Evidence(Word):
    """What one rule says of one subject."""

    rule: str
    subject: str
    value: float | None
    reason: str
    time: Time


def hazard(name: str) -> Named:
    """A hazard with its names; one that the catalogue does not know is named by its id."""
    known = hazards().get(name)
    return Named(id=name, name=known.name if known else name, name_en=known.name_en if known else name)


def cause(of: str, gathering: Gathering) -> Named:
    """An incident's cause with its names: a shared one, or a hazard."""
    shared = gathering.causes.get(of)
    return hazard(of) if shared is None else Named(id=of, name=shared.name, name_en=shared.name_en)


def asset(row: Mapping[str, Any]) -> Asset:
    """The asset of a joined row."""
    asset_id = row["asset_id"]
    return Asset(
        id=asset_id,
        name=row["asset_name"] or asset_id,
        name_en=row["asset_name_en"] or asset_id,
        kind=row["asset_kind"],
        domain=row["domain"],
        district=row["district"],
        longitude=row["longitude"],
        latitude=row["latitude"],
    )


def utility(row: Mapping[str, Any]) -> Named | None:
    """The owning utility of a joined row, or None where the registry does not know the asset."""
    if row["utility_id"] is None:
        return None
    return Named(id=row["utility_id"], name=row["utility_name"], name_en=row["utility_name_en"])


def level(value: int | None) -> Level | None:
    """The level of that number, or None for none."""
    return None if value is None else Level.of(value)


def evidence(data: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """The evidence that an event's data hold, as the rules wrote it."""
    return tuple(Evidence.model_validate(piece) for piece in data.get("evidence", ()))


def plainly(thing: "DataclassInstance") -> dict[str, object]:
    """The fields of a dataclass as JSON can hold them."""
    return {each.name: plain(getattr(thing, each.name)) for each in fields(thing)}


def plain(value: object) -> object:
    """A field's value as JSON can hold it."""
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value) if isinstance(value, UUID) else value
