"""What is old enough goes: whole chunks where there are chunks, else rows, a few at a time.

What an open case rests on stays, however old: every chunk within a day of a moment that it tells of, and its
transitions, figures, changes of risk and deliveries.
"""

from collections.abc import AsyncGenerator
from datetime import datetime

import asyncpg

from lifeline.maintain.keep import Keep

_CHUNKED = ("readings", "waveforms", "readings_10min", "readings_1h", "journal")

_EVIDENCE = """
with open as (select * from alerts where state <> 'closed'),
told as (
    select c.time, c.inputs from open
    join alert_events using (alert_id) join risk_changes c using (risk_change_id)
),
moments as (
    select opened_at as time from open
    union select time from told
    union select (piece ->> 'time')::timestamptz from told, jsonb_array_elements(inputs -> 'evidence') piece
    union select t.time from open join transitions t using (asset_id, hazard)
        where t.time >= opened_at - interval '1 day'
)
select coalesce(range_agg(tstzrange(time - interval '1 day', time + interval '1 day')), '{}')::text
from moments
"""

_OLD = """
select range_start, range_end, tstzrange(range_start, range_end) && $3::text::tstzmultirange as kept
from timescaledb_information.chunks where hypertable_name = $1 and range_end <= $2 order by range_start
"""

# A worker starts from its snapshot with the entries after it, and the rollups follow the journal too.
_NEEDED = """
select exists (
    select from journal j where written_at >= $1 and written_at < $2 and seq > least(
        coalesce((select max(seq) from snapshots s where s.partition = j.partition), 0),
        coalesce((select seq from rolled_up u where u.partition = j.partition), 0)
    )
)
"""

_NOTE = """
insert into retained (table_name, since) values ($1, $2)
on conflict (table_name) do update set since = greatest(retained.since, excluded.since)
"""

_DROP = "select drop_aged($1, $2, $3)"

# Of the snapshots that a replay of the journal could begin with, none is older than the journal.
_SNAPSHOTS = """
delete from snapshots s
where seq + 1 < (select min(seq) from journal j where j.partition = s.partition)
    and seq < (select max(seq) from snapshots n where n.partition = s.partition)
"""

_NOT_OPEN = "not exists (select from alerts a where state <> 'closed' and {})"
_CASE = _NOT_OPEN.format("(a.asset_id, a.hazard) = (old.asset_id, old.hazard)")

_OLD_ROWS = {
    "transitions": f"time < $1 and {_CASE}",
    "rule_figures": "time < $1",
    "risk_changes": f"detected_at < $1 and claimed_at is not null and {_CASE}",
    "deliveries": "finished_at < $1 and "
    + _NOT_OPEN.format("alert_id = (select alert_id from alert_events e where e.event_id = old.event_id)"),
    "dead_letter": "received_at < $1",
}
_BATCH = 10_000

# Each lets so many rows go that are older than $1, and answers how many went. What is append-only, its owner
# forgets on request.
_FORGET = {
    table: f"with gone as (delete from {table} where ctid = any(array("
    f"select ctid from {table} old where {condition} limit {_BATCH})) returning 1) select count(*) from gone"
    for table, condition in _OLD_ROWS.items()
} | {"api_audit": f"select forget_audit($1, {_BATCH})"}


async def drop(connection: asyncpg.Connection, keep: Keep, now: datetime) -> AsyncGenerator[str]:
    """Drop what is too old, and tell of each table of which anything was."""
    if await connection.fetchval("select purpose from deployment") != "production":
        yield "retention: this database is a replay's or a drill's, nothing is dropped"
        return
    evidence = await connection.fetchval(_EVIDENCE)
    for table in _CHUNKED:
        if (until := keep.until(table, now)) is not None:
            async for line in _chunks(connection, table, until, "{}" if table == "journal" else evidence):
                yield line
    await connection.execute(_SNAPSHOTS)
    for table, forget in _FORGET.items():
        if (until := keep.until(table, now)) is not None:
            gone = await _delete(connection, forget, until)
            if gone:
                yield f"{table}: {gone:,} rows from before {until:%Y-%m-%d} deleted"


async def _chunks(
    connection: asyncpg.Connection, table: str, until: datetime, evidence: str
) -> AsyncGenerator[str]:
    old = await connection.fetch(_OLD, table, until, evidence)
    kept = [row for row in old if row["kept"]]
    free = [row for row in old if not row["kept"]]
    needed = [
        row
        for row in free
        if table == "journal" and await connection.fetchval(_NEEDED, row["range_start"], row["range_end"])
    ]
    gone = [row for row in free if row not in needed]
    for row in gone:
        async with connection.transaction():
            await connection.execute(_NOTE, table, row["range_end"])
            await connection.execute(_DROP, table, row["range_start"], row["range_end"])
    if gone:
        yield f"{table}: {len(gone)} chunks from before {until:%Y-%m-%d} dropped"
    if kept:
        yield f"{table}: {len(kept)} older chunks stay, open alerts rest on them"
    if needed:
        yield f"{table}: {len(needed)} older chunks stay, no snapshot or rollup is behind them yet"


async def _delete(connection: asyncpg.Connection, forget: str, until: datetime) -> int:
    """In short transactions, so that nothing waits for it; how many rows."""
    gone, last = 0, _BATCH
    while last == _BATCH:
        last = await connection.fetchval(forget, until)
        gone += last
    return gone
