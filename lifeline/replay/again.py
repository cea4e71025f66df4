"""The journal played again: what entered a worker's engine, in its order, through the same code.

Nothing is written but what is said now; it is held against what is on record.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from lifeline.replay.log import Entries, Line, Told, encoded, of_database, of_engine
from lifeline.restore import State, beginning, remembered, take
from rules.model import RiskChange, Transition
from sensors.errors import ConfigurationError, UnavailableError
from sensors.whole import whole

_SPANS = "select partition, min(seq) as first, max(seq) as last from journal group by 1 order by 1"

_SNAPSHOT = """
select seq, registry_version, rules_version, body from snapshots
where partition = $1 and seq >= $2 order by seq limit 1
"""

_ENTRIES = "select seq, body from journal where partition = $1 and seq > $2 and seq <= $3 order by seq"

_UNCLAIMED = "select exists (select from risk_changes where claimed_at is null)"


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """A journal that was played again.

    begun: with which entry of each partition. same: whether what is said now is what is on record.
    """

    begun: dict[str, int]
    entries: int
    readings: int
    late: int
    transitions: int
    said: int
    on_record: int
    same: bool
    seconds: float

    @property
    def rate(self) -> float:
        """Readings a second, with reading them from the database."""
        return self.readings / self.seconds


class _Said:
    """What engines say, with counts."""

    def __init__(self) -> None:
        self.transitions: list[Transition] = []
        self.changes: list[RiskChange] = []
        self.entries = self.readings = self.late = 0


def play_again(dsn: str, log: Path | None, show: Callable[[int, int], None]) -> Again:
    """Play a database's journal into engines of our own; all they say is written to ``log``.

    show: told of entries done, and of how many.

    Raises:
        ConfigurationError: there is no journal, or its beginning is lost.
        UnavailableError: the database does not answer.
    """
    begun = time.monotonic()
    said = _Said()
    entries, complete = asyncio.run(_play(dsn, said, show))
    now = _comparable(of_engine(said.transitions, said.changes), complete=complete)
    if log is not None:
        with whole(log) as file:
            file.write(encoded(now))
    recorded = [line for each in entries for line in of_database(dsn, each)]
    before = _comparable(recorded, complete=complete)
    return Again(
        begun={each.partition: each.after + 1 for each in entries},
        entries=said.entries,
        readings=said.readings,
        late=said.late,
        transitions=len(said.transitions),
        said=len(now),
        on_record=len(before),
        same=sorted(encoded([line]) for line in now) == sorted(encoded([line]) for line in before),
        seconds=time.monotonic() - begun,
    )


def _comparable(lines: Iterable[Line], *, complete: bool) -> list[Line]:
    """Without alerts where cases are older than the first entry, or not all changes are taken into them."""
    return [line for line in lines if complete or not isinstance(line, Told)]


async def _play(dsn: str, said: _Said, show: Callable[[int, int], None]) -> tuple[list[Entries], bool]:
    """The entries that were played, and whether all cases can be followed by them alone."""
    async with _connected(dsn) as connection:
        spans = await connection.fetch(_SPANS)
        if not spans:
            raise ConfigurationError("--journal: this database has none; it is kept for 7 days")
        complete = not await connection.fetchval(_UNCLAIMED)
        states = [await _first(connection, span) for span in spans]
        of = sum(span["last"] - state.seq for span, state in zip(spans, states, strict=True))
        played = []
        for span, state in zip(spans, states, strict=True):
            entries = Entries(partition=span["partition"], after=state.seq, until=span["last"])
            await _hear(connection, state, entries, said, lambda: show(said.entries, of))
            played.append(entries)
    return played, complete and all(each.after == 0 for each in played)


async def _first(connection: asyncpg.Connection, span: asyncpg.Record) -> State:
    """The state before the first entry that can be played."""
    if span["first"] == 1:
        return beginning()
    snapshot = await connection.fetchrow(_SNAPSHOT, span["partition"], span["first"] - 1)
    if snapshot is None:
        raise ConfigurationError(
            f"--journal: that of {span['partition']} begins with entry {span['first']}, and no snapshot"
            " is left that it could go on from"
        )
    return await remembered(connection, snapshot)


async def _hear(
    connection: asyncpg.Connection, state: State, entries: Entries, said: _Said, show: Callable[[], None]
) -> None:
    async with connection.transaction():
        rows = connection.cursor(_ENTRIES, entries.partition, entries.after, entries.until, prefetch=20)
        async for row in rows:
            step = await take(connection, state, row["seq"], row["body"])
            said.transitions += step.transitions
            said.changes += step.risk_changes
            said.entries += 1
            said.readings += len(step.late)
            said.late += int(step.late.sum())
            show()


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(dsn, server_settings={"default_transaction_read_only": "on"})
    except (OSError, asyncpg.PostgresError) as error:
        raise UnavailableError(f"the database does not answer: {error}") from None
    try:
        yield connection
    except asyncpg.UndefinedTableError:
        raise ConfigurationError("the database has no tables: call `lifeline migrate`") from None
    finally:
        await connection.close()
