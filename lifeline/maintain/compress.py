"""Compression, on TimescaleDB's Community edition only: the Apache edition has none."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

import asyncpg

_TABLES = ("readings", "readings_10min", "readings_1h")

_DUE = """
select format('%I.%I', chunk_schema, chunk_name) as chunk from timescaledb_information.chunks
where hypertable_name = $1 and range_end <= $2 and not is_compressed order by range_start
"""


async def compress(connection: asyncpg.Connection, days: float, now: datetime) -> AsyncGenerator[str]:
    """Compress chunks that ended so many days ago (0 = none), and tell of them."""
    if not days:
        return
    if await connection.fetchval("select current_setting('timescaledb.license')") != "timescale":
        yield "compression: none, this TimescaleDB is the Apache edition"
        return
    for table in _TABLES:
        due = await connection.fetch(_DUE, table, now - timedelta(days=days))
        for row in due:
            await connection.execute("select compress_aged($1)", row["chunk"])
        if due:
            yield f"{table}: {len(due)} chunks older than {days:g} days compressed"
