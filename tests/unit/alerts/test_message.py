"""What a utility is told, and the schema that promises it."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import jsonschema
import pytest
from pydantic import BaseModel

from alerts.message import SCHEMAS, Heartbeat, Message, message, schema_text

SCHEMA = SCHEMAS[Message]
ROW = {
    "delivery_id": UUID(int=1),
    "alert_id": UUID(int=2),
    "event_id": UUID(int=3),
    "number": 2,
    "kind": "risen",
    "purpose": "production",
    "state": "unacknowledged",
    "level": 1,
    "hazard": "gas-leak",
    "asset_id": "chamber-7",
    "asset_name": "七号阀井",
    "asset_name_en": "valve chamber 7",
    "asset_kind": "valve-chamber",
    "domain": "gas",
    "district": "east",
    "longitude": 117.2,
    "latitude": 31.8,
    "utility_id": "gas-co",
    "utility_name": "燃气公司",
    "utility_name_en": "Gas Company",
    "who": "rules",
    "why": "the level rose",
    "event_time": datetime(2026, 1, 2, 11, 4, 5, 6, tzinfo=timezone(timedelta(hours=8))),
    "data": {
        "likelihood": 5,
        "consequence": 4,
        "worst_level": 1,
        "probability": 0.93,
        "evidence": [
            {
                "rule": "ch4-limit",
                "subject": "gm-7/ch4",
                "group": "ch4-limit",
                "state": 2,
                "strength": {"likelihood": 5},
                "quality": 1.0,
                "value": 2.7,
                "time": "2026-01-02T03:04:05.000006Z",
                "weight": 0.0,
                "reason": "2.7 is at or above 2.5 for 30s",
            }
        ],
    },
}


def told(**changed: object) -> dict[str, object]:
    made = message({**ROW, **changed}, datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC))
    body: dict[str, object] = json.loads(made.model_dump_json())
    return body


def test_a_message_says_what_where_and_why_in_both_languages() -> None:
    body = told()
    assert body["level"] == {"value": 1, "name": "重大风险", "name_en": "major", "colour": "red"}
    assert body["hazard"] == {"id": "gas-leak", "name": "燃气泄漏", "name_en": "gas leak"}
    assert body["utility"] == {"id": "gas-co", "name": "燃气公司", "name_en": "Gas Company"}
    assert body["evidence"] == [
        {
            "rule": "ch4-limit",
            "subject": "gm-7/ch4",
            "value": 2.7,
            "reason": "2.7 is at or above 2.5 for 30s",
            "time": "2026-01-02T03:04:05.000006Z",
        }
    ]
    assert (body["event_time"], body["sent_at"]) == (
        "2026-01-02T03:04:05.000006Z",
        "2026-01-02T03:04:06.000000Z",
    )
    assert (body["version"], body["number"], body["drill"]) == (1, 2, False)


UNKNOWN = dict.fromkeys(
    ("asset_name", "asset_name_en", "asset_kind", "domain", "district", "longitude", "latitude", "utility_id")
)
"""An asset that the registry does not know."""


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"purpose": "replay"},
        {"level": None, "state": "returned", "kind": "cleared"},
        {"kind": "acknowledged", "data": {"likelihood": 1, "consequence": 1, "worst_level": 3}},
        {"hazard": "not-in-the-catalogue"},
        UNKNOWN,
    ],
)
def test_every_message_keeps_to_the_schema(changed: dict[str, object]) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    body = told(**changed)
    jsonschema.validate(body, schema, format_checker=jsonschema.FormatChecker())
    assert set(body) == set(schema["properties"]) == set(schema["required"])
    assert body["drill"] is (changed.get("purpose") == "replay")


@pytest.mark.parametrize("made_by", [Message, Heartbeat])
def test_the_schemas_that_are_shipped_are_those_of_the_code(made_by: type[BaseModel]) -> None:
    assert schema_text(made_by) == SCHEMAS[made_by].read_text(encoding="utf-8"), "python -m alerts.message"
