"""From one version of rules and registry to the next in a running engine."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rules.bank import Bank
from rules.banks import bank as bank_of
from rules.bind import Pair
from rules.engine import Engine, Step, Told
from rules.event import Event, failed
from rules.failure import failing
from rules.guard import FAILED
from rules.order import NEVER, Index, order
from sensors.arrays import Arrays
from sensors.model import Flag
from sensors.readings import HOUR, Readings

_BEFORE = HOUR
"""How much further back: what a kind remembers begins with a reading, and few sensors' are rarer."""


class Succession:
    """The new engine takes over from the old one at a batch boundary.

    Pairs that are unchanged keep their memory, new ones are warmed silently from history, those that are
    gone end their evidence: no alert stays open without a rule. First ``warm`` with all that ``needs`` names,
    unless the journal is played again and holds what that gave; then ``finish``.
    """

    def __init__(self, old: Engine, new: Engine) -> None:
        self._old, self._new = old, new
        self._time = max(old.now, int(old.last.max(initial=NEVER)))
        """The moment of the change, in event time."""
        new.now = old.now
        shared = min(len(old.last), len(new.last))
        new.last[:shared], new.last_value[:shared] = old.last[:shared], old.last_value[:shared]
        new.board.recall(deepcopy(list(old.board.live.values())))
        old_banks = {bank.kind.name: bank for bank in old.banks}
        self._fresh = {bank.kind.name: _adopt(bank, old_banks.get(bank.kind.name)) for bank in new.banks}
        self._warm = [_part(bank, self._fresh[bank.kind.name], len(new.last)) for bank in new.banks]
        self._changed = {bank.kind.name: np.full(len(bank.pairs), self._time) for bank in self._warm}
        self.warm(self._heard_before())

    def needs(self) -> tuple[NDArray[np.int32], int, int]:
        """The sensors whose history warms the fresh pairs, and after when and until when (us)."""
        sensors = {sensor for bank in self._warm for sensor in bank.sensors()}
        memory = max((bank.memory() for bank in self._warm), default=0) + _BEFORE
        return np.array(sorted(sensors), np.int32), max(self._time, NEVER + memory) - memory, self._time

    def warm(self, history: Readings) -> None:
        """Show the fresh pairs some of their history, in event time within each sensor."""
        ordered = order(history.sensor, history.time, np.full(len(self._new.last), NEVER))
        shown = history[ordered.in_rounds]
        for bank in self._warm:
            for found in bank.update(shown, ordered.in_rounds, ordered.ends, self._time):
                self._changed[bank.kind.name][found.changes.subject] = found.changes.time

    def warmth(self) -> Arrays:
        """What the fresh pairs know by now, for ``finish``."""
        warmth: dict[str, NDArray[np.generic]] = {}
        for bank in self._warm:
            name = bank.kind.name
            warmth[f"{name}.changed"] = self._changed[name]
            warmth |= {f"{name}.{part}": array for part, array in bank.remember().items()}
        return warmth

    def finish(self, warmth: Arrays) -> Step:
        """Let the new engine take over: what of the evidence ended, and what the fresh pairs begin with."""
        before = {_place(pair): (pair, state) for pair, state in _states(self._old) if state}
        begun = [event for bank in self._new.banks for event in self._begun(bank, warmth)]
        begun += self._groups()
        begun = [replace(event, previous=before.get(_place(event.pair), (None, 0))[1]) for event in begun]
        kept = {pair.key for pair, _ in _states(self._new)}
        replaced = {_place(event.pair) for event in begun}
        ended = [
            Event(0, pair, self._time, 0, state, None, 1.0, "the rule or its sensor was removed or changed")
            for place, (pair, state) in before.items()
            if pair.key not in kept and place not in replaced
        ]
        told = Told()
        told.tell([*begun, *ended], self._new.board)
        told.risk_changes.extend(self._new.board.judge_again(self._time))
        nothing = Readings.empty()
        return Step(
            nothing.flag.astype(np.bool_), nothing.flag, tuple(told.transitions), tuple(told.risk_changes)
        )

    def _heard_before(self) -> Readings:
        """The last that was heard of sensors that are silent for longer than their history goes back."""
        sensors, after, _ = self.needs()
        last, value = self._new.last[sensors], self._new.last_value[sensors]
        flag = np.where(np.isnan(value), Flag.MISSING, Flag.GOOD).astype(np.int8)
        return Readings(sensors, last, value, flag)[(last != NEVER) & (last <= after)]

    def _begun(self, bank: Bank, warmth: Arrays) -> Iterator[Event]:
        fresh = self._fresh[bank.kind.name]
        memory = {name: warmth[f"{bank.kind.name}.{name}"] for name in bank.remember()}
        bank.recall(memory, np.arange(len(fresh)), fresh)
        changed = warmth[f"{bank.kind.name}.changed"]
        for place in np.flatnonzero(memory["state"]).tolist():
            pair, state, time = bank.pairs[fresh[place]], int(memory["state"][place]), int(changed[place])
            value = float(self._new.last_value[pair.sensor or 0])
            if state == FAILED:
                yield failed(pair, time, None, "it raised an error over its history")
                continue
            reason = bank.kind.explain(int(fresh[place]), state, value)
            yield Event(0, pair, time, state, 0, None if np.isnan(value) else value, 1.0, reason)

    def _groups(self) -> Iterator[Event]:
        old = {bound.pair.key: group for bound, group in zip(*self._old.groups.all, strict=True)}
        states = {(pair.rule.name, pair.subject): state for pair, state in _states(self._new)}
        for number, bound in enumerate(self._new.groups.bound):
            if bound.pair.key in old:
                self._new.groups.adopt(number, old[bound.pair.key])
            else:
                yield from self._new.groups.begin(number, states, self._time)


def _place(pair: Pair) -> tuple[str, str, str, str]:
    """Where the pair's evidence stands on the board."""
    return pair.rule.name, pair.subject, pair.asset, pair.rule.hazard


def _part(bank: Bank, subjects: Index, size: int) -> Bank:
    """A bank of the same kind for some of its pairs, without memory."""
    return bank_of(bank.kind.name, [bank.pairs[subject] for subject in subjects], size)


def _adopt(bank: Bank, old: Bank | None) -> Index:
    """Copy the memory of the pairs that are unchanged; the subjects that have none."""
    known = {} if old is None else {pair.key: subject for subject, pair in enumerate(old.pairs)}
    theirs = np.array([known.get(pair.key, -1) for pair in bank.pairs], np.intp)
    same = np.flatnonzero(theirs >= 0)
    if old is not None:
        bank.recall(old.remember(), theirs[same], same)
    return np.flatnonzero(theirs < 0)


def _states(engine: Engine) -> Iterator[tuple[Pair, int]]:
    for bank in engine.banks:
        for pair, state in zip(bank.pairs, bank.kind.state.tolist(), strict=True):
            yield pair, max(state, 0)
            if state == FAILED:
                yield failing(pair), 1
    for bound, group in zip(*engine.groups.all, strict=True):
        yield bound.pair, group.state
