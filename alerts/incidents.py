"""事件, incidents: what has one cause is told as one, to those who want it so. Pure.

An incident gathers the cases of one cause in one district; one that reaches several districts becomes the
city's. Who is told by incident hears when it opens, becomes worse, reaches further, is not answered in time,
and is over, however many cases that are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from alerts.lifecycle import Gathering, Kind, Step
from rules.levels import RiskLevel

_NAMESPACE = UUID("2f6c1d0a-7b36-4a4e-9c55-6a8f0d1f9b77")


class News(StrEnum):
    """Why those who are told by incident hear of a step of one of its cases."""

    OPENED = "it opened an incident"
    WORSE = "it is the worst of its incident so far"
    WIDER = "its incident has reached further districts"
    OVERDUE = "nobody has done in time what its incident waits for"
    OVER = "it was the last that was live of its incident"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What has one cause.

    district: None = the city's. told_level: the worst that was told of it. live: cases with live evidence,
    alerts: all it ever had. overdue: the highest number of a passed deadline that was told.
    """

    incident_id: UUID
    cause: str
    district: str | None
    opened_at: datetime
    last_at: datetime
    told_level: RiskLevel | None = None
    live: int = 0
    alerts: int = 0
    overdue: int = 0
    over_told: bool = False
    closed_at: datetime | None = None
    merged_into: UUID | None = None


@dataclass(slots=True)
class Book:
    """The open incidents, and which case belongs to which; changed by each step that is taken in."""

    gathering: Gathering
    incidents: dict[UUID, Incident]
    members: dict[UUID, UUID]
    """Alert to incident."""
    changed: set[UUID] = field(default_factory=set)
    moved: dict[UUID, UUID] = field(default_factory=dict)
    """Incidents whose cases all belong to another now."""

    @classmethod
    def of(cls, gathering: Gathering, incidents: Iterable[Incident], members: Mapping[UUID, UUID]) -> "Book":
        """The book as it stands in the database."""
        return cls(gathering, {each.incident_id: each for each in incidents}, dict(members))

    def take(self, step: Step, told: Kind | None, district: str | None) -> News | None:
        """Take in a step of a case, told as ``told`` to those who are told by alert; what is news of it."""
        alert = step.case.alert_id
        news = None
        if alert not in self.members:
            if step.case.level is None:
                return None
            news = self._admit(step, district)
        incident = self.incidents.get(self.members[alert])
        if incident is None:
            return None
        return self._changed(incident, step, told) or (news if told is not None else None)

    def _admit(self, step: Step, district: str | None) -> News | None:
        """Let a new case belong to the incident of what covers it, to one that is there, or to a new one."""
        at, case = step.event.event_time, step.case
        cause = self.gathering.cause(case.hazard)
        theirs = self.members.get(case.covered_by) if case.covered_by else None
        known = self.incidents.get(theirs) if theirs else self._there(cause, district, at)
        news = None
        if known is None:
            known, news = self._opened(cause, district, at)
        self._put(replace(known, alerts=known.alerts + 1))
        self.members[case.alert_id] = known.incident_id
        return news

    def _there(self, cause: str, district: str | None, at: datetime) -> Incident | None:
        fitting = [
            each for each in self._of(cause, at) if each.district is None or each.district == (district or "")
        ]
        return min(fitting, key=lambda each: (each.district is not None, each.opened_at), default=None)

    def _opened(self, cause: str, district: str | None, at: datetime) -> tuple[Incident, News]:
        others = sorted(self._of(cause, at), key=lambda each: each.opened_at)
        if len(others) + 1 < self.gathering.districts:
            name = f"{cause}\n{district or ''}\n{at.isoformat()}"
            new = Incident(
                incident_id=uuid5(_NAMESPACE, name),
                cause=cause,
                district=district or "",
                opened_at=at,
                last_at=at,
            )
            return new, News.OPENED
        first, *rest = others
        for each in rest:
            first = replace(first, live=first.live + each.live, alerts=first.alerts + each.alerts)
            self._put(replace(each, live=0, alerts=0, closed_at=at, merged_into=first.incident_id))
            self.moved[each.incident_id] = first.incident_id
        joined = {each.incident_id for each in rest}
        self.members = {
            alert: first.incident_id if of in joined else of for alert, of in self.members.items()
        }
        return replace(first, district=None), News.WIDER

    def _of(self, cause: str, at: datetime) -> list[Incident]:
        """The incidents of a cause that a case of that time can belong to."""
        linger = timedelta(microseconds=int(self.gathering.linger))
        return [
            each
            for each in self.incidents.values()
            if each.cause == cause
            and each.closed_at is None
            and (each.live > 0 or at - each.last_at <= linger)
        ]

    def _changed(self, incident: Incident, step: Step, told: Kind | None) -> News | None:
        was = step.before is not None and step.before.level is not None
        is_ = step.case.level is not None
        incident = replace(
            incident,
            live=max(incident.live + is_ - was, 0),
            last_at=max(incident.last_at, step.event.event_time),
        )
        incident, news = _told(incident, step, told)
        self._put(incident)
        return news

    def _put(self, incident: Incident) -> None:
        self.incidents[incident.incident_id] = incident
        self.changed.add(incident.incident_id)


def _told(  # noqa: PLR0911, one answer a line
    incident: Incident, step: Step, told: Kind | None
) -> tuple[Incident, News | None]:
    level = step.case.level
    if told is Kind.ESCALATED:
        number = step.event.data.get("number")
        if isinstance(number, int) and number > incident.overdue:
            return replace(incident, overdue=number), News.OVERDUE
        return incident, None
    if told is not None and incident.live == 0 and not incident.over_told:
        return replace(incident, over_told=True), News.OVER
    if told is None or level is None:
        return incident, None
    if incident.told_level is None:
        return replace(incident, told_level=level), News.OPENED
    if level < incident.told_level:
        return replace(incident, told_level=level), News.WORSE
    return incident, None
