"""The JSON Schema of the receivers file, for editors: made from the types, kept as receivers.schema.json.

``python -m alerts.receivers_schema`` writes that file anew.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from alerts.lifecycle import Kind
from alerts.tables import File
from rules.duration import Duration
from rules.hazards import hazards

FILE = Path(__file__).with_name("receivers.schema.json")


def schema() -> dict[str, Any]:
    """The schema of the file."""
    made = msgspec.json.schema(File, schema_hook=_hook)
    route = made["$defs"]["Route"]["properties"]
    route["hazard"]["items"] = {"enum": sorted(hazards())}
    route["kinds"]["items"] = {"enum": sorted(Kind)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lifeline receivers",
        **made["$defs"].pop("File"),
        "$defs": made["$defs"],
    }


def text() -> str:
    """The schema as its file has it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _hook(type_: type) -> dict[str, Any]:
    if type_ is Duration:
        return {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|min|h|d)$"}
    raise NotImplementedError(type_)


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
