"""All groups of rules over several sensors, fed with their members' events."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rules.bind import GroupPair, Pair
from rules.event import Event
from rules.kinds.base import FOREVER
from rules.kinds.k_of_n import Group, KOfNParameters, Verdict, Vote
from rules.order import NEVER, Index
from sensors.readings import Readings

Last = NDArray[np.int64]


class Groups:
    """Groups look at readings only while a vote of theirs waits for the watermark."""

    def __init__(self, bound: Sequence[GroupPair]) -> None:
        self.bound = tuple(bound)
        self.groups = tuple(Group(_k_of_n(each.pair), each.members) for each in bound)
        self._waiting: set[int] = set()
        self._seats: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for number, each in enumerate(bound):
            for seat, member in enumerate(each.of):
                self._seats[member.rule.name, member.subject].append((number, seat))
        members = [member for each in bound for member in each.members]
        self._sensor = np.array([member.sensor for member in members], np.int32)
        self._allowed = np.array([member.patience for member in members], np.int64)

    @property
    def all(self) -> tuple[tuple[GroupPair, ...], tuple[Group, ...]]:
        """What each group is bound to, and the groups beside them."""
        return self.bound, self.groups

    def concerned(self, events: Iterable[Event]) -> bool:
        """Whether the readings that showed the events must be shown to a group."""
        return bool(self._waiting) or any(
            (event.pair.rule.name, event.pair.subject) in self._seats for event in events
        )

    def take(
        self, events: Iterable[Event], readings: Readings, rows: Index, last: Last, now: int
    ) -> Iterator[Event]:
        """Count the votes of ``events``; ``readings`` are the timely ones, seen at ``rows`` of the batch."""
        cast = self._cast(events)
        for number in self._awake(cast):
            group = self.groups[number]
            mine = np.flatnonzero(np.isin(readings.sensor, group.sensors))
            heard = zip(
                rows[mine].tolist(), readings.sensor[mine].tolist(), readings.time[mine].tolist(), strict=True
            )
            yield from self._events(number, group.take(cast.get(number, ()), heard, last, now))

    def tick(self, events: Iterable[Event], last: Last, now: int) -> Iterator[Event]:
        """Let time pass; ``events`` are what the tick did to the members."""
        cast = self._cast(events)
        for number in self._awake(cast):
            votes = [vote for _, vote in cast.get(number, ())]
            yield from self._events(number, self.groups[number].tick(votes, last, now))

    def due(self, last: Last, now: int) -> int:
        """The earliest tick that lets a silent member go."""
        heard = last[self._sensor]
        known = heard != NEVER
        until = heard[known] + self._allowed[known]
        return int(until[until >= now].min(initial=FOREVER))

    def patience(self) -> int:
        """How long after a reading a tick can first let its sensor go."""
        return int(self._allowed.min(initial=FOREVER))

    def remember(self) -> dict[str, NDArray[np.generic]]:
        """All votes, counted and waiting, as arrays."""
        waiting = [(number, vote) for number, group in enumerate(self.groups) for vote in group.waiting]
        return {
            "state": np.array([group.state for group in self.groups], np.int8),
            "settled": np.array([group.settled for group in self.groups], np.int64),
            "counting": np.array([vote for group in self.groups for vote in group.counting], np.bool_),
            "waiting_group": np.array([number for number, _ in waiting], np.int32),
            "waiting_time": np.array([vote.time for _, vote in waiting], np.int64),
            "waiting_member": np.array([vote.member for _, vote in waiting], np.int32),
            "waiting_counts": np.array([vote.counts for _, vote in waiting], np.bool_),
        }

    def recall(self, memory: dict[str, NDArray[np.generic]]) -> None:
        """Take up what ``remember`` gave."""
        counting = iter(memory["counting"].tolist())
        for group, state, settled in zip(
            self.groups, memory["state"].tolist(), memory["settled"].tolist(), strict=True
        ):
            group.state, group.settled = state, settled
            group.counting = [next(counting) for _ in group.members]
        votes = (memory[f"waiting_{name}"].tolist() for name in ("group", "time", "member", "counts"))
        for number, time, member, counts in zip(*votes, strict=True):
            self.groups[number].waiting.append(Vote(time, member, counts))
            self._waiting.add(number)

    def adopt(self, number: int, group: Group) -> None:
        """Take over the votes of the same group in another version."""
        mine = self.groups[number]
        mine.state, mine.settled = group.state, group.settled
        mine.counting, mine.waiting = list(group.counting), list(group.waiting)
        if mine.waiting:
            self._waiting.add(number)

    def begin(self, number: int, states: Mapping[tuple[str, str], int], time: int) -> Iterator[Event]:
        """Start a group from what its members' rules say by now."""
        group, of = self.groups[number], self.bound[number].of
        group.counting = [states[pair.rule.name, pair.subject] >= group.parameters.state for pair in of]
        group.settled = time
        if sum(group.counting) >= group.parameters.k:
            group.state = 1
            yield from self._events(number, [Verdict(0, time, 1)])

    def _cast(self, events: Iterable[Event]) -> dict[int, list[tuple[int, Vote]]]:
        cast: dict[int, list[tuple[int, Vote]]] = defaultdict(list)
        for event in events:
            for number, seat in self._seats.get((event.pair.rule.name, event.pair.subject), ()):
                enough = self.groups[number].parameters.state
                if (event.state >= enough) != (event.previous >= enough):
                    cast[number].append((event.position, Vote(event.time, seat, event.state >= enough)))
        return cast

    def _awake(self, cast: Iterable[int]) -> list[int]:
        return sorted({*cast, *self._waiting})

    def _events(self, number: int, verdicts: Iterable[Verdict]) -> Iterator[Event]:
        for verdict in verdicts:
            reason = self.groups[number].explain(verdict.state)
            pair = self.bound[number].pair
            yield Event(
                verdict.position, pair, verdict.time, verdict.state, 1 - verdict.state, None, 1.0, reason
            )
        (self._waiting.add if self.groups[number].waiting else self._waiting.discard)(number)


def _k_of_n(pair: Pair) -> KOfNParameters:
    assert isinstance(pair.parameters, KOfNParameters)
    return pair.parameters
