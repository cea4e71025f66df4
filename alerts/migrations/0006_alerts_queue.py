"""The job queue's own tables: procrastinate's packaged schema, as of 3.10.

A later release that changes them brings migrations of its own, which then follow here as ours;
tests/unit/alerts/test_queue_schema.py says when.
"""

from procrastinate.schema import SchemaManager
from psycopg import Connection
from yoyo import step

__depends__ = {"0005_alerts_cases"}


def apply(connection: Connection) -> None:
    """Create them."""
    connection.execute(SchemaManager.get_schema())


step(apply)
