"""Who gets a message about a case, and which. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import get_args
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from alerts import tables
from alerts.incidents import News
from alerts.lifecycle import OFF, Kind, Step
from rules.levels import RiskLevel

ESCALATED = "escalated"
_DAYS = get_args(tables.Day)


class Decision(StrEnum):
    """Why a receiver gets a message, or does not."""

    DELIVER = "a route leads to it"
    NO_ROUTE = "no route leads to it"
    ONLY_DRILLS = "it receives drills only, and this is none"
    NO_DRILLS = "this is a drill, and it receives none"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where messages go. drill: it receives from replay databases, and from those only."""

    id: str
    drill: bool
    table: tables.Table
    secrets: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What is to be told, as far as routes look at it; level: the worst that the alert has had."""

    domain: str | None
    district: str | None
    utility: str | None
    hazard: str
    level: RiskLevel
    kind: str
    escalation: int | None
    time: datetime
    news: News | None = None
    """Of its incident."""


@dataclass(frozen=True, slots=True)
class Place:
    """What the registry knows of an asset that routes look at."""

    domain: str | None
    district: str | None
    utility: str | None


@dataclass(frozen=True, slots=True)
class Route:
    """A route with its place in the file, from 0."""

    index: int
    table: tables.Route

    def against(self, occasion: Occasion, zone: ZoneInfo) -> str | None:
        """The first thing that keeps the occasion from this route; None = it matches."""
        return next(_against(self.table, occasion, occasion.time.astimezone(zone)), None)


@dataclass(frozen=True, slots=True)
class Choice:
    """Whether a receiver is told, and what each route to it said."""

    receiver: Receiver
    decision: Decision
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message of one event to one receiver; its id is the key by which a repeated one is known."""

    delivery_id: UUID
    event_id: UUID
    alert_id: UUID
    receiver: str
    kind: Kind
    urgent: bool
    """It is of a major alert: it goes before what is not."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is told: receivers, and the routes that lead to them; sender: how CAP documents name us."""

    receivers: tuple[Receiver, ...] = ()
    routes: tuple[Route, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    sender: str = "lifeline"

    def choose(self, occasion: Occasion, *, drill: bool) -> list[Choice]:
        """What becomes of an occasion at each receiver, and why."""
        against = [(route, route.against(occasion, self.zone)) for route in self.routes]
        return [self._choice(receiver, against, drill=drill) for receiver in self.receivers]

    def _choice(self, receiver: Receiver, against: list[tuple[Route, str | None]], *, drill: bool) -> Choice:
        own = [(route, why) for route, why in against if receiver.id in route.table.to]
        said = tuple(f"route[{route.index}] {why or 'matches'}" for route, why in own)
        decision = role(receiver, drill=drill)
        if decision is Decision.DELIVER and all(why is not None for _, why in own):
            decision = Decision.NO_ROUTE
        return Choice(receiver, decision, said)

    def deliveries(
        self, step: Step, place: Place, *, drill: bool, news: News | None = None
    ) -> Iterator[Delivery]:
        """The messages that a step of a case makes. news: what it is to those who are told by incident."""
        kind = told_as(step)
        if kind is None:
            return
        event, urgent = step.event, step.case.level is RiskLevel.MAJOR
        for choice in self.choose(replace(occasion(step, kind, place), news=news), drill=drill):
            if choice.decision is Decision.DELIVER:
                receiver = choice.receiver.id
                delivery_id = uuid5(event.event_id, receiver)
                yield Delivery(delivery_id, event.event_id, event.alert_id, receiver, kind, urgent)


def role(receiver: Receiver, *, drill: bool) -> Decision:
    """Whether a receiver has a part in this database at all: drills and real alerts never mix."""
    if receiver.drill and not drill:
        return Decision.ONLY_DRILLS
    if drill and not receiver.drill:
        return Decision.NO_DRILLS
    return Decision.DELIVER


def occasion(step: Step, kind: Kind, place: Place) -> Occasion:
    """What routes see of a step that is told as ``kind``."""
    number = step.event.data.get("number")
    return Occasion(
        place.domain,
        place.district,
        place.utility,
        step.case.hazard,
        step.case.worst_level,
        kind,
        number if isinstance(number, int) else None,
        step.event.event_time,
    )


HANDLING = frozenset({Kind.ESCALATED, Kind.DISPATCHED, Kind.DISMISSED, Kind.RESOLVED, Kind.CLOSED})
"""Told of a case that is not annunciated too: somebody is on the way, and has to know."""

_BACK = frozenset({Kind.UNSHELVED, Kind.UNSUPPRESSED, Kind.IN_SERVICE})
_RISK = frozenset({Kind.RAISED, Kind.RISEN, Kind.FALLEN, Kind.CLEARED, Kind.REALARMED, Kind.ACKNOWLEDGED})


def told_as(step: Step) -> Kind | None:
    """What a receiver is told has happened; None while a case has never been worse than low and annunciated.

    A case that was silent until now is news to whoever hears of it, so it is told as newly raised. What was
    found in late data is over, and told to nobody; so is what happens on a shelf, under suppression or
    maintenance, until it is back.
    """
    kind = step.event.kind
    if kind is Kind.FOUND or not step.case.sounded:
        return None
    if kind in HANDLING:
        return kind
    if step.case.state in OFF:
        return None
    if step.before is None or not step.before.sounded:
        return Kind.RAISED
    if kind in _BACK:
        return Kind.CLEARED if step.case.level is None else Kind.REALARMED
    return kind if kind in _RISK else None


def _against(route: tables.Route, occasion: Occasion, local: datetime) -> Iterator[str]:
    for name in ("domain", "district", "utility", "hazard"):
        wanted, is_ = getattr(route, name), getattr(occasion, name)
        if wanted and is_ not in wanted:
            yield f"wants {name} {' or '.join(wanted)}, not {is_ or 'an unknown one'}"
    worst, least = RiskLevel[route.worst.upper()], RiskLevel[route.least.upper()]
    if not worst <= occasion.level <= least:
        yield f"wants levels from {route.worst} to {route.least}, not {occasion.level.english}"
    yield from _against_kind(route, occasion)
    yield from _against_time(route, local)


def _against_kind(route: tables.Route, occasion: Occasion) -> Iterator[str]:
    if occasion.kind == ESCALATED and route.escalation is None:
        yield "hears of no missed deadlines"
    elif route.escalation is not None and occasion.kind != ESCALATED:
        yield "hears of missed deadlines only"
    elif route.escalation is not None and route.escalation != occasion.escalation:
        yield f"wants missed deadline {route.escalation}, not {occasion.escalation}"
    elif route.per == "incident" and occasion.news is None:
        yield "is told by incident, and this is no news of one"
    elif route.kinds and occasion.kind not in route.kinds:
        yield f"wants {' or '.join(route.kinds)}, not {occasion.kind}"


def _against_time(route: tables.Route, local: datetime) -> Iterator[str]:
    day = local
    if route.hours is not None:
        begin, end = (time.fromisoformat(each) for each in route.hours.split("-"))
        now = local.time()
        late = end <= begin
        if not (now >= begin or now < end if late else begin <= now < end):
            yield f"wants hours {route.hours}, not {local:%H:%M}"
        if late and now < end:
            day = local - timedelta(days=1)
    if route.days and _DAYS[day.weekday()] not in route.days:
        yield f"wants {' or '.join(route.days)}, not {_DAYS[day.weekday()]}"
