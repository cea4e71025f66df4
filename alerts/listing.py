"""What the API shows of cases: a page of the list, one case with its events and deliveries."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts import record, words
from alerts.database import Connection
from alerts.lifecycle import Awaited, Cause, Kind, Policy, Stage, State, allowed
from alerts.roles import Caller

_COLUMNS = """
select a.*, s.name as asset_name, s.name_en as asset_name_en, s.kind as asset_kind,
    s.domain, s.district, s.longitude, s.latitude,
    s.utility_id, u.name as utility_name, u.name_en as utility_name_en
from alerts a
left join assets s using (asset_id)
left join utilities u using (utility_id)
"""

_PAGE = (
    _COLUMNS
    + """
where (%(states)s::text[] is null or a.state = any(%(states)s))
    and (%(stages)s::text[] is null or a.stage = any(%(stages)s))
    and (%(levels)s::smallint[] is null or coalesce(a.level, a.worst_level) = any(%(levels)s))
    and (%(domain)s::text is null or s.domain = %(domain)s)
    and (%(district)s::text is null or s.district = %(district)s)
    and (%(utility)s::text is null or s.utility_id = %(utility)s)
    and (%(asset)s::text is null or a.asset_id = %(asset)s)
    and (%(incident)s::uuid is null or a.incident_id = %(incident)s)
    and (%(own)s::text is null or s.utility_id = %(own)s)
    and (%(ids)s::uuid[] is null or a.alert_id = any(%(ids)s))
    and (%(before)s::timestamptz is null or (a.opened_at, a.alert_id) < (%(before)s, %(before_id)s::uuid))
order by a.opened_at desc, a.alert_id desc
limit %(limit)s
"""
)

_ONE = _COLUMNS + "where a.alert_id = %(alert_id)s and (%(own)s::text is null or s.utility_id = %(own)s)"
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
    """Part of the list, newest first; ``next`` is the cursor of the part after it, null at the end."""

    alerts: tuple[Alert, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases are wanted; an empty field asks for all.

    level: the present one, or the worst it had once no evidence is live. own: the only utility whose
    assets the caller may see.
    """

    states: Sequence[str] = ()
    stages: Sequence[str] = ()
    levels: Sequence[int] = ()
    domain: str | None = None
    district: str | None = None
    utility: str | None = None
    asset: str | None = None
    own: str | None = None
    ids: Sequence[UUID] = ()
    incident: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place in the list after a case."""

    opened_at: datetime
    alert_id: UUID

    def encode(self) -> str:
        """As the API gives it out."""
        text = f"{self.opened_at.isoformat()} {self.alert_id}"
        return base64.urlsafe_b64encode(text.encode()).decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The place that ``encode`` wrote.

        Raises:
            ValueError: it did not.
        """
        time, _, alert_id = base64.b64decode(text, altchars=b"-_", validate=True).decode().partition(" ")
        opened_at = datetime.fromisoformat(time)
        if opened_at.tzinfo is None:
            raise ValueError("no time zone")
        return cls(opened_at, UUID(alert_id))


async def page(connection: Connection, wanted: Filter, after: Cursor | None, limit: int) -> Page:
    """The newest ``limit`` cases after a place in the list."""
    parameters = {
        "states": list(wanted.states) or None,
        "stages": list(wanted.stages) or None,
        "levels": list(wanted.levels) or None,
        "domain": wanted.domain,
        "district": wanted.district,
        "asset": wanted.asset,
        "incident": wanted.incident,
        "utility": wanted.utility,
        "own": wanted.own,
        "ids": list(wanted.ids) or None,
        "before": after.opened_at if after else None,
        "before_id": after.alert_id if after else None,
        "limit": limit + 1,
    }
    rows = await (await connection.execute(_PAGE, parameters)).fetchall()
    more = len(rows) > limit
    last = rows[limit - 1] if more else None
    return Page(
        alerts=tuple(Alert(**_alert(row)) for row in rows[:limit]),
        next=Cursor(last["opened_at"], last["alert_id"]).encode() if last else None,
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
