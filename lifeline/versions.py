"""Which versions of registry and rules should hold, and an engine made of them."""

import asyncio
from dataclasses import dataclass

import asyncpg

from ingest.index import Index
from rules.engine import Engine
from rules.model import RuleSet
from rules.risk import default_matrix
from rules.write import read_rules
from sensors import registry as registries
from sensors.errors import ConfigurationError
from sensors.model import City, Registry

CHANNEL = "lifeline_configuration"
"""NOTIFY on it wakes who waits for other versions; what they are is read from the table."""


@dataclass(frozen=True, slots=True)
class Versions:
    """One version of the registry and one of the rules."""

    registry: str
    rules: str


@dataclass(frozen=True, slots=True)
class Configured:
    """What follows from two versions: an index for the decoder and an engine without memory."""

    versions: Versions
    index: Index
    engine: Engine


def unconfigured() -> Configured:
    """What a worker is before its first versions: no sensors, no rules."""
    city = City(id="", name="", name_en="", timezone="UTC", longitude=0.0, latitude=0.0)
    registry = Registry(city=city, utilities=(), assets=(), edges=(), device_types=(), devices=(), sensors=())
    rules = RuleSet(rules=(), groups=(), matrix=default_matrix())
    return Configured(Versions("", ""), Index(registry), Engine(registry, rules))


async def wanted(connection: asyncpg.Connection) -> Versions:
    """What should hold now.

    Raises:
        ConfigurationError: the database has no city or no rules yet, or not even tables.
    """
    try:
        row = await connection.fetchrow("select registry_version, rules_version from configuration")
    except asyncpg.UndefinedTableError:
        raise ConfigurationError("the database has no tables: call `lifeline migrate`") from None
    if row["registry_version"] is None:
        raise ConfigurationError("no city is loaded: call `lifeline city load`")
    if row["rules_version"] is None:
        raise ConfigurationError("no rules are loaded: call `lifeline rules load`")
    return Versions(row["registry_version"], row["rules_version"])


async def configure(connection: asyncpg.Connection, versions: Versions) -> Configured:
    """Read the versions and build what follows from them, off the event loop."""
    content = await connection.fetchval(
        "select content from registry_versions where version = $1", versions.registry
    )
    rules = await read_rules(connection, versions.rules)

    def build() -> Configured:
        registry = registries.decode(content)
        return Configured(versions, Index(registry), Engine(registry, rules))

    return await asyncio.to_thread(build)
