"""``lifeline bench query`` asks what dashboards ask, by index and rollup, of a million readings."""

import asyncio

import psycopg

from grafana.targets import targets
from lifeline.bench.filled import fill, known
from lifeline.bench.query import measure

_READ_THROUGH = """
select hypertable_name, sum(seq_scan)::bigint from pg_stat_user_tables
join timescaledb_information.chunks on relname = chunk_name and schemaname = chunk_schema
where hypertable_name in ('readings', 'readings_10min', 'readings_1h') group by 1
"""


def test_every_query_is_asked_of_a_filled_database_and_reads_no_readings_from_end_to_end(
    empty_database: str,
) -> None:
    filled = asyncio.run(fill(empty_database, readings=1_000_000, sensors=500))
    assert (filled.readings, filled.sensors) == (1_000_000, 500)
    assert known(empty_database) == filled
    before = read_through(empty_database)
    figures = {each.case: each for each in measure(empty_database, filled, rounds=1)}
    assert len(figures) == 4 + len(targets()) / 2
    assert figures["a day of a sensor"].beside["rows"] > 1400
    assert figures["a month of a sensor"].beside["rows"] > 1400
    assert figures["a year of a sensor"].beside["rows"] > 1400
    # The bench itself looks once for who was there long ago.
    assert read_through(empty_database) == before | {"readings_1h": before["readings_1h"] + 1}
    with psycopg.connect(empty_database) as connection:  # what the count is of is counted
        connection.execute(
            "set enable_indexscan = off; set enable_indexonlyscan = off; set enable_bitmapscan = off"
        )
        connection.execute("select count(*) from readings_1h where sensor_id = 1").fetchone()
    assert read_through(empty_database)["readings_1h"] > before["readings_1h"] + 1


def read_through(dsn: str) -> dict[str, int]:
    """How often each table was read from end to end, as far as sessions that have ended tell."""
    with psycopg.connect(dsn) as connection:
        return dict(connection.execute(_READ_THROUGH.encode()).fetchall())
