"""The JSON Schema of rule files, for editors: made from the types, kept beside them as rules.schema.json."""

from typing import Any

import msgspec

from rules.duration import Duration
from rules.kinds import PARAMETERS
from rules.model import Rule
from rules.risk import Group, Matrix


def _hook(type_: type) -> dict[str, Any]:
    if type_ is Duration:
        return {"type": "string", "pattern": r"^\d+(\.\d+)?(ms|s|min|h|d)$"}
    raise NotImplementedError(type_)


def schema() -> dict[str, Any]:
    """The schema of one rule file; a rule's parameters follow from its kind."""
    types = (Rule, Group, Matrix, *PARAMETERS.values())
    _, definitions = msgspec.json.schema_components(types, schema_hook=_hook, ref_template="#/$defs/{name}")
    definitions["Rule"]["properties"]["kind"] = {"enum": sorted(PARAMETERS)}
    definitions["Rule"]["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": name}}},
            "then": {"properties": {"parameters": {"$ref": f"#/$defs/{parameters.__name__}"}}},
        }
        for name, parameters in PARAMETERS.items()
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lifeline rules",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "rule": {"type": "array", "items": {"$ref": "#/$defs/Rule"}},
            "group": {"type": "array", "items": {"$ref": "#/$defs/Group"}},
            "matrix": {"$ref": "#/$defs/Matrix"},
        },
        "$defs": definitions,
    }
