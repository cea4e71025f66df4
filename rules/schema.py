"""The JSON Schema of rule files, for editors: made from the types, kept beside them as rules.schema.json.

``python -m rules.schema`` writes that file anew.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from rules.case import Case
from rules.check import SCORES
from rules.duration import Duration
from rules.hazards import hazards
from rules.kinds import PARAMETERS
from rules.model import Learned, Rule
from rules.risk import Group, Matrix

FILE = Path(__file__).with_name("rules.schema.json")

_GIVEN = ("learned", "zone")
"""Parameters that no rule gives."""


def schema() -> dict[str, Any]:
    """The schema of one rule file; a rule's parameters follow from its kind."""
    types = (Rule, Group, Learned, Matrix, Case, *PARAMETERS.values())
    _, definitions = msgspec.json.schema_components(types, schema_hook=_hook, ref_template="#/$defs/{name}")
    definitions["Rule"]["properties"]["kind"] = {"enum": sorted(PARAMETERS)}
    definitions["Rule"]["properties"]["hazard"] = {"enum": sorted(hazards())}
    definitions["Rule"]["allOf"] = [
        _parameters(name, definitions[type_.__name__]) for name, type_ in PARAMETERS.items()
    ]
    for type_ in PARAMETERS.values():
        for given in _GIVEN:
            del definitions[type_.__name__]["properties"][given]
    rows = definitions["Matrix"]["properties"]["levels"]
    for lines in (rows, rows["items"]):
        lines |= {"minItems": SCORES, "maxItems": SCORES}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lifeline rules",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "rule": {"type": "array", "items": {"$ref": "#/$defs/Rule"}},
            "group": {"type": "array", "items": {"$ref": "#/$defs/Group"}},
            "learned": {"type": "array", "items": {"$ref": "#/$defs/Learned"}},
            "matrix": {"$ref": "#/$defs/Matrix"},
            "case": {"type": "array", "items": {"$ref": "#/$defs/Case"}},
        },
        "$defs": definitions,
    }


def text() -> str:
    """The schema as its file has it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _hook(type_: type) -> dict[str, Any]:
    if type_ is Duration:
        return {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|min|h|d)$"}
    raise NotImplementedError(type_)


def _parameters(kind: str, definition: dict[str, Any]) -> dict[str, Any]:
    """What a rule's kind means for its parameters."""
    then: dict[str, Any] = {"properties": {"parameters": {"$ref": f"#/$defs/{definition['title']}"}}}
    if definition.get("required"):
        then["required"] = ["parameters"]
    return {"if": {"properties": {"kind": {"const": kind}}}, "then": then}


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
