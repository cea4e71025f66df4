"""What a utility is told: one versioned JSON message, the same on every try but for its sending time. Pure.

Its schema is alerts/webhook.schema.json; a change that a receiver could stumble over takes a new version.
``python -m alerts.message`` writes the schemas anew.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from alerts import words
from alerts.lifecycle import Kind, Stage, State


class Incident(words.Word):
    """What the alert has one cause with."""

    id: UUID
    cause: str
    district: str | None
    """Null = the city's."""
    alerts: int
    """How many it has had when this was sent."""


class Message(words.Word):
    """What a receiver is told of one event of one alert."""

    version: Literal[1]
    delivery_id: UUID
    """The same on every try, and the Idempotency-Key header."""
    alert_id: UUID
    event_id: UUID
    number: int = Field(ge=1)
    """Counts the alert's events from 1; a receiver that has seen a higher one may ignore this."""
    kind: Kind
    drill: bool
    """True in every message from a replay or an exercise: nobody is to move out for it."""
    state: State
    stage: Stage
    level: words.Level | None
    """Null once no evidence is live."""
    worst_level: words.Level
    """The worst that the alert has had so far."""
    hazard: words.Named
    asset: words.Asset
    utility: words.Named | None
    incident: Incident | None
    """Null in a drill of ours, and for what was never live."""
    likelihood: int = Field(ge=1, le=5)
    consequence: int = Field(ge=1, le=5)
    evidence: tuple[words.Evidence, ...]
    who: str
    """``rules``, or the name of the token of who acknowledged."""
    why: str
    event_time: words.Time
    """When it was so where it was measured."""
    sent_at: words.Time
    """When this try was made."""


class Heartbeat(words.Word):
    """Said to a receiver now and then, so that it knows that silence means quiet; it wants no receipt."""

    version: Literal[1]
    kind: Literal["heartbeat"]
    id: UUID
    receiver: str
    drill: bool
    interval_s: float = Field(gt=0)
    """When the next one is due; none for three of these means that something is wrong."""
    sent_at: words.Time


def message(row: Mapping[str, Any], sent_at: datetime) -> Message:
    """The message of a delivery from its row, which joins event, alert, asset and utility.

    Raises:
        ValidationError: the row holds what no message can.
    """
    data = row["data"]
    return Message(
        version=1,
        delivery_id=row["delivery_id"],
        alert_id=row["alert_id"],
        event_id=row["event_id"],
        number=row["number"],
        kind=row["kind"],
        drill=row["purpose"] == "replay",
        state=row["state"],
        stage=data.get("stage", Stage.NONE),
        level=words.level(row["level"]),
        worst_level=words.Level.of(data["worst_level"]),
        hazard=words.hazard(row["hazard"]),
        asset=words.asset(row),
        utility=words.utility(row),
        incident=_incident(row),
        likelihood=data["likelihood"],
        consequence=data["consequence"],
        evidence=words.evidence(data),
        who=row["who"],
        why=row["why"],
        event_time=row["event_time"],
        sent_at=sent_at,
    )


def _incident(row: Mapping[str, Any]) -> Incident | None:
    if row.get("incident_id") is None:
        return None
    return Incident(
        id=row["incident_id"],
        cause=row["incident_cause"],
        district=row["incident_district"],
        alerts=row["incident_alerts"],
    )


SCHEMAS: Mapping[type[BaseModel], Path] = {
    Message: Path(__file__).with_name("webhook.schema.json"),
    Heartbeat: Path(__file__).with_name("heartbeat.schema.json"),
}


def schema_text(said: type[BaseModel]) -> str:
    """The schema of what is said, as its file has it."""
    schema = said.model_json_schema(mode="serialization")
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for said, path in SCHEMAS.items():
        path.write_text(schema_text(said), encoding="utf-8")
