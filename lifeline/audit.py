"""Was every reading stored, and once? Asked of the database against the publisher's own log."""

from psycopg import Connection
from psycopg.rows import TupleRow

from ingest.copy import binary, timestamps
from sensors.readings import Readings

_LOST = """
select count(*) from published p where not exists (
    select from readings r where r.sensor_id = p.sensor_id and r.time = p.time and r.value = p.value)
"""


def lost(connection: Connection[TupleRow], published: Readings) -> int:
    """How many of the published readings are not stored with their very value; an anti-join in SQL."""
    connection.execute(
        "create temporary table if not exists published"
        " (sensor_id integer, time timestamptz, value double precision)"
    )
    connection.execute("truncate published")
    rows = binary([published.sensor, timestamps(published.time), published.value])
    with connection.cursor() as cursor, cursor.copy("copy published from stdin (format binary)") as copy:
        copy.write(rows)
    connection.execute("analyze published")
    return _count(connection.execute(_LOST).fetchone())


def duplicates(connection: Connection[TupleRow]) -> int:
    """How many readings are stored more than once; the identity index should make that impossible."""
    query = "select count(*) - count(distinct (sensor_id, time)) from readings"
    return _count(connection.execute(query).fetchone())


def _count(row: TupleRow | None) -> int:
    return int(row[0]) if row is not None else 0
