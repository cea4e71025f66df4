"""The live risk of every (asset, hazard): rises at once, falls after quiet time."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from rules.hazards import Hazard
from rules.kinds.base import FOREVER
from rules.model import RiskChange, Transition
from rules.risk import Evidence, Group, Matrix, fuse

Consequences = Callable[[str, str], int]
"""The consequence (1-5) of a hazard at an asset."""


class Live(msgspec.Struct, kw_only=True):
    """One (asset, hazard) that has, or once had, live evidence."""

    asset: str
    hazard: str
    evidence: dict[str, Evidence] = {}
    """By rule and subject."""
    level: int | None = None
    since: int = 0
    """Event time of the last change of level."""
    falls_at: int = FOREVER
    """When the level will fall to what the evidence says, if that stays lower."""


class Board:
    """All live risk, changed by evidence and by time passing; each change of level comes with its reason."""

    def __init__(
        self,
        hazards: Mapping[str, Hazard],
        groups: Iterable[Group],
        matrix: Matrix,
        consequence: Consequences,
    ) -> None:
        self._hazards, self._matrix, self._consequence = hazards, matrix, consequence
        self._groups = {group.name: group for group in groups}
        self.live: dict[tuple[str, str], Live] = {}
        self._falling: set[tuple[str, str]] = set()

    def apply(self, transition: Transition, evidence: Evidence | None) -> Iterator[RiskChange]:
        """Take a transition with the evidence that now stands, or None where it ceased."""
        key = transition.asset, transition.hazard
        live = self.live.setdefault(key, Live(asset=transition.asset, hazard=transition.hazard))
        if live.falls_at <= transition.time:
            yield from self._fall(live)
        name = f"{transition.rule}\n{transition.subject}"
        if evidence is None:
            live.evidence.pop(name, None)
        else:
            live.evidence[name] = evidence
        yield from self._judge(live, transition)

    def tick(self, now: int) -> Iterator[RiskChange]:
        """Let quiet time run out."""
        due = [key for key in self._falling if self.live[key].falls_at <= now]
        for key in sorted(due, key=lambda key: (self.live[key].falls_at, key)):
            yield from self._fall(self.live[key])

    def judge_again(self, time: int) -> Iterator[RiskChange]:
        """Grade everything anew, where what it is graded by has changed; quiet time runs on."""
        for key in sorted(self.live):
            live = self.live[key]
            change = self._assess(live, time, None)
            if change.level == live.level:
                self._fall_at(live, FOREVER)
            elif live.falls_at == FOREVER or _worse(change.level, live.level):
                yield self._set(live, change)

    def due(self) -> int:
        """The earliest tick that could change something."""
        return min((self.live[key].falls_at for key in self._falling), default=FOREVER)

    def recall(self, live: Iterable[Live]) -> None:
        """Take over what another board knew."""
        self.live = {(each.asset, each.hazard): each for each in live}
        self._falling = {key for key, each in self.live.items() if each.falls_at != FOREVER}

    def _judge(self, live: Live, transition: Transition) -> Iterator[RiskChange]:
        change = self._assess(live, transition.time, transition)
        if _worse(change.level, live.level):
            yield self._set(live, change)
        elif _worse(live.level, change.level):
            falls_at = min(live.falls_at, transition.time + self._hazards[live.hazard].quiet)
            if falls_at <= transition.time:
                yield self._set(live, change)
            else:
                self._fall_at(live, falls_at)
        else:
            self._fall_at(live, FOREVER)

    def _fall(self, live: Live) -> Iterator[RiskChange]:
        yield self._set(live, self._assess(live, live.falls_at, None))

    def _set(self, live: Live, change: RiskChange) -> RiskChange:
        live.level, live.since = change.level, change.time
        self._fall_at(live, FOREVER)
        return change

    def _fall_at(self, live: Live, time: int) -> None:
        live.falls_at = time
        (self._falling.discard if time == FOREVER else self._falling.add)((live.asset, live.hazard))

    def _assess(self, live: Live, time: int, cause: Transition | None) -> RiskChange:
        pieces = tuple(live.evidence[name] for name in sorted(live.evidence))
        found = fuse(self._hazards[live.hazard].prior, pieces, self._groups)
        consequence = self._consequence(live.asset, live.hazard)
        concerned = any(piece.strength.speaks_for for piece in pieces)
        return RiskChange(
            asset=live.asset,
            hazard=live.hazard,
            time=max(time, live.since),
            level=self._matrix.level(found.likelihood, consequence).value if concerned else None,
            previous=live.level,
            likelihood=found.likelihood,
            consequence=consequence,
            probability=found.probability,
            evidence=pieces,
            weights=tuple(found.weights.get((piece.rule, piece.subject), 0.0) for piece in pieces),
            cause=cause.id if cause is not None else None,
        )


def _worse(level: int | None, than: int | None) -> bool:
    """Whether a level is worse than another; 1 is the worst, None is none at all."""
    return level is not None and (than is None or level < than)
