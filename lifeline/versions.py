"""Which versions of registry and rules should hold, and an engine made of them."""

import asyncio
from dataclasses import dataclass

import asyncpg
import msgspec

from ingest.index import Index
from rules.check import check
from rules.engine import Engine
from rules.model import RuleSet
from rules.risk import default_matrix
from rules.write import read_rules
from sensors import registry as registries
from sensors.errors import ConfigurationError
from sensors.lines import dotted
from sensors.model import City, Registry

CHANNEL = "lifeline_configuration"
"""NOTIFY on it wakes who waits for other versions; what they are is read from the table."""


@dataclass(frozen=True, slots=True)
class Versions:
    """One version of the registry and one of the rules."""

    registry: str
    rules: str


NONE = Versions("", "")
"""What holds before a worker's first versions."""


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
    return Configured(NONE, Index(registry), Engine(registry, rules))


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
    """Read the versions and build what follows from them, off the event loop.

    Raises:
        ConfigurationError: the rules cannot hold, by themselves or in this city.
    """
    content = await connection.fetchval(
        "select content from registry_versions where version = $1", versions.registry
    )
    rules = await _rules(connection, versions.rules)

    def build() -> Configured:
        registry = registries.decode(content)
        return Configured(versions, Index(registry), Engine(registry, rules))

    return await asyncio.to_thread(build)


async def _rules(connection: asyncpg.Connection, version: str) -> RuleSet:
    """The rules of a version, checked again: another release may have written them."""
    try:
        rules = await read_rules(connection, version)
    except msgspec.MsgspecError as error:
        raise ConfigurationError(f"rules {version}: {error}") from None
    for keys, expected in check(rules):
        raise ConfigurationError(f"rules {version}: {dotted(keys)}: {expected}")
    return rules
