"""The words of a case's life: its states by ISA-18.2, the stages of its handling, what can happen to it."""

from enum import StrEnum


class State(StrEnum):
    """Where a case stands, in the states of ISA-18.2 / IEC 62682; no case at all is the standard's normal."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    """Its evidence is gone, and nobody has acknowledged it yet."""
    LATCHED = "latched"
    """Its evidence is gone and it was acknowledged; somebody has to reset it."""
    SHELVED = "shelved"
    """A person has put it aside, until a time or until its evidence is gone."""
    SUPPRESSED = "suppressed"
    """Suppressed by design: another case explains it."""
    OUT_OF_SERVICE = "out_of_service"
    """Under maintenance."""
    NORMAL = "normal"
    """Its evidence is gone and it was acknowledged; its handling is still open."""
    CLOSED = "closed"


OFF = frozenset({State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE})
"""Nothing is annunciated in these, and evaluation goes on."""


UNSEEN = frozenset({State.UNACKNOWLEDGED, State.RETURNED})
"""Somebody has to acknowledge it."""


class Stage(StrEnum):
    """How far the handling of a case has come."""

    NONE = "none"
    DISPATCHED = "dispatched"
    RECEIVED = "received"
    ON_SITE = "on_site"
    VERIFIED = "verified"
    FALSE_ALARM = "false_alarm"
    RESOLVED = "resolved"


ENDED = frozenset({Stage.FALSE_ALARM, Stage.RESOLVED})
"""Nothing is left to do but to close the case."""


class Kind(StrEnum):
    """What can happen to a case."""

    RAISED = "raised"
    RISEN = "risen"
    FALLEN = "fallen"
    CLEARED = "cleared"
    FADED = "faded"
    """Cleared, and never sounded: nobody has to acknowledge what nobody was told."""
    FOUND = "found"
    """Found in late data: it was so, and nobody knew. It is never sounded."""
    SUPPRESSED = "suppressed"
    UNSUPPRESSED = "unsuppressed"
    OUT_OF_SERVICE = "out_of_service"
    IN_SERVICE = "in_service"
    REALARMED = "realarmed"
    ESCALATED = "escalated"

    OPENED = "opened"
    """By hand: somebody called, or saw it."""
    ACKNOWLEDGED = "acknowledged"
    SHELVED = "shelved"
    UNSHELVED = "unshelved"
    RESET = "reset"
    DISPATCHED = "dispatched"
    RECEIVED = "received"
    ARRIVED = "arrived"
    VERIFIED = "verified"
    DISMISSED = "dismissed"
    """A false alarm, with its cause."""
    RESOLVED = "resolved"
    CLOSED = "closed"
    NOTED = "noted"


class Awaited(StrEnum):
    """What a case waits for people to do, each with a deadline by level."""

    ACKNOWLEDGEMENT = "acknowledgement"
    DISPATCH = "dispatch"
    RECEIPT = "receipt"
    ARRIVAL = "arrival"
    VERIFICATION = "verification"
    RESOLUTION = "resolution"
    CLOSING = "closing"


class Cause(StrEnum):
    """Why an alarm was false."""

    SENSOR_FAULT = "sensor-fault"
    INSTALLATION = "installation"
    INTERFERENCE = "interference"
    MAINTENANCE = "maintenance"
    PLANNED_OPERATION = "planned-operation"
    RULE = "rule"
    OTHER = "other"


class Refusal(StrEnum):
    """Why something changed nothing."""

    UNCHANGED = "the level is what it was"
    NOTHING_LIVE = "no evidence was live"
    ALREADY_ACKNOWLEDGED = "it has been acknowledged already"
    ALREADY_CLOSED = "it is closed"
    NOT_WORSE = "it was acknowledged knowing of something as bad"
    ALREADY_OPEN = "a case of this asset and hazard is open already"
    STILL_LIVE = "its evidence is live: shelve it, or take its asset out of service"
    NOT_ACKNOWLEDGED = "nobody has acknowledged it"
    NOT_HANDLED = "its handling has not ended: resolve it, or dismiss it as a false alarm"
    NOT_SHELVED = "it is not shelved"
    NOT_RESET = "it has to be reset first"
    NOT_LATCHED = "it is not latched"
    NOT_ANNUNCIATED = "it is shelved, suppressed or out of service"
    NOT_HIDDEN = "it is major, which nothing may hide"
    NOT_SHELVABLE = "only what is live and annunciated can be shelved"
    OUT_OF_TURN = "its handling has not come that far, or is past it"
    SHELVED_TOO_LONG = "its level may not be shelved that long"
    SHELF_IN_THE_PAST = "the shelf would end before it begins"
    NOT_ALLOWED = "not for one of this role"
    NEEDS_MORE = "its level may not be shelved by one of this role"
