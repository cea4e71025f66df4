"""What explains a case, or takes it out of service, begins or ends while it is open. Pure."""

from dataclasses import replace
from datetime import datetime

from alerts.lifecycle.case import RULES, Case, Covered, InWindow, Step
from alerts.lifecycle.steps import along
from alerts.lifecycle.table import edge
from alerts.lifecycle.words import Kind, Refusal, State
from rules.levels import RiskLevel


def on_circumstance(case: Case, circumstance: Covered | InWindow, at: datetime) -> Step | Refusal:
    """A case that is annunciated no longer is; a major one is hidden by maintenance only."""
    if case.level is None:
        return Refusal.NOTHING_LIVE
    if isinstance(circumstance, InWindow):
        kind, after = Kind.OUT_OF_SERVICE, replace(case, window_id=circumstance.window_id)
    elif case.level is RiskLevel.MAJOR:
        return Refusal.NOT_HIDDEN
    else:
        kind, after = Kind.SUPPRESSED, replace(case, covered_by=circumstance.by)
    taken = edge(case.state, kind, case)
    if taken is None:
        return Refusal.NOT_ANNUNCIATED
    why = f"{taken.why}: {circumstance.why}"
    return along(taken, after, at, before=case, who=RULES, why=why)


def on_its_end(case: Case, at: datetime) -> Step | Refusal:
    """What explained a case is over, or its maintenance: it is annunciated again."""
    kind = Kind.UNSUPPRESSED if case.state is State.SUPPRESSED else Kind.IN_SERVICE
    taken = edge(case.state, kind, case)
    return Refusal.UNCHANGED if taken is None else along(taken, case, at, before=case, who=RULES)
