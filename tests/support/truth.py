"""What a feed must have led to: every reading stored once, and the verdicts of a run that nothing broke."""

from typing import Any

import psycopg

from ingest.decode import Window, decode
from ingest.index import Index
from ingest.message import Message
from rules.engine import Engine, Tick
from rules.model import RuleSet
from sensors.model import Registry
from tests.support.fleet import Sent, readings


def assert_stored_once(dsn: str, sent: list[Sent]) -> None:
    """By an anti-join in SQL against what the devices know that they sent, values included."""
    with psycopg.connect(dsn) as connection:
        connection.execute("create temporary table sent (device text, t bigint, value float8)")
        with connection.cursor().copy("copy sent from stdin") as copy:
            for row in readings(sent):
                copy.write_row(row)
        lost = connection.execute(
            "select count(*) from sent where not exists (select from readings join sensors using (sensor_id)"
            " where device_id = device and time = to_timestamp(t / 1000.0) and readings.value = sent.value)"
        ).fetchone()
        assert lost == (0,), f"{lost} readings lost"
        assert connection.execute("select count(*) from readings").fetchone() == (len(sent),)


def unbroken(registry: Registry, rules: RuleSet, messages: list[Message]) -> tuple[list[Any], list[Any]]:
    """Transitions and changes of risk of an engine that saw the feed in one piece."""
    batch = decode(messages, Index(registry), Window(), None)
    step = Engine(registry, rules).step(batch.readings, [Tick(*tick) for tick in batch.ticks])
    return (
        sorted((str(t.id), t.rule, t.subject, t.state, t.previous, t.value) for t in step.transitions),
        sorted(
            (c.asset, c.hazard, c.time, c.level or 0, c.previous or 0, c.likelihood)
            for c in step.risk_changes
        ),
    )


def found(dsn: str) -> tuple[list[Any], list[Any]]:
    """The same out of a database."""
    with psycopg.connect(dsn) as connection:
        transitions = connection.execute(
            "select transition_id::text, rule, subject, state, previous, value from transitions"
        ).fetchall()
        changes = connection.execute(
            "select asset_id, hazard, (extract(epoch from time) * 1000000)::bigint, coalesce(level, 0),"
            " coalesce(previous_level, 0), likelihood from risk_changes"
        ).fetchall()
    return sorted(transitions), sorted(changes)
