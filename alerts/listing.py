"""What the API shows of cases: a page of the list, one case with its events and deliveries."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from alerts import record, search, words
from alerts.database import Connection
from alerts.lifecycle import Awaited, Cause, Kind, Policy, Stage, State, allowed
from alerts.roles import Caller
from alerts.search import COLUMNS, Cursor, Filter, Sort

_ONE = COLUMNS + "where a.alert_id = %(alert_id)s and (%(own)s::text is null or s.utility_id = %(own)s)"
_EVENTS = "select * from alert_events where alert_id = %s order by number"
_DELIVERIES = """
select d.* from deliveries d join alert_events e using (event_id)
where e.alert_id = %s order by e.number, d.receiver
"""


class Alert(words.Word):
    """A case as it is listed."""

    id: UUID
    state: State
    stage: Stage
    level: words.Level | None
    worst_level: words.Level
    hazard: words.Named
    asset: words.Asset
    utility: words.Named | None
    likelihood: int
    consequence: int
    opened_at: words.Time
    changed_at: words.Time
    sounded: bool
    """Whether it was ever worse than low while it was live; false for what was found in late data."""
    acknowledged_at: words.Time | None
    awaits: Awaited | None
    """What people are to do next; null = nothing."""
    waits_at: words.Time
    escalations: int
    """Deadlines of that which have passed."""
    due_at: words.Time | None
    """When time next does something: a deadline passes, a shelf ends, it sounds again."""
    shelved_until: words.Time | None
    shelved_once: bool
    covered_by: UUID | None
    """The case that explains it, while it is suppressed."""
    incident_id: UUID | None
    """What it has one cause with; null = it was never live."""
    window_id: UUID | None
    """The maintenance, while it is out of service."""
    dispatched_to: str | None
    events: int
    """How many there are: its version, and its ETag."""


class Event(words.Word):
    """One step of a case."""

    id: UUID
    number: int
    kind: str
    who: str
    why: str
    state: State
    level: words.Level | None
    event_time: words.Time
    wall_time: words.Time
    stage: Stage | None
    evidence: tuple[words.Evidence, ...]
    until: str | None
    """Of a shelf."""
    once: bool | None
    to: str | None
    """Who was sent."""
    cause: Cause | None = None
    """Why the alarm was false."""
    attachments: tuple[str, ...]
    awaits: Awaited | None
    """What was not done in time."""


class Delivery(words.Word):
    """One message to one receiver, and what became of it."""

    id: UUID
    event_id: UUID
    receiver: str
    kind: str
    state: str
    attempts: int
    last_error: str | None
    next_try_at: words.Time | None
    receipt: str | None
    queued_at: words.Time
    finished_at: words.Time | None


class AlertInFull(Alert):
    """A case with all that happened to it."""

    acts: tuple[Kind, ...]
    """What the caller may do with it now, a note aside."""
    history: tuple[Event, ...]
    deliveries: tuple[Delivery, ...]


class Page(words.Word):
    """Part of the list; ``next`` is the cursor of the part after it, null at the end."""

    alerts: tuple[Alert, ...]
    next: str | None


async def page(connection: Connection, wanted: Filter, sort: Sort, after: Cursor | None, limit: int) -> Page:
    """The first ``limit`` cases after a place in the list."""
    query, given = search.statement(wanted, sort, after, limit + 1)
    rows = await (await connection.execute(query.encode(), given)).fetchall()
    last = rows[limit - 1] if len(rows) > limit else None
    following = last and Cursor(last["opened_at"], last["alert_id"], sort, last["rank"])
    return Page(
        alerts=tuple(Alert(**_alert(row)) for row in rows[:limit]),
        next=following.encode() if following else None,
    )


async def one(connection: Connection, alert_id: UUID, caller: Caller, policy: Policy) -> AlertInFull | None:
    """A case with all that happened to it; None if there is none that the caller may see."""
    given = {"alert_id": alert_id, "own": caller.utility}
    row = await (await connection.execute(_ONE, given)).fetchone()
    if row is None:
        return None
    events = await (await connection.execute(_EVENTS, [alert_id])).fetchall()
    deliveries = await (await connection.execute(_DELIVERIES, [alert_id])).fetchall()
    return AlertInFull(
        **_alert(row),
        acts=allowed(record.read(row), caller.role, policy),
        history=tuple(_event(each) for each in events),
        deliveries=tuple(Delivery(id=each["delivery_id"], **each) for each in deliveries),
    )


def _alert(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "id": row["alert_id"],
        "level": words.level(row["level"]),
        "worst_level": words.Level.of(row["worst_level"]),
        "hazard": words.hazard(row["hazard"]),
        "asset": words.asset(row),
        "utility": words.utility(row),
    }


def _event(row: Mapping[str, Any]) -> Event:
    data = row["data"]
    graded = {"level": words.level(row["level"]), "evidence": words.evidence(data)}
    said = {name: data.get(name) for name in ("stage", "until", "once", "to", "awaits")}
    if row["kind"] == Kind.DISMISSED:  # of a change of risk, the cause is the transition that made it
        said["cause"] = data["cause"]
    attached = {"attachments": data.get("attachments") or ()}
    return Event(**{**row, **graded, **said, **attached, "id": row["event_id"]})
