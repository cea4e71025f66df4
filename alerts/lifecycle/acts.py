"""What people do to cases. Pure: who, when and the policy are arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts.lifecycle.case import Case, Step, alert_id, event
from alerts.lifecycle.policy import Policy
from alerts.lifecycle.steps import along, waiting
from alerts.lifecycle.table import MOVES, Edge, edge
from alerts.lifecycle.words import ENDED, OFF, UNSEEN, Cause, Kind, Refusal, Stage, State
from alerts.roles import Role
from rules.levels import RiskLevel

LEAST: Mapping[Kind, Role] = {
    **dict.fromkeys((Kind.ACKNOWLEDGED, Kind.NOTED, *MOVES), Role.UTILITY),
    **dict.fromkeys((Kind.OPENED, Kind.DISPATCHED, Kind.SHELVED, Kind.UNSHELVED), Role.OPERATOR),
    **dict.fromkeys((Kind.RESET, Kind.CLOSED), Role.OPERATOR),
}
"""The least role for each act; a shelf takes what the policy says of its level besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Somebody does something, and says why.

    until: when a shelf ends, None = as late as the policy lets it; once: or as soon as the evidence is gone.
    to: who is sent. cause: why the alarm was false. attachments: where what belongs to a note is found.
    """

    kind: Kind
    who: str
    role: Role
    why: str
    at: datetime
    until: datetime | None = None
    once: bool = False
    to: str | None = None
    cause: Cause | None = None
    attachments: tuple[str, ...] = field(default=())


def on_act(  # noqa: PLR0911, one answer a line
    case: Case, act: Act, policy: Policy
) -> tuple[Step, ...] | Refusal:
    """What an act does to a case: one step, or two where it also takes back a level given by hand."""
    if not act.role.may(LEAST[act.kind]):
        return Refusal.NOT_ALLOWED
    if act.kind is Kind.NOTED:
        return (_noted(case, act),)
    if case.state is State.CLOSED:
        return Refusal.ALREADY_CLOSED
    if act.kind in MOVES:
        return _moved(case, act)
    taken = edge(case.state, act.kind, case)
    if taken is None:
        return _misplaced(case, act.kind)
    if act.kind is Kind.SHELVED:
        return _shelved(taken, case, act, policy)
    return (along(taken, case, act.at, before=case, who=act.who, why=act.why, data=_told(act)),)


def opened(asset_id: str, hazard: str, level: RiskLevel, likelihood: int, consequence: int, act: Act) -> Step:
    """A case that a person opens: somebody called, or saw it."""
    case = Case(
        alert_id=alert_id(asset_id, hazard, act.at),
        asset_id=asset_id,
        hazard=hazard,
        state=State.CLOSED,
        found_level=None,
        given_level=level,
        worst_level=level,
        likelihood=likelihood,
        consequence=consequence,
        opened_at=act.at,
        changed_at=act.at,
        sounded=level is not RiskLevel.LOW,
        waits_at=act.at,
    )
    taken = edge(None, Kind.OPENED, case)
    assert taken is not None
    return along(taken, case, act.at, before=None, who=act.who, why=act.why)


def allowed(case: Case, role: Role, policy: Policy) -> tuple[Kind, ...]:
    """The acts that would not be refused to that role now, a note aside."""
    return tuple(
        kind for kind in _ACTS if not isinstance(on_act(case, _trial(case, kind, role), policy), Refusal)
    )


_ACTS = (Kind.ACKNOWLEDGED, Kind.SHELVED, Kind.UNSHELVED, Kind.RESET, *MOVES, Kind.CLOSED)


def _trial(case: Case, kind: Kind, role: Role) -> Act:
    return Act(kind=kind, who="", role=role, why="", at=case.changed_at)


def _shelved(taken: Edge, case: Case, act: Act, policy: Policy) -> tuple[Step, ...] | Refusal:
    handling = policy.handling(case.level or case.worst_level)
    longest = act.at + timedelta(microseconds=int(handling.longest_shelf))
    until = act.until or longest
    if not act.role.may(handling.shelved_by):
        return Refusal.NEEDS_MORE
    if until <= act.at:
        return Refusal.SHELF_IN_THE_PAST
    if until > longest:
        return Refusal.SHELVED_TOO_LONG
    after = replace(case, shelved_until=until, shelved_once=act.once, shelved_level=case.level)
    told = _told(replace(act, until=until))
    return (along(taken, after, act.at, before=case, who=act.who, why=act.why, data=told),)


def _misplaced(case: Case, kind: Kind) -> Refusal:  # noqa: PLR0911, one answer a line
    """Why the table has no edge for an act."""
    match kind:
        case Kind.ACKNOWLEDGED if case.state in OFF:
            return Refusal.NOT_ANNUNCIATED
        case Kind.ACKNOWLEDGED:
            return Refusal.ALREADY_ACKNOWLEDGED
        case Kind.SHELVED:
            return Refusal.NOT_SHELVABLE
        case Kind.UNSHELVED:
            return Refusal.NOT_SHELVED
        case Kind.RESET:
            return Refusal.NOT_LATCHED
        case Kind.CLOSED if case.level is not None:
            return Refusal.STILL_LIVE
        case Kind.CLOSED if case.state is State.LATCHED:
            return Refusal.NOT_RESET
        case Kind.CLOSED if case.state is State.RETURNED:
            return Refusal.NOT_ACKNOWLEDGED
        case _:
            return Refusal.NOT_HANDLED


def _moved(case: Case, act: Act) -> tuple[Step, ...] | Refusal:
    move = MOVES[act.kind]
    if case.stage not in move.sources:
        return Refusal.OUT_OF_TURN
    after = replace(case, stage=move.to, changed_at=act.at, events=case.events + 1)
    after = waiting(after, act.at) if case.state not in UNSEEN else after
    if move.to is Stage.DISPATCHED:
        after = replace(after, dispatched_to=act.to)
    taken_back = replace(after, given_level=None) if move.to in ENDED else after
    if taken_back.level == after.level:
        after = taken_back
    step = Step(case, event(after, act.kind, act.who, act.why, data=_told(act)), after)
    return (step,) if after is taken_back else (step, _without_the_given(after, act))


def _without_the_given(case: Case, act: Act) -> Step:
    """A level given by hand ends with the handling; what the rules say stays."""
    after = replace(case, given_level=None)
    kind = Kind.CLEARED if after.level is None else Kind.FALLEN
    taken = edge(case.state, kind, after)
    assert taken is not None, f"no edge for {kind} in {case.state}"
    return along(taken, after, act.at, before=case, who=act.who, why=act.why)


def _noted(case: Case, act: Act) -> Step:
    after = replace(case, events=case.events + 1)
    noted = event(after, Kind.NOTED, act.who, act.why, data=_told(act))
    return Step(case, replace(noted, event_time=act.at), after)


def _told(act: Act) -> Mapping[str, object]:
    """What an act says beside who and why."""
    told = {
        "until": act.until.isoformat() if act.until else None,
        "once": act.once or None,
        "to": act.to,
        "cause": act.cause.value if act.cause else None,
        "attachments": list(act.attachments) or None,
    }
    return {name: value for name, value in told.items() if value is not None}
