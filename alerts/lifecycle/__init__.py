"""The life of a case: what changes of risk, people and time do to it. Pure.

``words`` names states and happenings, ``case`` holds the types, ``table`` the machine; ``risk``, ``acts`` and
``time`` take a case through it, and ``circumstances`` where something else explains it.
"""

from alerts.lifecycle.acts import LEAST, Act, allowed, on_act, opened
from alerts.lifecycle.case import (
    RULES,
    Case,
    Change,
    Covered,
    Event,
    InWindow,
    Step,
    alert_id,
)
from alerts.lifecycle.circumstances import on_circumstance, on_its_end
from alerts.lifecycle.policy import Cover, Gathering, Handling, Policy
from alerts.lifecycle.risk import follow, on_change
from alerts.lifecycle.time import awaited, awaits, due_at, on_time
from alerts.lifecycle.words import (
    ENDED,
    OFF,
    Awaited,
    Cause,
    Kind,
    Refusal,
    Stage,
    State,
)

__all__ = [
    "ENDED",
    "LEAST",
    "OFF",
    "RULES",
    "Act",
    "Awaited",
    "Case",
    "Cause",
    "Change",
    "Cover",
    "Covered",
    "Event",
    "Gathering",
    "Handling",
    "InWindow",
    "Kind",
    "Policy",
    "Refusal",
    "Stage",
    "State",
    "Step",
    "alert_id",
    "allowed",
    "awaited",
    "awaits",
    "due_at",
    "follow",
    "on_act",
    "on_change",
    "on_circumstance",
    "on_its_end",
    "on_time",
    "opened",
]
