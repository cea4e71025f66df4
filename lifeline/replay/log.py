"""The log of a run: all that the machine said, a line of canonical JSON each, in (event time, subject) order.

The same feed gives the same log, byte for byte, however it was played. What people did or did not do in
time, what was delivered to whom, and what was found in hindsight are not in it, and of a case nothing that
depends on them: not in which state it was, whether another explained it, nor whether it closed by itself.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
from psycopg.sql import SQL

from alerts.lifecycle import Kind
from alerts.words import rfc3339
from lifeline.followed import followed
from rules.model import RiskChange, Transition

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="what"):
    time: str
    """Event time, RFC 3339 in UTC with microseconds."""
    subject: str
    """A transition's subject; of levels and alerts it is the asset."""


class Said(_Line, frozen=True, kw_only=True, tag="transition"):
    """The evidence of a rule at a subject changed."""

    rule: str
    asset: str
    hazard: str
    state: int
    previous: int
    value: float | None
    reason: str


class Graded(_Line, frozen=True, kw_only=True, tag="level"):
    """The risk level of an (asset, hazard) changed."""

    hazard: str
    level: int | None
    previous: int | None
    likelihood: int
    consequence: int


class Told(_Line, frozen=True, kw_only=True, tag="alert"):
    """A case was raised, has risen, fallen or was cleared."""

    hazard: str
    kind: str
    level: int | None


Line = Said | Graded | Told

_TRANSITIONS = """
select rule, subject, asset_id as asset, hazard, time, state, previous, value, reason
from transitions s where not retrospective
"""

_LEVELS = """
select asset_id as subject, hazard, time, level, previous_level as previous, likelihood, consequence
from risk_changes s where not retrospective
"""

_ALERTS = """
select s.asset_id as subject, s.hazard, e.event_time as time, e.level,
    case when e.kind = 'faded' then 'cleared' when e.kind in ('suppressed', 'out_of_service') then 'raised'
        else e.kind end as kind
from risk_changes s join alert_events e using (risk_change_id) where not retrospective
"""

_OF_ENTRIES = " and s.partition = %(partition)s and s.seq > %(after)s and s.seq <= %(until)s"
_AS_SAID = " order by risk_change_id"


class Entries(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of one partition's journal, after < seq <= until."""

    partition: str
    after: int
    until: int


Connection = psycopg.Connection[tuple[object, ...]]


def encoded(lines: Iterable[Line]) -> bytes:
    """The lines as a file holds them."""
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def of_engine(transitions: Iterable[Transition], changes: Iterable[RiskChange]) -> list[Line]:
    """The log of what an engine said, and of the cases that follow where nobody acknowledges anything."""
    changes = list(changes)
    once = {each.id: each for each in reversed(list(transitions))}
    return _in_order([*map(_said, once.values()), *map(_graded, changes), *_told(changes)])


def of_database(dsn: str, entries: Entries | None = None) -> list[Line]:
    """The log of all that worker and alerts wrote into a database, or of what came of some entries."""
    only = _OF_ENTRIES if entries else ""
    given = msgspec.structs.asdict(entries) if entries else {}
    with psycopg.connect(dsn) as connection:
        return _in_order(
            [
                *_read(connection, _TRANSITIONS + only, given, Said),
                *_read(connection, _LEVELS + only + _AS_SAID, given, Graded),
                *_read(connection, _ALERTS + only + _AS_SAID, given, Told),
            ]
        )


def _in_order(lines: Iterable[Line]) -> list[Line]:
    """By event time and subject; what a case came to at one moment stays in the order in which it did."""
    return sorted(lines, key=_key)


def _key(line: Line) -> tuple[object, ...]:
    if isinstance(line, Said):
        return line.time, line.subject, 0, line.rule, line.state
    return line.time, line.subject, 1 if isinstance(line, Graded) else 2, line.hazard, 0


def _said(each: Transition) -> Said:
    return Said(
        time=_written(each.time),
        subject=each.subject,
        rule=each.rule,
        asset=each.asset,
        hazard=each.hazard,
        state=each.state,
        previous=each.previous,
        value=each.value,
        reason=each.reason,
    )


def _graded(each: RiskChange) -> Graded:
    return Graded(
        time=_written(each.time),
        subject=each.asset,
        hazard=each.hazard,
        level=each.level,
        previous=each.previous,
        likelihood=each.likelihood,
        consequence=each.consequence,
    )


def _told(changes: Iterable[RiskChange]) -> Iterator[Told]:
    for step in followed(changes):
        yield Told(
            time=rfc3339(step.event.event_time),
            subject=step.case.asset_id,
            hazard=step.case.hazard,
            kind=Kind.CLEARED if step.event.kind is Kind.FADED else step.event.kind,
            level=step.event.level,
        )


def _read(connection: Connection, query: str, given: dict[str, object], kind: type[Line]) -> Iterator[Line]:
    cursor = connection.execute(SQL(query), given)
    names = [column.name for column in cursor.description or ()]
    for row in cursor:
        given = dict(zip(names, row, strict=True))
        moment = given.pop("time")
        assert isinstance(moment, datetime)
        yield msgspec.convert({**given, "time": rfc3339(moment), "what": kind.__struct_config__.tag}, kind)


def _written(time: int) -> str:
    return rfc3339(_EPOCH + timedelta(microseconds=time))
