"""History run again where some came late: what the complete feed says and the live one could not. Pure.

The same stretch goes twice through an engine: as it was live, without what came late, and complete. What only
the complete run says is found in hindsight; what both say is none of the late readings' doing, so neither a
cold start nor rules that were others then can make a finding. What only the live run says stays as it is: an
alarm that sounded has sounded. Once both are in the same state, nothing that follows can differ.

Both are shown the history in event time, with a tick a minute, so a sensor's clock touches only its own
evidence and that of its groups, as in the live engine.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.circle import CaseKey, Circle
from rules.engine import Engine, Tick, Told
from rules.failure import FAILURE, failing_at
from rules.levels import RiskLevel
from rules.memory import recall, remember
from rules.model import RiskChange, RuleSet, Transition
from sensors.arrays import Arrays
from sensors.model import Registry
from sensors.readings import MINUTE, Readings

_NO_STATE = ("now", "board")
"""Parts of an engine's memory that do not bear on evidence to come."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in hindsight: transitions, and of each case the worst moment that was not known.

    failures: where a rule raised in the rerun, of which nothing is found then.
    """

    transitions: tuple[Transition, ...] = ()
    risks: tuple[RiskChange, ...] = ()
    failures: tuple[Transition, ...] = ()


class Rerun:
    """One stretch, shown part by part."""

    def __init__(self, registry: Registry, rules: RuleSet, circle: Circle) -> None:
        self._registry, self._rules, self._circle = registry, rules, circle
        self._complete = self._engine()
        self._live: Engine | None = None
        """The run without what came late; until then there is no difference."""
        self._levels: dict[CaseKey, int | None] = {}
        self._said, self._said_live = Told(), Told()

    @property
    def memory(self) -> int:
        """How much history (us) before a reading the evidence that it makes may rest on."""
        return max((bank.memory() for bank in self._complete.banks), default=0)

    def take(self, history: Readings, late: NDArray[np.bool_], after: int, until: int) -> None:
        """Show all that was measured with after < time <= until (us), in event time, part after part.

        late: bool beside ``history``.
        """
        if self._live is None and late.any():
            self._fork()
        self._step(self._complete, self._said, history, after, until)
        if self._live is not None:
            self._step(self._live, self._said_live, history[~late], after, until)

    def agrees(self) -> bool:
        """Whether the late readings have no effect any more on what follows."""
        return self._live is None or _same(remember(self._complete), remember(self._live))

    def findings(self) -> Findings:
        """What only the complete run has said."""
        if self._live is None:
            return Findings()
        known = {transition.id for transition in self._said_live.transitions}
        found = [each for each in self._said.transitions if each.id not in known]
        failures = {each.subject: each for each in found if each.rule == FAILURE.name and each.state}
        worst = _worst(self._said.risk_changes, self._said_live.risk_changes, self._levels)
        return Findings(
            tuple(
                each
                for each in found
                if each.rule != FAILURE.name and failing_at(each.rule, each.subject) not in failures
            ),
            tuple(each for each in worst if each.hazard != FAILURE.hazard),
            tuple(failures.values()),
        )

    def _engine(self) -> Engine:
        return Engine(self._registry, self._rules, self._circle.binding)

    def _fork(self) -> None:
        self._live, self._said = self._engine(), Told()
        recall(self._live, remember(self._complete))
        self._levels = {key: live.level for key, live in self._live.board.live.items()}

    @staticmethod
    def _step(engine: Engine, said: Told, history: Readings, after: int, until: int) -> None:
        minutes = np.arange(after // MINUTE + 1, until // MINUTE + 1) * MINUTE
        positions = np.searchsorted(history.time, minutes, side="right")
        ticks = [Tick(*tick) for tick in zip(positions.tolist(), minutes.tolist(), strict=True)]
        step = engine.step(history, ticks)
        said.transitions.extend(step.transitions)
        said.risk_changes.extend(step.risk_changes)


def _same(one: Arrays, other: Arrays) -> bool:
    return all(_equal(array, other[name]) for name, array in one.items() if name not in _NO_STATE)


def _equal(one: NDArray[np.generic], other: NDArray[np.generic]) -> bool:
    if one.shape != other.shape:
        return False
    if np.issubdtype(one.dtype, np.floating):
        return bool(np.allclose(one, other, rtol=1e-9, atol=0.0, equal_nan=True))
    return bool((one == other).all())


def _worst(
    complete: Iterable[RiskChange], live: Sequence[RiskChange], before: Mapping[CaseKey, int | None]
) -> Iterator[RiskChange]:
    """Of each case the worst level that the live run did not know of, at the first moment of it."""
    worst: dict[CaseKey, RiskChange] = {}
    for change in complete:
        case = change.asset, change.hazard
        known = _level(case, change.time, live, before)
        bar = _rank(worst[case].level) if case in worst else _rank(known)
        if _rank(change.level) < min(bar, _rank(known)):
            worst[case] = msgspec.structs.replace(change, previous=known)
    yield from worst.values()


def _level(
    case: CaseKey, time: int, live: Iterable[RiskChange], before: Mapping[CaseKey, int | None]
) -> int | None:
    level = before.get(case)
    for change in live:
        if (change.asset, change.hazard) == case and change.time <= time:
            level = change.level
    return level


def _rank(level: int | None) -> int:
    """The level, and for none at all a number that is better than any."""
    return len(RiskLevel) + 1 if level is None else level
