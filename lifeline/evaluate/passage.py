"""A feed played into an engine in this process, as broker and worker would bring it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from alerts.lifecycle import Change, follow
from alerts.lifecycle import Step as CaseStep
from lifeline.replay.measured import measured
from lifeline.replay.outcome import Step, cases
from lifeline.replay.play import Play
from lifeline.scoring import Alarm
from rules.engine import Engine, Tick
from rules.levels import RiskLevel
from rules.model import RiskChange, Transition
from sensors.readings import Readings
from simulator.feed_rows import read_rows

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Passage:
    """What an engine said of a feed; times: int64 [rows], us since 1970 UTC."""

    times: NDArray[np.int64]
    transitions: tuple[Transition, ...]
    risk_changes: tuple[RiskChange, ...]

    def alarms(self, mildest: RiskLevel, end: int) -> list[Alarm]:
        """Each time that a case was at this level or a worse one; what is still on ends at ``end`` (us)."""
        return list(cases(steps(self.risk_changes), mildest, end))


def play_through(play: Play) -> Passage:
    """Let an engine see the whole feed, with its clock."""
    engine = Engine(play.registry, play.rules)
    times: list[NDArray[np.int64]] = []
    transitions: list[Transition] = []
    changes: list[RiskChange] = []
    rows = read_rows(play.feed, play.channels, play.data, play.until)
    last = Readings.empty(), [Tick(0, play.extent.end)]
    for readings, ticks in chain(measured(rows, play.channels, play.registry), [last]):
        step = engine.step(readings, ticks)
        times.append(np.array([tick.time for tick in ticks]))
        transitions += step.transitions
        changes += step.risk_changes
    return Passage(np.concatenate(times[:-1]), tuple(transitions), tuple(changes))


def steps(changes: Iterable[RiskChange]) -> Iterator[Step]:
    """What becomes of cases, case by case, where nobody acknowledges anything."""
    taken = follow([], (_change(number, change) for number, change in enumerate(changes)))
    by_case: dict[str, list[Step]] = defaultdict(list)
    for each in taken:
        if isinstance(each, CaseStep):
            event, case = each.event, each.case
            time = (event.event_time - _EPOCH) // _US
            by_case[str(event.alert_id)].append(
                (str(event.alert_id), case.asset_id, case.hazard, time, event.level)
            )
    return (step for _, mine in sorted(by_case.items()) for step in mine)


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
