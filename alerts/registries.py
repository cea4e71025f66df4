"""The registry and the rule sets as a worker stored them; decoded once a version."""

from collections.abc import Callable
from typing import TypeVar

from alerts.database import Connection
from rules.model import RuleSet
from sensors.model import Registry
from sensors.registry import decode

_REGISTRY = "select content from registry_versions where version = %s"
_RULES = "select content from rule_sets where version = %s"
_MOST = 8

Made = TypeVar("Made")
_registries: dict[str, Registry] = {}
_rule_sets: dict[str, RuleSet] = {}


async def registry(connection: Connection, version: str | None) -> Registry | None:
    """The registry of a version; None while no city is loaded."""
    if version is None:
        return None
    return await _read(connection, _REGISTRY, version, _registries, decode)


async def rule_set(connection: Connection, version: str) -> RuleSet | None:
    """The rules of a version; None if they are no longer stored."""
    return await _read(connection, _RULES, version, _rule_sets, RuleSet.decode)


async def _read(
    connection: Connection, query: str, version: str, kept: dict[str, Made], read: Callable[[bytes], Made]
) -> Made | None:
    if version not in kept:
        row = await (await connection.execute(query.encode(), [version])).fetchone()
        if row is None:
            return None
        while len(kept) >= _MOST:
            del kept[next(iter(kept))]
        kept[version] = read(row["content"])
    return kept[version]
