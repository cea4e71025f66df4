"""What changes of risk do to cases where nobody acknowledges anything, by the lifecycle of alerts."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from alerts.lifecycle import Change, Step, follow
from rules.levels import RiskLevel
from rules.model import RiskChange

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def followed(changes: Iterable[RiskChange]) -> Iterator[Step]:
    """The steps of all cases, in the order of the changes that made them."""
    taken = follow([], (_change(number, change) for number, change in enumerate(changes, 1)))
    return (step for step in taken if isinstance(step, Step))


def time_of(step: Step) -> int:
    """When it happened, us since 1970 UTC."""
    return (step.event.event_time - _EPOCH) // _US


def _change(number: int, change: RiskChange) -> Change:
    return Change(
        risk_change_id=number,
        asset_id=change.asset,
        hazard=change.hazard,
        time=_EPOCH + change.time * _US,
        level=None if change.level is None else RiskLevel(change.level),
        likelihood=change.likelihood,
        consequence=change.consequence,
        data={},
    )
