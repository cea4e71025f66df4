"""Lets rules learn from stored history, and writes what they learned as a file of their rule set."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from ingest.late import read_complete
from lifeline.backtest.stored import holding
from rules.bind import bind
from rules.learned import learn, unlearned
from rules.load import load
from rules.model import Learned, RuleSet
from sensors.errors import ConfigurationError
from sensors.model import Registry
from sensors.readings import SECOND

Failed = Mapping[tuple[str, str], str]
"""By rule and subject: why nothing was learned."""


async def learn_stored(dsn: str, paths: list[Path], after: int, until: int) -> tuple[RuleSet, Failed]:
    """The rules of some files with what stored history, after < event time <= until (us), teaches them.

    What they learned before is forgotten. All readings of the sensors concerned are in memory at a time.

    Raises:
        Mistakes: the files are wrong, or do not fit the loaded city.
        ConfigurationError: no city is loaded, or no rule has to learn.
    """
    connection = await asyncpg.connect(dsn)
    try:
        registry, _ = await holding(connection)
        rules = load(paths, registry)
        sensors = _concerned(rules, registry)
        history, _ = await read_complete(connection, sensors, after, until)
    finally:
        await connection.close()
    return learn(rules, registry, history, f"stored history, {_written(after)} to {_written(until)}")


def learned_text(learned: tuple[Learned, ...]) -> str:
    """The content of a rule file with what was learned."""
    tables = (
        "\n".join(
            (
                "[[learned]]",
                *(f"{name} = {json.dumps(getattr(each, name), ensure_ascii=False)}" for name in _TEXTS),
                f"values = {json.dumps(each.values)}",
            )
        )
        for each in learned
    )
    return (
        "\n\n".join(("# Made by `lifeline rules learn`; loaded beside the rules it names.", *tables)) + "\n"
    )


_TEXTS = ("rule", "subject", "source")


def _concerned(rules: RuleSet, registry: Registry) -> set[int]:
    names = unlearned(RuleSet(rules=rules.rules, groups=rules.groups, matrix=rules.matrix), registry)
    if not names:
        raise ConfigurationError("none of these rules has to learn")
    pairs = (pair for pairs in bind(rules, registry).by_kind.values() for pair in pairs)
    return {
        sensor
        for pair in pairs
        if pair.rule.name in names
        for sensor in (pair.sensor, *(seat.sensor for seat in pair.seats))
        if sensor is not None
    }


def _written(time: int) -> str:
    return datetime.fromtimestamp(time // SECOND, UTC).isoformat()
