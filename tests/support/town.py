"""A town in a database, ready for a worker."""

import psycopg

from rules import store as rule_store
from rules.model import RuleSet
from sensors import store as city_store
from sensors.model import Registry


def settle(dsn: str, registry: Registry, rules: RuleSet, *, purpose: str = "production") -> Registry:
    """Load city and rules; the registry with the ids that the database gave."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        if purpose == "replay":
            connection.execute("update deployment set purpose = 'replay', run_id = 'test'")
        city_store.load(connection, registry)
        rule_store.load(connection, rules)
        return city_store.read(connection)
