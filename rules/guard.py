"""A kind that may be wrong: where it raises, it is switched off for the subject at fault and for no other.

A call that raised is taken back: the memory of some calls ago is recalled and the calls since are made again,
so that nothing of the failing one stays. Then it is made once more on ever smaller parts of its subjects, and
what still fails alone is at fault. Copying the memory now and then costs far less than before each call.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.kinds.base import Changes, Kind, Measured, Subjects, Times, Values
from rules.kinds.waveform import Block, WaveformKind
from sensors.model import Flag

FAILED = -1
"""The state of a subject at which its kind is switched off."""

_OFTEN = 4
"""How many times more readings than subjects are shown between two copies of the memory."""

_AT_LEAST = 1_000

Memory = dict[str, NDArray[Any]]

Build = Callable[[Subjects], Kind[Any]]
"""A kind without memory for some of the subjects."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """One reading of each of m subjects; row: where it stood before; None = where it stands here."""

    row: Subjects | None
    subject: Subjects
    time: Times
    value: Values

    @property
    def weight(self) -> int:
        return len(self.subject)

    def make(self, kind: Kind[Any]) -> Iterator[Changes]:
        return kind.update(self.subject, self.time, self.value)

    def attempt(self, kind: Kind[Any], memory: Memory, build: Build) -> list[Changes]:
        """Make it; where it fails, its subjects are as in ``memory`` again."""
        del build
        try:
            return list(_made(kind, self))
        except Exception:
            kind.recall(memory, self.subject, self.subject)
            raise

    def part(self, some: slice) -> "_Shown":
        return _Shown(_rows(self)[some], self.subject[some], self.time[some], self.value[some])

    def when(self) -> Times:
        return self.time

    def judged(self, changes: Changes) -> list[float]:
        several = self.value.ndim > 1
        return [np.nan] * len(changes.row) if several else list(self.value[changes.row].tolist())


@dataclass(frozen=True, slots=True)
class _InRounds:
    """Readings in rounds; where the call fails it is made again round by round."""

    subject: Subjects
    time: Times
    value: Values
    ends: Subjects
    row: None = None

    @property
    def weight(self) -> int:
        return len(self.subject)

    def make(self, kind: Kind[Any]) -> Iterator[Changes]:
        return kind.rounds(self.subject, self.time, self.value, self.ends)

    def judged(self, changes: Changes) -> list[float]:
        return list(self.value[changes.row].tolist())


@dataclass(frozen=True, slots=True)
class _Ticked:
    """Time passes for m subjects; row: 0 for each."""

    row: Subjects
    subject: Subjects
    now: int

    @property
    def weight(self) -> int:
        return 1

    def make(self, kind: Kind[Any]) -> Iterator[Changes]:
        return kind.tick(self.now)

    def attempt(self, kind: Kind[Any], memory: Memory, build: Build) -> list[Changes]:
        """Make it in a kind of its subjects alone; the others are not touched."""
        here, alone = np.arange(len(self.subject)), build(self.subject)
        alone.recall(memory, self.subject, here)
        found = list(_made(alone, self))
        kind.recall(alone.remember(), here, self.subject)
        return [replace(change, subject=self.subject[change.subject]) for change in found]

    def part(self, some: slice) -> "_Ticked":
        return _Ticked(self.row[some], self.subject[some], self.now)

    def when(self) -> Times:
        return np.full(len(self.subject), self.now)

    def judged(self, changes: Changes) -> list[float]:
        return [np.nan] * len(changes.row)


@dataclass(frozen=True, slots=True)
class _Observed:
    """A block for one subject; row: where it stood in what was given."""

    row: Subjects
    subject: Subjects
    block: Block
    beside: float

    @property
    def weight(self) -> int:
        return 1

    def make(self, kind: Kind[Any]) -> Iterator[Changes]:
        assert isinstance(kind, WaveformKind)
        if not self.block.samples:
            raise ValueError("its feature could not be computed of this block")
        return kind.observe(int(self.subject[0]), self.block, self.beside)

    def attempt(self, kind: Kind[Any], memory: Memory, build: Build) -> list[Changes]:
        """Make it; where it fails, its subject is as in ``memory`` again."""
        del build
        try:
            return list(_made(kind, self))
        except Exception:
            kind.recall(memory, self.subject, self.subject)
            raise

    def part(self, some: slice) -> "_Observed":
        del some
        return self

    def when(self) -> Times:
        return np.array([self.block.time])

    def judged(self, changes: Changes) -> list[float]:
        return [np.nan] * len(changes.row)


_Call = _Shown | _Ticked | _Observed
_Any = _Call | _InRounds


class Guard:
    """The kind of a bank; it answers as the kind does, and never raises."""

    def __init__(self, build: Build, count: int) -> None:
        self._build, self._all = build, np.arange(count)
        self._kind = build(self._all)
        self._off = np.zeros(count, np.bool_)
        self._some_off = False
        self._memory: Memory | None = None
        self._calls: list[_Any] = []
        self._shown = 0
        """How many readings and ticks there were since ``_memory`` was copied."""

    @property
    def name(self) -> str:
        """The kind's."""
        return self._kind.name

    @property
    def worst_flag(self) -> Flag:
        """The kind's."""
        return self._kind.worst_flag

    @property
    def state(self) -> NDArray[np.int8]:
        """The evidence of every subject, ``FAILED`` where the kind is switched off."""
        return self._kind.state

    def update(self, subject: Subjects, time: Times, value: Values) -> list[Changes]:
        """As the kind's, each change with its reason; a subject that fails changes to ``FAILED``."""
        row = None
        if self._some_off:
            row = np.flatnonzero(~self._off[subject])
            subject, time, value = subject[row], time[row], value[row]
        return self._run(_Shown(row, subject, time, value)) if len(subject) else []

    def rounds(self, subject: Subjects, time: Times, value: Values, ends: Subjects) -> list[Changes]:
        """As the kind's, each change with its reason; a subject that fails changes to ``FAILED``."""
        if len(ends) > 1 and not self._some_off:
            call = _InRounds(subject, time, value, ends)
            self._note(call)
            with suppress(Exception):
                return list(_made(self._kind, call))
            self._take_back()
        found: list[Changes] = []
        start = 0
        for end in ends.tolist():
            part = slice(start, end)
            changes = self.update(subject[part], time[part], value[part])
            found += [replace(change, row=change.row + start) for change in changes]
            start = end
        return found

    def observe(self, subject: int, row: int, block: Block, beside: float) -> list[Changes]:
        """As the kind's, for the block in a row of what was given; see ``update``."""
        if self._off[subject]:
            return []
        return self._run(_Observed(np.array([row]), np.array([subject]), block, beside))

    def stirring(self, subject: Subjects, value: Values) -> NDArray[np.bool_] | None:
        """As the kind's; where it cannot say, everything matters."""
        try:
            return self._kind.stirring(subject, value)
        except Exception:  # noqa: BLE001, whatever is wrong with it shows again when it is shown the readings
            return None

    def tick(self, now: int) -> list[Changes]:
        """As the kind's, each change with its reason; a subject that fails changes to ``FAILED``."""
        on = np.flatnonzero(~self._off) if self._some_off else self._all
        found = self._run(_Ticked(np.zeros_like(on), on, now))
        if self._some_off:
            self._kind.state[self._off] = FAILED
        return found

    def due(self) -> int:
        """The kind's."""
        return self._kind.due()

    def patience(self) -> int:
        """The kind's."""
        return self._kind.patience()

    def memory(self) -> int:
        """The kind's."""
        return self._kind.memory()

    def measured(self) -> list[Measured]:
        """Take away what the kind measured; what it had to see again stands there again."""
        found, self._kind.measured = self._kind.measured, []
        return found

    def explain(self, subject: int, state: int, value: float) -> str:
        """As the kind's."""
        if state == FAILED:
            return "the rule raised an error"
        try:
            return self._kind.explain(subject, state, value)
        except Exception as error:  # noqa: BLE001, what stands is right, only its words are missing
            return f"state {state}, which the rule cannot explain: {_words(error)}"

    def remember(self) -> Memory:
        """As the kind's."""
        return self._kind.remember()

    def recall(self, memory: Memory, old: Subjects, new: Subjects) -> None:
        """As the kind's."""
        self._kind.recall(memory, old, new)
        self._off = self._kind.state == FAILED
        self._some_off = bool(self._off.any())
        self._memory = None

    def _run(self, call: _Call) -> list[Changes]:
        self._note(call)
        try:
            return [self._heard(change) for change in _made(self._kind, call)]
        except Exception:  # noqa: BLE001, whatever a kind may do wrong
            self._take_back()
            memory = {name: array.copy() for name, array in self._kind.remember().items()}
            return list(self._in_parts(call, memory))

    def _heard(self, change: Changes) -> Changes:
        """Without what a tick does to subjects that are switched off."""
        if not self._some_off or not self._off[change.subject].any():
            return change
        return change.only(np.flatnonzero(~self._off[change.subject]))

    def _note(self, call: _Any) -> None:
        if self._memory is None or self._shown > _AT_LEAST + _OFTEN * len(self._all):
            self._memory = {name: array.copy() for name, array in self._kind.remember().items()}
            self._calls, self._shown = [], 0
        self._calls.append(call)
        self._shown += call.weight

    def _take_back(self) -> None:
        """Be as before the newest call."""
        assert self._memory is not None
        self._kind.recall(self._memory, self._all, self._all)
        self._kind.measured.clear()
        for call in self._calls[:-1]:
            list(call.make(self._kind))
            self._kind.state[self._off] = FAILED
        self._memory = None

    def _in_parts(self, call: _Call, memory: Memory) -> Iterator[Changes]:
        """Make the call on some of its subjects; where that fails, on each half of them."""
        try:
            yield from call.attempt(self._kind, memory, self._build)
        except Exception as error:  # noqa: BLE001, as above
            if len(call.subject) == 1:
                yield self._switch_off(call, memory, error)
                return
            half = len(call.subject) // 2
            yield from self._in_parts(call.part(slice(0, half)), memory)
            yield from self._in_parts(call.part(slice(half, None)), memory)

    def _switch_off(self, call: _Call, memory: Memory, error: Exception) -> Changes:
        """Forget all of the call's only subject, and never ask it again."""
        subject = call.subject
        with suppress(Exception):
            self._kind.recall(self._build(subject).remember(), np.array([0]), subject)
        self._kind.state[subject] = FAILED
        self._off[subject] = self._some_off = True
        state, previous = np.array([FAILED], np.int8), memory["state"][subject]
        return Changes(_rows(call), subject, call.when(), state, previous, reasons=(_words(error),))


def _made(kind: Kind[Any], call: _Any) -> Iterator[Changes]:
    """The call's changes with their reasons, asked for at once: a kind says what it knows by then."""
    for change in call.make(kind):
        judged = call.judged(change) if change.figure is None else change.figure.tolist()
        said = zip(change.subject.tolist(), change.state.tolist(), judged, strict=True)
        reasons = tuple(kind.explain(*each) for each in said)
        row = change.row if call.row is None else call.row[change.row]
        yield replace(change, row=row, reasons=reasons)


def _rows(call: _Call) -> Subjects:
    return np.arange(len(call.subject)) if call.row is None else call.row


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
