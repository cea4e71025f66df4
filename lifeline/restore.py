"""A worker's state out of the database: the newest snapshot, and the journal since through the same code."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np
import structlog

from ingest.journal import BatchEntry, decode
from ingest.sequence import Sequences
from lifeline.session import Session
from lifeline.versions import Configured, Versions, configure, unconfigured
from rules.engine import Step, Tick
from rules.memory import recall, remember
from rules.succession import Succession
from sensors.arrays import Arrays, pack, unpack
from sensors.errors import LifelineError

log = structlog.get_logger()

_SNAPSHOT = """
select seq, registry_version, rules_version, body, written_at from snapshots
where partition = $1 order by seq desc limit 1
"""

# The bound on time spares all older chunks; clocks may have been set back a little in between.
_JOURNAL = """
select seq, body from journal where partition = $1 and seq > $2 and written_at > $3 order by seq
"""

# Of older days the first stays, for a replay of the journal to begin with; it goes with its journal.
_KEEP = """
delete from snapshots old where partition = $1 and seq < (
    select min(seq) from (select seq from snapshots where partition = $1 order by seq desc limit 2) newest
) and exists (
    select from snapshots first where first.partition = $1 and first.seq < old.seq
        and first.written_at >= date_trunc('day', old.written_at, 'UTC')
)
"""

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class BrokenJournalError(LifelineError):
    """The journal does not go on where it should: this database was not written by this project alone."""


@dataclass(slots=True)
class State:
    """Everything that a worker knows: a function of its journal up to ``seq``."""

    configured: Configured
    sequences: Sequences
    seq: int


async def restore(session: Session) -> State:
    """The state at the end of the journal.

    Raises:
        BrokenJournalError: an entry is missing.
    """
    state, since = await _from_snapshot(session)
    started, entries = state.seq, 0
    async with session.writer.transaction():
        async for row in session.writer.cursor(_JOURNAL, session.partition, state.seq, since, prefetch=20):
            await take(session.side, state, row["seq"], row["body"])
            entries += 1
            if entries % 50 == 0:
                await asyncio.sleep(0)
    log.info("restored", partition=session.partition, snapshot=started, journal_entries=entries)
    return state


def capture(state: State) -> Arrays:
    """A copy of the state for a snapshot, taken between two batches."""
    sequences = np.frombuffer(state.sequences.encode(), np.uint8)
    return {**remember(state.configured.engine), "sequences": sequences}


async def save(session: Session, seq: int, versions: Versions, captured: Arrays) -> None:
    """Write a snapshot, which is valid only once journal entry ``seq`` is committed."""
    body = await asyncio.to_thread(pack, captured)
    async with session.side.acquire() as side, side.transaction():
        await side.execute(
            "insert into snapshots (partition, seq, epoch, registry_version, rules_version, body)"
            " values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
            session.partition, seq, session.epoch, versions.registry, versions.rules, body,
        )  # fmt: skip
        await side.execute(_KEEP, session.partition)
    log.info("snapshot", partition=session.partition, seq=seq, bytes=len(body))


async def _from_snapshot(session: Session) -> tuple[State, datetime]:
    row = await session.writer.fetchrow(_SNAPSHOT, session.partition)
    if row is None:
        return beginning(), _BEGINNING
    return await remembered(session.writer, row), row["written_at"] - timedelta(hours=1)


def beginning() -> State:
    """What a worker knows before the first entry."""
    return State(unconfigured(), Sequences(), 0)


async def remembered(connection: asyncpg.Connection, snapshot: asyncpg.Record) -> State:
    """The state that a row of ``snapshots`` holds."""
    versions = Versions(snapshot["registry_version"], snapshot["rules_version"])
    configured = await configure(connection, versions)
    memory = unpack(snapshot["body"])
    recall(configured.engine, memory)
    return State(configured, Sequences.decode(memory["sequences"].tobytes()), snapshot["seq"])


async def take(connection: asyncpg.Connection, state: State, seq: int, body: bytes) -> Step:
    """Take the journal's next entry into a state, through the code that wrote it; what it says of it.

    connection: where versions are read.

    Raises:
        BrokenJournalError: it is not the next one.
    """
    if seq != state.seq + 1:
        raise BrokenJournalError(f"journal: expected entry {state.seq + 1}, found {seq}")
    entry = decode(body)
    if isinstance(entry, BatchEntry):
        state.sequences.observe(entry.numbered)
        ticks = [Tick(position, time) for position, time in entry.ticks]
        step = state.configured.engine.step(entry.readings, ticks, entry.features)
    else:
        versions = Versions(entry.registry_version, entry.rules_version)
        configured = await configure(connection, versions)
        step = Succession(state.configured.engine, configured.engine).finish(entry.warmth)
        state.configured = configured
    state.seq = seq
    return step
