"""The dashboards' queries, what people read on a dashboard, and the rules on the system itself."""

from pathlib import Path
from typing import Any

import yaml

import grafana
from grafana.targets import FILES, Expansion, Target, boards, expressions, queries, targets

__all__ = [
    "FILES", "Expansion", "Target", "alert_rules", "boards", "expressions", "queries", "shown", "targets",
]  # fmt: skip


def shown(panel: dict[str, Any]) -> dict[str, str]:
    """The names that people read, by column."""
    return {
        override["matcher"]["options"]: property_["value"]
        for override in panel["fieldConfig"]["overrides"]
        for property_ in override["properties"]
        if property_["id"] == "displayName"
    }


def alert_rules() -> list[dict[str, Any]]:
    """The provisioned rules on the system itself."""
    file = Path(grafana.__file__).parent / "provisioning" / "alerting" / "rules.yml"
    groups = yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]
