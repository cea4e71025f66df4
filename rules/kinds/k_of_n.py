"""k_of_n: at least k of a group's members are in evidence by another rule at the same event time.

Formula: sum over members of [their rule's state >= ``state``] >= ``k``, evaluated at each change of a member
once the group's watermark, the smallest last event time of its members, has passed it. A member that has
been silent for ``intervals`` x its upload interval no longer holds the watermark back; its last evidence
stands. So an hourly manhole and a one-minute gauge can be in one group.

Will not fire on: a member alone, members whose evidence does not overlap in time.
False alarms: with independent members that are each wrong a share p of the time, C(n,k) p^k; a common cause
(a storm, a power cut) is not independent. Five sensors with a correlation of 0.5 at 2 sigma: k = 1, 2, 3
give 8.4, 2.1, 0.63 % of samples.
Siblings: ``limit``, ``rate`` give the members' evidence.

Reference: voting as in IEC 61511; the figures are our own simulation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from rules.kinds.base import FOREVER, Parameters
from rules.order import NEVER

Grouping = Literal["asset", "flows-to", "beside", "above"]


class KOfNParameters(Parameters, frozen=True, kw_only=True):
    """Whose evidence is counted, and how much of it is enough."""

    of: str
    """The rule that the members' evidence comes from."""
    k: int
    by: Grouping = "asset"
    """A group is an asset's own sensors, or those of an asset and of all that stand to it by this edge."""
    state: int = 1
    """The least state of a member's evidence that counts."""
    intervals: float = 3.0
    """How many upload intervals a silent member may hold the group back."""

    def mistake(self) -> tuple[str, str] | None:
        if self.k < 1:
            return "k", f"expected 1 or more, not {self.k}"
        if self.state < 1:
            return "state", f"expected 1 or more, not {self.state}"
        if self.intervals < 1:
            return "intervals", f"expected 1 or more, not {self.intervals}"
        return None


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its sensor, and how long (us) it may be silent before it is left out."""

    sensor: int
    patience: int


@dataclass(frozen=True, slots=True)
class Vote:
    """A member's evidence came to count, or ceased to."""

    time: int
    member: int
    counts: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The group's evidence changed at an event time, found at a place in the feed."""

    position: int
    time: int
    state: int


class Group:
    """One group's votes; it looks at readings only while a vote waits for the watermark."""

    def __init__(self, parameters: KOfNParameters, members: Sequence[Member]) -> None:
        self.parameters, self.members = parameters, tuple(members)
        self.sensors = np.array([member.sensor for member in members], np.int32)
        self.state = 0
        self.settled = NEVER
        """Event time of the last vote that was counted."""
        self.counting = [False] * len(members)
        self.waiting: list[Vote] = []

    def take(
        self,
        votes: Iterable[tuple[int, Vote]],
        heard: Iterable[tuple[int, int, int]],
        last: NDArray[np.int64],
        now: int,
    ) -> list[Verdict]:
        """Count what the watermark has passed.

        votes: (position, vote), in order. heard: (position, sensor, time) of each timely reading of the
        members' sensors, in order. last: by sensor id, before these readings. now: newest tick.
        """
        newest = {int(sensor): int(last[sensor]) for sensor in self.sensors}
        cast = list(votes)
        verdicts: list[Verdict] = []
        for position, sensor, time in heard:
            newest[sensor] = time
            while cast and cast[0][0] <= position:
                self.waiting.append(cast.pop(0)[1])
            verdicts += self._count(position, self._watermark(newest, now))
        return verdicts

    def tick(self, votes: Iterable[Vote], last: NDArray[np.int64], now: int) -> list[Verdict]:
        """Let silent members go, and count what they held back."""
        self.waiting += votes
        newest = {int(sensor): int(last[sensor]) for sensor in self.sensors}
        return self._count(0, self._watermark(newest, now))

    def _watermark(self, newest: dict[int, int], now: int) -> int:
        held = [
            newest[member.sensor]
            for member in self.members
            if newest[member.sensor] != NEVER and now <= newest[member.sensor] + member.patience
        ]
        return min(held, default=FOREVER)

    def _count(self, position: int, watermark: int) -> list[Verdict]:
        ripe = sorted((v for v in self.waiting if v.time <= watermark), key=lambda v: (v.time, v.member))
        if not ripe:
            return []
        self.waiting = [vote for vote in self.waiting if vote.time > watermark]
        verdicts = []
        for vote in ripe:
            self.counting[vote.member] = vote.counts
            self.settled = max(self.settled, vote.time)
            state = int(sum(self.counting) >= self.parameters.k)
            if state != self.state:
                self.state = state
                verdicts.append(Verdict(position, self.settled, state))
        return verdicts

    def explain(self, state: int) -> str:
        """Why the group is in this state."""
        how_many = "" if state else "fewer than "
        return f"{how_many}{self.parameters.k} of {len(self.members)} by {self.parameters.of}"


class KOfN:
    """The kind's name and parameters, for rule files."""

    name: ClassVar = "k_of_n"
    parameters: ClassVar = KOfNParameters
