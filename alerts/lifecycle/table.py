"""The machine as one table: what may happen in which state, on what condition, and where it leads. Pure.

docs/alerts.md shows it with the same letters, and names the call that each edge belongs to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from alerts.lifecycle.case import Case
from alerts.lifecycle.words import ENDED, Kind, Stage, State
from rules.levels import RiskLevel

U, A, R, L = State.UNACKNOWLEDGED, State.ACKNOWLEDGED, State.RETURNED, State.LATCHED
S, D, O, N, C = State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE, State.NORMAL, State.CLOSED  # noqa: E741


class Condition(StrEnum):
    """What must hold of a case, its new level taken in, for an edge to be taken."""

    LIVE = "evidence is live"
    MAJOR = "it is major"
    BEYOND = "it is worse than what was shelved"
    TIMED = "it is shelved until a time, come what may"
    LATCHES = "it latches, and was major"
    HANDLED = "its handling is open"
    ENDED = "its handling has ended"


HOLDS: Mapping[Condition, Callable[[Case], bool]] = {
    Condition.LIVE: lambda case: case.level is not None,
    Condition.MAJOR: lambda case: case.level is RiskLevel.MAJOR,
    Condition.BEYOND: lambda case: (
        case.level is not None and case.shelved_level is not None and case.level < case.shelved_level
    ),
    Condition.TIMED: lambda case: not case.shelved_once,
    Condition.LATCHES: lambda case: case.latching and case.worst_level is RiskLevel.MAJOR,
    Condition.HANDLED: lambda case: case.stage is not Stage.NONE,
    Condition.ENDED: lambda case: case.stage in ENDED,
}


@dataclass(frozen=True, slots=True)
class Edge:
    """One edge of the machine: its letter in docs/alerts.md, where it leads and when, and why in words."""

    letter: str
    source: State | None
    kind: Kind
    to: State
    why: str
    when: Condition | None = None


_CLEARED = "no live evidence left"

TABLE = (
    Edge("a", None, Kind.RAISED, U, "evidence appeared"),
    Edge("b", U, Kind.RISEN, U, "the level rose"),
    Edge("c", U, Kind.FALLEN, U, "the level fell"),
    Edge("d", U, Kind.ACKNOWLEDGED, A, "acknowledged"),
    Edge("e", A, Kind.FALLEN, A, "the level fell"),
    Edge("f", A, Kind.RISEN, U, "the level rose after it was acknowledged"),
    Edge("g", A, Kind.CLEARED, L, f"{_CLEARED}; it has to be reset", Condition.LATCHES),
    Edge("h", A, Kind.CLEARED, N, _CLEARED, Condition.HANDLED),
    Edge("i", A, Kind.CLEARED, C, _CLEARED),
    Edge("j", U, Kind.CLEARED, R, _CLEARED),
    Edge("k", U, Kind.FADED, N, f"{_CLEARED}, and it was never sounded", Condition.HANDLED),
    Edge("l", U, Kind.FADED, C, f"{_CLEARED}, and it was never sounded"),
    Edge("m", R, Kind.RAISED, U, "evidence appeared again"),
    Edge("n", R, Kind.ACKNOWLEDGED, L, "acknowledged; it has to be reset", Condition.LATCHES),
    Edge("o", R, Kind.ACKNOWLEDGED, N, "acknowledged", Condition.HANDLED),
    Edge("p", R, Kind.ACKNOWLEDGED, C, "acknowledged"),
    Edge("q", L, Kind.RAISED, U, "evidence appeared again"),
    Edge("r", L, Kind.RESET, N, "reset", Condition.HANDLED),
    Edge("s", L, Kind.RESET, C, "reset"),
    Edge("t", N, Kind.RAISED, U, "evidence appeared again while it was being handled"),
    Edge("u", N, Kind.CLOSED, C, "closed", Condition.ENDED),
    Edge("v", C, Kind.RAISED, U, "evidence appeared again at the same moment"),
    Edge("w", A, Kind.REALARMED, U, "it is still live, and nobody is on the way"),
    Edge("x", None, Kind.OPENED, A, "opened by hand"),
    # shelved: a person has put it aside
    Edge("aa", U, Kind.SHELVED, S, "shelved"),
    Edge("ab", A, Kind.SHELVED, S, "shelved"),
    Edge("ac", S, Kind.RISEN, U, "the level rose above what was shelved", Condition.BEYOND),
    Edge("ad", S, Kind.RISEN, S, "the level rose, on the shelf"),
    Edge("ae", S, Kind.FALLEN, S, "the level fell, on the shelf"),
    Edge("af", S, Kind.CLEARED, S, f"{_CLEARED}, on the shelf", Condition.TIMED),
    Edge("ag", S, Kind.CLEARED, L, f"{_CLEARED}; it has to be reset", Condition.LATCHES),
    Edge("ah", S, Kind.CLEARED, N, _CLEARED, Condition.HANDLED),
    Edge("ai", S, Kind.CLEARED, C, _CLEARED),
    Edge("aj", S, Kind.RAISED, U, "evidence appeared, worse than what was shelved", Condition.BEYOND),
    Edge("ak", S, Kind.RAISED, S, "evidence appeared again, on the shelf"),
    Edge("al", S, Kind.UNSHELVED, U, "taken off the shelf", Condition.LIVE),
    Edge("am", S, Kind.UNSHELVED, L, "taken off the shelf; it has to be reset", Condition.LATCHES),
    Edge("an", S, Kind.UNSHELVED, N, "taken off the shelf", Condition.HANDLED),
    Edge("ao", S, Kind.UNSHELVED, C, "taken off the shelf"),
    # suppressed by design: another case explains it
    Edge("ba", None, Kind.SUPPRESSED, D, "evidence appeared, and another case explains it"),
    Edge("bb", U, Kind.SUPPRESSED, D, "another case explains it"),
    Edge("bc", D, Kind.RISEN, U, "the level rose to major, which nothing may hide", Condition.MAJOR),
    Edge("bd", D, Kind.RISEN, D, "the level rose, and another case explains it"),
    Edge("be", D, Kind.FALLEN, D, "the level fell, and another case explains it"),
    Edge("bf", D, Kind.CLEARED, N, _CLEARED, Condition.HANDLED),
    Edge("bg", D, Kind.CLEARED, C, _CLEARED),
    Edge("bh", D, Kind.UNSUPPRESSED, U, "what explained it is over, and it is still live"),
    Edge("bi", D, Kind.SUPPRESSED, D, "now another case explains it"),
    # out of service: under maintenance
    Edge("ca", None, Kind.OUT_OF_SERVICE, O, "evidence appeared during maintenance"),
    Edge("cb", U, Kind.OUT_OF_SERVICE, O, "maintenance began"),
    Edge("cc", A, Kind.OUT_OF_SERVICE, O, "maintenance began"),
    Edge("cd", S, Kind.OUT_OF_SERVICE, O, "maintenance began"),
    Edge("ce", D, Kind.OUT_OF_SERVICE, O, "maintenance began"),
    Edge("cf", O, Kind.RISEN, O, "the level rose during maintenance"),
    Edge("cg", O, Kind.FALLEN, O, "the level fell during maintenance"),
    Edge("ch", O, Kind.CLEARED, N, _CLEARED, Condition.HANDLED),
    Edge("ci", O, Kind.CLEARED, C, _CLEARED),
    Edge("cj", O, Kind.IN_SERVICE, U, "maintenance is over, and it is still live"),
    # found in late data: over, to be seen, never sounded
    Edge("da", None, Kind.FOUND, R, "found in late data, after it was over"),
    Edge("db", None, Kind.FADED, C, "found in late data, and never worse than low"),
    Edge("dc", U, Kind.FOUND, U, "found in late data"),
    Edge(
        "dd",
        A,
        Kind.FOUND,
        U,
        "found in late data: it was worse than was known when it was acknowledged",
    ),
    Edge("de", R, Kind.FOUND, R, "found in late data"),
    Edge("df", L, Kind.FOUND, L, "found in late data"),
    Edge("dg", S, Kind.FOUND, S, "found in late data"),
    Edge("dh", D, Kind.FOUND, D, "found in late data"),
    Edge("di", O, Kind.FOUND, O, "found in late data"),
    Edge("dj", N, Kind.FOUND, N, "found in late data"),
    Edge("dk", C, Kind.FOUND, R, "found in late data, of the same moment"),
)


def edges(state: State | None, kind: Kind) -> tuple[Edge, ...]:
    """The edges of a state for what happens, in the order in which their conditions are asked."""
    return _EDGES.get((state, kind), ())


def edge(state: State | None, kind: Kind, case: Case) -> Edge | None:
    """The edge that is taken where ``kind`` happens to ``case``; None if the table has none."""
    return next((each for each in edges(state, kind) if each.when is None or HOLDS[each.when](case)), None)


_EDGES: dict[tuple[State | None, Kind], tuple[Edge, ...]] = {}
for _each in TABLE:
    _EDGES[_each.source, _each.kind] = (*_EDGES.get((_each.source, _each.kind), ()), _each)


@dataclass(frozen=True, slots=True)
class Move:
    """One step of the handling: from which stages, to which."""

    kind: Kind
    sources: frozenset[Stage]
    to: Stage


MOVES: Mapping[Kind, Move] = {
    move.kind: move
    for move in (
        Move(Kind.DISPATCHED, frozenset(Stage) - {Stage.ON_SITE, Stage.VERIFIED}, Stage.DISPATCHED),
        Move(Kind.RECEIVED, frozenset({Stage.DISPATCHED}), Stage.RECEIVED),
        Move(Kind.ARRIVED, frozenset({Stage.DISPATCHED, Stage.RECEIVED}), Stage.ON_SITE),
        Move(Kind.VERIFIED, frozenset({Stage.ON_SITE}), Stage.VERIFIED),
        Move(Kind.DISMISSED, frozenset(Stage) - {Stage.VERIFIED} - ENDED, Stage.FALSE_ALARM),
        Move(Kind.RESOLVED, frozenset({Stage.VERIFIED}), Stage.RESOLVED),
    )
}
