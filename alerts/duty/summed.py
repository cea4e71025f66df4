"""Sums over the counts of a duty report, and how figures are written. Pure."""

from collections.abc import Callable, Iterable, Mapping
from statistics import median
from typing import TypeVar

from alerts.duty.counted import Group, Report
from alerts.duty.standing import Outcome
from alerts.lifecycle import Awaited
from rules.levels import RiskLevel

Key = TypeVar("Key")
Where = Callable[[Group], bool]

NONE = "–"
"""A figure that there is none of."""
_LARGE = 100
"""From here on what is behind the point says nothing."""


def every(_: Group) -> bool:
    """All groups."""
    return True


def at(level: RiskLevel) -> Where:
    """The groups of a level."""
    return lambda group: group.level is level


def within(domain: str | None) -> Where:
    """The groups of a domain."""
    return lambda group: group.domain == domain


def owned(utility: str | None) -> Where:
    """The groups of a utility."""
    return lambda group: group.utility == utility


def both(one: Where, other: Where) -> Where:
    """The groups that both mean."""
    return lambda group: one(group) and other(group)


def summed(counts: Mapping[tuple[Group, Key], int], key: Key, where: Where = every) -> int:
    """How many of one figure there are in the groups that are meant."""
    return sum(count for (group, each), count in counts.items() if each == key and where(group))


def outcomes(report: Report, steps: Iterable[Awaited], where: Where = every) -> dict[Outcome, int]:
    """What became of the waits for some steps."""
    wanted = set(steps)
    found = dict.fromkeys(Outcome, 0)
    for (group, step, outcome), count in report.steps.items():
        if step in wanted and where(group):
            found[outcome] += count
    return found


def punctual(found: Mapping[Outcome, int]) -> float | None:
    """Share of what was done in time, of all that was done or should have been; None if there is nothing."""
    due = found[Outcome.IN_TIME] + found[Outcome.LATE] + found[Outcome.OVERDUE]
    return found[Outcome.IN_TIME] / due if due else None


def minutes(report: Report, step: Awaited, where: Where = every) -> list[float]:
    """How long each step took that was taken, min."""
    took = report.took_min.items()
    return [each for (group, name), all_ in took if name is step and where(group) for each in all_]


def middle(values: list[float]) -> float | None:
    """The median; None of nothing."""
    return median(values) if values else None


def share(value: float | None) -> str:
    """A share as per cent."""
    return NONE if value is None else f"{value:.1%}"


def number(value: float | None) -> str:
    """A number with as many digits as are worth reading."""
    if value is None:
        return NONE
    if value == int(value) or abs(value) >= _LARGE:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def change(now: int, before: int) -> str:
    """How much more it is than before."""
    return f"{now - before:+d}" if now != before else "0"
