"""What changes of risk, and what explains them, do to cases. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from alerts.lifecycle.case import RULES, Case, Change, Covered, InWindow, Step, alert_id, event
from alerts.lifecycle.steps import along, arrived
from alerts.lifecycle.table import edge
from alerts.lifecycle.words import Kind, Refusal, State
from rules.levels import RiskLevel


class Explain(Protocol):
    """Knows why changes need not be annunciated."""

    def of(self, change: Change) -> Covered | InWindow | None:
        """Why a change is not to be annunciated, if it is not."""

    def saw(self, step: Step) -> None:
        """Take in what followed of a change."""


def follow(
    cases: Iterable[Case], changes: Iterable[Change], explain: Explain | None = None
) -> list[Step | Refusal]:
    """What each of the changes, in their order, does to the cases as they stand before the first."""
    standing = {(case.asset_id, case.hazard): case for case in cases}
    results: list[Step | Refusal] = []
    for change in changes:
        key = change.asset_id, change.hazard
        case = _its_case(standing.get(key), change)
        if explain is not None and case is None:
            change = replace(change, circumstance=explain.of(change))  # noqa: PLW2901
        result = on_change(case, change)
        if isinstance(result, Step):
            standing[key] = result.case
            if explain is not None:
                explain.saw(result)
        results.append(result)
    return results


def on_change(case: Case | None, change: Change) -> Step | Refusal:
    """Take a change of risk into the case it belongs to, or open one."""
    if change.retrospective:
        return _on_finding(case, change)
    after = _graded(case or _new(change), change)
    kind = _kind(case, after, change)
    if isinstance(kind, Refusal):
        return kind
    if kind is Kind.SUPPRESSED and isinstance(change.circumstance, Covered):
        after = replace(after, covered_by=change.circumstance.by)
    if kind is Kind.OUT_OF_SERVICE and isinstance(change.circumstance, InWindow):
        after = replace(after, window_id=change.circumstance.window_id)
    taken = edge(case.state if case else None, kind, after)
    assert taken is not None, f"no edge for {kind} in {case and case.state}"
    explained = change.circumstance is not None and kind in (Kind.SUPPRESSED, Kind.OUT_OF_SERVICE)
    return along(
        taken,
        after,
        change.time,
        before=case,
        who=RULES,
        why=f"{taken.why}: {change.circumstance.why}" if explained and change.circumstance else None,
        heard_at=change.heard_at,
        risk_change_id=change.risk_change_id,
        data=change.data,
    )


def _on_finding(case: Case | None, change: Change) -> Step | Refusal:
    """Take what was found in late data: it is over, so what is live of the case stays as it is."""
    assert change.level is not None
    if case is not None and case.state is State.ACKNOWLEDGED and change.level >= case.worst_level:
        return Refusal.NOT_WORSE
    low = change.level is RiskLevel.LOW
    if low and case is not None and case.state is State.CLOSED:
        return Refusal.ALREADY_CLOSED
    kind = Kind.FADED if low and case is None else Kind.FOUND
    known = case or _new(change)
    known = replace(known, worst_level=min(known.worst_level, change.level), events=known.events + 1)
    taken = edge(case.state if case else None, kind, known)
    assert taken is not None
    after = replace(arrived(taken, known, case, change.heard_at or change.time), sounded=known.sounded)
    found = event(after, kind, RULES, taken.why, risk_change_id=change.risk_change_id, data=change.data)
    graded = {**found.data, "likelihood": change.likelihood, "consequence": change.consequence}
    return Step(case, replace(found, event_time=change.time, level=change.level, data=graded), after)


def _its_case(case: Case | None, change: Change) -> Case | None:
    # A closed case stays closed, except at the very moment at which it opened, whose id is taken.
    over = case is not None and case.state is State.CLOSED and case.opened_at != change.time
    return None if over else case


def _kind(case: Case | None, after: Case, change: Change) -> Kind | Refusal:
    """What a change is to a case, or why it is nothing; compared are the levels that people see."""
    before = case.level if case else None
    if after.level is None:
        if case is None or before is None:
            return Refusal.NOTHING_LIVE
        silent = case.state is State.UNACKNOWLEDGED and case.worst_level is RiskLevel.LOW
        return Kind.FADED if silent else Kind.CLEARED
    if before is None:
        return _appears(case, after, change)
    if after.level == before:
        return Refusal.UNCHANGED
    return Kind.RISEN if after.level < before else Kind.FALLEN


def _appears(case: Case | None, after: Case, change: Change) -> Kind:
    """How evidence appears: annunciated, unless it is new and something explains it."""
    if case is None and isinstance(change.circumstance, InWindow):
        return Kind.OUT_OF_SERVICE
    if case is None and isinstance(change.circumstance, Covered) and after.level is not RiskLevel.MAJOR:
        return Kind.SUPPRESSED
    return Kind.RAISED


def _new(change: Change) -> Case:
    return Case(
        alert_id=alert_id(change.asset_id, change.hazard, change.time),
        asset_id=change.asset_id,
        hazard=change.hazard,
        state=State.CLOSED,
        found_level=None,
        worst_level=RiskLevel.LOW,
        likelihood=change.likelihood,
        consequence=change.consequence,
        opened_at=change.time,
        changed_at=change.time,
        latching=change.latching,
        waits_at=change.heard_at or change.time,
    )


def _graded(case: Case, change: Change) -> Case:
    """The case with the level that the rules say now."""
    return replace(
        case,
        found_level=change.level,
        worst_level=min(case.worst_level, change.level or case.worst_level),
        likelihood=change.likelihood,
        consequence=change.consequence,
    )
