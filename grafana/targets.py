"""The dashboards' queries as they reach the database: from the files that Grafana reads, macros expanded."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

FILES = sorted((Path(__file__).parent / "dashboards" / "json").glob("*/*.json"))


_SPANS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Target:
    """One query of one panel, with where it stands."""

    file: Path
    panel: dict[str, Any]
    query: dict[str, Any]

    @property
    def name(self) -> str:
        """Language, board, panel's number and query's letter."""
        return f"{self.file.parent.name}-{self.file.stem}-{self.panel['id']}{self.query['refId']}"

    @property
    def sql(self) -> str:
        """With its macros."""
        return str(self.query["rawSql"])


@cache
def boards() -> dict[Path, dict[str, Any]]:
    """Every dashboard, in every language."""
    return {file: json.loads(file.read_text(encoding="utf-8")) for file in FILES}


def queries() -> list[Target]:
    """Every query of every panel."""
    return [
        Target(file, panel, query)
        for file, board in boards().items()
        for panel in board["panels"]
        for query in panel.get("targets", ())
    ]


@cache
def targets() -> list[Target]:
    """Those that ask the database."""
    return [each for each in queries() if "rawSql" in each.query]


def expressions() -> list[str]:
    """What is asked of Prometheus."""
    return sorted({each.query["expr"] for each in queries() if "expr" in each.query})


def span(board: Mapping[str, Any]) -> timedelta:
    """How far back a board shows when it is opened."""
    number, unit = re.fullmatch(r"now-(\d+)([mhd])", board["time"]["from"]).groups()  # type: ignore[union-attr]
    return timedelta(**{_SPANS[unit]: int(number)})


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a browser and a data source with TimescaleDB put in place of macros and variables."""

    start: datetime
    end: datetime
    interval: timedelta
    variables: Mapping[str, tuple[str, ...]]

    def sql(self, text: str) -> str:
        """What the database gets.

        Raises:
            ValueError: a macro or a variable that the dashboards do not use otherwise.
        """
        for name, values in self.variables.items():
            quoted = ",".join("'" + value.replace("'", "''") + "'" for value in values)
            text = text.replace(f"${{{name}:sqlstring}}", quoted)
        seconds = self.interval.total_seconds()
        text = text.replace("$__interval_ms", f"{seconds * 1000:.0f}").replace(
            "$__interval", f"{seconds:.0f}s"
        )
        text = re.sub(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)", self._macro, text)
        if "$" in text:
            raise ValueError(f"not expanded: {text}")
        return text

    def _macro(self, match: re.Match[str]) -> str:
        column, *rest = (argument.strip() for argument in match[2].split(","))
        start, end = (
            moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (self.start, self.end)
        )
        match match[1], rest:
            case "__timeFrom", []:
                return f"'{start}'"
            case "__timeTo", []:
                return f"'{end}'"
            case "__timeFilter", []:
                return f"{column} BETWEEN '{start}' AND '{end}'"
            case "__timeGroupAlias", [interval]:
                return f"time_bucket('{float(interval.removesuffix('s')):.3f}s',{column}) AS \"time\""
        raise ValueError(f"{match[0]}: not a macro that the dashboards use")
