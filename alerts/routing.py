"""Who gets a message about a case, and which. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid5

from alerts.lifecycle import Kind, Step

EVERYBODY = "*"
"""The utility of a receiver that gets every utility's alerts."""


class Decision(StrEnum):
    """Why a receiver gets a message, or does not."""

    DELIVER = "it receives for the utility that owns the asset"
    NOT_ITS_UTILITY = "it receives for another utility"
    ONLY_DRILLS = "it receives drills only, and this is none"
    NO_DRILLS = "this is a drill, and it receives none"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a utility's alerts go.

    utility: its id, or ``*`` for all. url: where they are posted. secret: the HMAC key that both sides
    hold. drill: it receives from replay databases, and from those only.
    """

    id: str
    utility: str
    url: str
    secret: bytes = field(repr=False)
    drill: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message of one event to one receiver; its id is the key by which a repeated one is known."""

    delivery_id: UUID
    event_id: UUID
    alert_id: UUID
    receiver: str
    kind: Kind


def decide(receiver: Receiver, owner: str | None, *, drill: bool) -> Decision:
    """Whether a receiver gets what concerns an asset of ``owner``, and why."""
    if receiver.utility not in (EVERYBODY, owner):
        return Decision.NOT_ITS_UTILITY
    if receiver.drill and not drill:
        return Decision.ONLY_DRILLS
    if drill and not receiver.drill:
        return Decision.NO_DRILLS
    return Decision.DELIVER


def told_as(step: Step) -> Kind | None:
    """What a receiver is told has happened; None while a case has never been worse than low and live.

    A low case that rises is news to whoever hears of it then, so it is told as newly raised. What was found
    in late data is over, and told to nobody.
    """
    if step.event.kind is Kind.FOUND or not step.case.sounded:
        return None
    was_silent = step.before is None or not step.before.sounded
    return Kind.RAISED if was_silent else step.event.kind


def deliveries(
    step: Step, owner: str | None, receivers: Iterable[Receiver], *, drill: bool
) -> Iterator[Delivery]:
    """The messages that a step of a case makes."""
    kind = told_as(step)
    if kind is None:
        return
    event = step.event
    for receiver in receivers:
        if decide(receiver, owner, drill=drill) is Decision.DELIVER:
            delivery_id = uuid5(event.event_id, receiver.id)
            yield Delivery(delivery_id, event.event_id, event.alert_id, receiver.id, kind)
