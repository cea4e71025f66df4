"""A feed played into an engine in this process, as broker and worker would bring it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from lifeline.followed import followed, time_of
from lifeline.rehearsal import Rehearsal
from lifeline.replay.measured import measured
from lifeline.replay.outcome import Step, cases
from lifeline.replay.play import Play
from lifeline.scoring import Alarm
from rules.engine import Engine, Tick
from rules.levels import RiskLevel
from rules.model import RiskChange, Transition
from sensors.readings import Readings
from simulator.feed_labels import Label


@dataclass(frozen=True, slots=True)
class Passage:
    """What an engine said of a feed.

    times: int64 [rows], us since 1970 UTC. late: readings that no rule saw.
    """

    times: NDArray[np.int64]
    transitions: tuple[Transition, ...]
    risk_changes: tuple[RiskChange, ...]
    late: int = 0

    def alarms(self, mildest: RiskLevel, end: int) -> list[Alarm]:
        """Each time that a case was at this level or a worse one; what is still on ends at ``end`` (us)."""
        return list(cases(steps(self.risk_changes), mildest, end))

    def worst(self, label: Label) -> RiskLevel | None:
        """The worst level that its hazard was at, at its asset or anywhere, while an event went on."""
        standing: dict[str, RiskLevel] = {}
        worst: list[RiskLevel] = []
        for change in self.risk_changes:
            if change.hazard != label.hazard or label.asset not in (None, change.asset):
                continue
            if change.time >= label.end:
                break
            if change.time > label.start:
                worst += standing.values()
            standing.pop(change.asset, None)
            if change.level is not None:
                standing[change.asset] = RiskLevel(change.level)
        return min([*worst, *standing.values()], default=None)


def play_through(play: Play) -> Passage:
    """Let an engine see the whole feed, with its clock."""
    rehearsal = Rehearsal(Engine(play.registry, play.rules))
    times: list[NDArray[np.int64]] = []
    late = 0
    last = Readings.empty(), [Tick(0, play.extent.end)]
    for readings, ticks in chain(measured(play.rows(), play.channels, play.registry), [last]):
        late += int(np.count_nonzero(rehearsal.take(readings, ticks).late))
        times.append(np.array([tick.time for tick in ticks]))
    said = tuple(rehearsal.transitions), tuple(rehearsal.risk_changes)
    return Passage(np.concatenate(times[:-1]), *said, late)


def steps(changes: Iterable[RiskChange]) -> Iterator[Step]:
    """What becomes of cases, case by case, where nobody acknowledges anything."""
    by_case: dict[str, list[Step]] = defaultdict(list)
    for each in followed(changes):
        case, alert_id = each.case, str(each.event.alert_id)
        by_case[alert_id].append((alert_id, case.asset_id, case.hazard, time_of(each), each.event.level))
    return (step for _, mine in sorted(by_case.items()) for step in mine)
