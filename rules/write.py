"""What a step found, into the database, inside the worker's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec

from rules.engine import Step
from rules.model import Figure, RiskChange, RuleSet, Transition

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TRANSITIONS = """
insert into transitions (transition_id, rule, subject, asset_id, hazard, time, state, previous,
    sensor_id, value, reason, rules_version, partition, seq, retrospective)
select *, $12, $13, $14, $15 from unnest(
    $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::smallint[],
    $8::smallint[], $9::integer[], $10::double precision[], $11::text[])
on conflict (transition_id) do nothing
returning asset_id, hazard
"""

_RISK_CHANGE = """
insert into risk_changes (asset_id, hazard, time, level, previous_level, likelihood, consequence,
    inputs, cause, rules_version, partition, seq, retrospective)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""

_FIGURES = """
insert into rule_figures (rule, subject, kind, asset_id, sensor_id, time, value)
select * from unnest(
    $1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[], $7::double precision[])
on conflict do nothing
"""

_RISK_STATE = """
insert into risk_states (asset_id, hazard, level, likelihood, consequence, since)
values ($1, $2, $3, $4, $5, $6)
on conflict (asset_id, hazard) do update set level = excluded.level, likelihood = excluded.likelihood,
    consequence = excluded.consequence, since = excluded.since
"""


@dataclass(frozen=True, slots=True)
class Source:
    """By which rules something was found, by whom and when in the journal, and whether only in hindsight."""

    rules_version: str
    partition: str
    seq: int
    retrospective: bool = False


async def write_step(
    connection: asyncpg.Connection, step: Step, rules_version: str, partition: str, seq: int
) -> None:
    """Store transitions, changes of risk and figures, and wake who waits for them."""
    source = Source(rules_version, partition, seq)
    await _write_figures(connection, step.figures)
    await write_transitions(connection, step.transitions, source)
    if step.risk_changes:
        await write_risk_changes(connection, step.risk_changes, source)
        newest = {(change.asset, change.hazard): change for change in step.risk_changes}
        await connection.executemany(
            _RISK_STATE,
            [
                (c.asset, c.hazard, c.level, c.likelihood, c.consequence, _moment(c.time))
                for c in newest.values()
            ],
        )
        await connection.execute("notify lifeline_risk")


async def _write_figures(connection: asyncpg.Connection, figures: Sequence[Figure]) -> None:
    if not figures:
        return
    rows = [(f.rule, f.subject, f.kind, f.asset, f.sensor, _moment(f.time), f.value) for f in figures]
    await connection.execute(_FIGURES, *zip(*rows, strict=True))


async def write_transitions(
    connection: asyncpg.Connection, transitions: Sequence[Transition], source: Source
) -> set[tuple[str, str]]:
    """Store those that are not there yet; the (asset, hazard) of each of them."""
    if not transitions:
        return set()
    rows = [
        (
            t.id,
            t.rule,
            t.subject,
            t.asset,
            t.hazard,
            _moment(t.time),
            t.state,
            t.previous,
            t.sensor,
            t.value,
            t.reason,
        )
        for t in transitions
    ]
    stored = await connection.fetch(_TRANSITIONS, *zip(*rows, strict=True), *astuple(source))
    return {(row["asset_id"], row["hazard"]) for row in stored}


async def write_risk_changes(
    connection: asyncpg.Connection, changes: Iterable[RiskChange], source: Source
) -> None:
    """Store changes of risk for the alerts to claim."""
    await connection.executemany(_RISK_CHANGE, [(*_row(change), *astuple(source)) for change in changes])


def inputs(change: RiskChange) -> bytes:
    """Everything that made the change, as JSON: what ``rules explain`` and the alert's page show."""
    evidence = [
        {**msgspec.to_builtins(piece), "time": _moment(piece.time), "weight": weight}
        for piece, weight in zip(change.evidence, change.weights, strict=True)
    ]
    return msgspec.json.encode({"probability": change.probability, "evidence": evidence})


def _row(change: RiskChange) -> tuple[object, ...]:
    return (
        change.asset, change.hazard, _moment(change.time), change.level, change.previous, change.likelihood,
        change.consequence, inputs(change).decode(), change.cause,
    )  # fmt: skip


def _moment(time: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time)


async def read_rules(connection: asyncpg.Connection, version: str) -> RuleSet:
    """The rule set of a version."""
    return RuleSet.decode(
        await connection.fetchval("select content from rule_sets where version = $1", version)
    )
