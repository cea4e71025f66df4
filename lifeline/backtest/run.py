"""One backtest from its two moments to its differences."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncpg
import msgspec

from lifeline.backtest.compare import Difference, What, compare, spells
from lifeline.backtest.stored import holding, parts, record
from lifeline.rehearsal import Rehearsal
from rules.engine import Engine
from rules.learned import unlearned
from rules.load import load
from sensors.errors import ConfigurationError, UnavailableError
from sensors.readings import HOUR

_BEFORE = HOUR
"""How much further back than the kinds remember: what they remember begins with a reading."""


class Backtest(msgspec.Struct, frozen=True, kw_only=True):
    """What would change; times in us since 1970 UTC.

    warmed_from: from when on the rules heard readings, so that they know their past at ``since``. late:
    readings that are left out, as the live rules never saw them. silent: rules that have learned nothing at
    so many subjects, and say nothing there.
    """

    since: int
    until: int
    warmed_from: int
    rules_version: str
    rules: int
    readings: int
    waveforms: int
    late: int
    transitions: int
    silent: Mapping[str, int]
    counts: Mapping[What, int]
    differences: tuple[Difference, ...]
    """All but what is the same."""


async def backtest(
    dsn: str, since: int, until: int, rules: Path | None, show: Callable[[float], None]
) -> Backtest:
    """Let the rules that hold now, or others, hear stored history; ``show`` is told what share is done.

    Raises:
        Mistakes: the rules cannot hold in the city that is loaded.
        ConfigurationError: nothing is loaded, or there is no time between the two moments.
        UnavailableError: the database does not answer.
    """
    if until <= since:
        raise ConfigurationError("--to: expected a moment after --from")
    try:
        connection = await asyncpg.connect(dsn, server_settings={"default_transaction_read_only": "on"})
    except (OSError, asyncpg.PostgresError) as error:
        raise UnavailableError(f"the database does not answer: {error}") from None
    try:
        return await _backtest(connection, since, until, rules, show)
    finally:
        await connection.close()


async def _backtest(
    connection: asyncpg.Connection, since: int, until: int, file: Path | None, show: Callable[[float], None]
) -> Backtest:
    registry, rules = await holding(connection)
    if file is not None:
        rules = load([file], registry)
    engine = Engine(registry, rules)
    after = since - max((bank.memory() for bank in engine.banks), default=0) - _BEFORE
    rehearsal, heard = Rehearsal(engine), Counter[str]()
    sensors = {sensor for bank in engine.banks for sensor in bank.sensors()}
    async for end, part in parts(connection, registry, sensors, after, until):
        rehearsal.hear(part.readings, part.waveforms)
        rehearsal.until(end)
        heard.update(readings=len(part.readings), waveforms=len(part.waveforms), late=part.late)
        show((end - after) / (until - after))
    recorded = spells(await record(connection, since, until), since, until)
    told = compare(recorded, spells(rehearsal.levels(), since, until))
    counts = Counter(each.what for each in told)
    return Backtest(
        since=since,
        until=until,
        warmed_from=after,
        rules_version=rules.version,
        rules=len(rules.rules),
        readings=heard["readings"],
        waveforms=heard["waveforms"],
        late=heard["late"],
        transitions=sum(since < each.time <= until for each in rehearsal.transitions),
        silent=unlearned(rules, registry),
        counts={what: counts[what] for what in ("same", "new", "gone", "changed")},
        differences=tuple(each for each in told if each.what != "same"),
    )
