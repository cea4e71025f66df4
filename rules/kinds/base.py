"""What every detector kind is: an evidence state for each of its subjects, kept in arrays.

A kind sees a subject's readings one after the other, in the order in which they arrived, whatever the
batches were; many subjects at a time, but each at most once in a call. So a kind written for one reading
of each subject is right for every way in which a feed can be cut.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from sensors.model import Asset, Flag

Subjects = NDArray[np.intp]
Times = NDArray[np.int64]
Values = NDArray[np.float64]
States = NDArray[np.int8]

FOREVER = np.iinfo(np.int64).max
"""A time that no tick reaches."""


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of one subject; each kind has its own, with units and defaults."""

    learned: tuple[float, ...] = ()
    """What the kind learned of this subject from its history; given by the rule set, never by a rule."""
    zone: str = "UTC"
    """The city's time zone; given by its registry, never by a rule."""

    @property
    def states(self) -> int:
        """How many states of evidence there are besides 0 = normal."""
        return 1

    def mistake(self) -> tuple[str, str] | None:
        """The parameter that cannot be so, and what was expected, or None."""
        return None

    def at(self, asset: Asset, upload_s: float) -> Self:
        """What they come to at this asset, for a sensor that reports every ``upload_s`` s.

        Raises:
            LookupError: the asset lacks an attribute that they are relative to; it names it.
        """
        del asset, upload_s
        return self


P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Changes:
    """Evidence that changed, as arrays of m: which subject, when (event time), to which state.

    row: the place in the arrays given to ``update`` of the reading that showed it (0 for a tick).
    """

    row: Subjects
    subject: Subjects
    time: Times
    state: States
    previous: States
    figure: Values | None = None
    """What was judged, where that is not the reading itself."""
    reasons: tuple[str, ...] = ()
    """In words, filled in from ``Kind.explain`` when the changes are yielded."""

    def only(self, some: NDArray[np.intp]) -> "Changes":
        """Those at some of their places."""
        return Changes(
            self.row[some],
            self.subject[some],
            self.time[some],
            self.state[some],
            self.previous[some],
            None if self.figure is None else self.figure[some],
            tuple(self.reasons[place] for place in some.tolist()),
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """A subject's figure at an event time, in the unit that its kind judges in."""

    subject: int
    time: int
    value: float


class Kind(ABC, Generic[P]):
    """A detector over n subjects, all arrays of length n; see the modules beside for the formulas."""

    name: ClassVar[str]
    parameters: ClassVar[type[Parameters]]
    worst_flag: ClassVar[Flag] = Flag.SUSPECT
    """Readings flagged worse are not shown to this kind, nor are values that are no numbers unless
    it is MISSING."""
    kept: ClassVar[tuple[str, ...]]
    """The arrays that are its memory: they go into a snapshot, and nothing else does."""
    learns: ClassVar[bool] = False
    """Whether it can say nothing before it has learned from history; see ``learn``."""

    def __init__(self, parameters: Sequence[P]) -> None:
        self.state: States = np.zeros(len(parameters), np.int8)
        self.measured: list[Measured] = []
        """What it measured since somebody took that away: for people to watch, no part of its memory."""

    @classmethod
    def must_learn(cls, parameters: P) -> bool:
        """Whether with these parameters it says nothing before it has learned."""
        del parameters
        return cls.learns

    @classmethod
    def learn(cls, parameters: P, zone: str, time: Times, value: Values) -> tuple[float, ...]:
        """What a quiet stretch of a subject's history teaches: ``Parameters.learned`` from now on.

        zone: the city's time zone. time: int64 [n], ascending. value: float64 [n], or [n, w] of a kind over
        several sensors, NaN where unknown.

        Raises:
            ValueError: the history is too short or says nothing; the message says what it should be.
        """
        raise NotImplementedError(f"{cls.name} learns nothing")

    @abstractmethod
    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        """Take one reading of each of m different subjects, and yield what that changed, in order."""

    def rounds(self, subject: Subjects, time: Times, value: Values, ends: Subjects) -> Iterator[Changes]:
        """Take readings in rounds, in none of which a subject stands twice; ends: where each round ends.

        The same as an update for each round; a kind that can take many at once does so here.
        """
        start = 0
        for end in ends.tolist():
            if end > start:
                part = slice(start, end)
                for changes in self.update(subject[part], time[part], value[part]):
                    yield replace(changes, row=changes.row + start)
                start = end

    def stirring(self, subject: Subjects, value: Values) -> NDArray[np.bool_] | None:
        """Which readings would change anything at all, if each were the next of its subject; None = all.

        A subject none of whose readings in a batch would is not shown them. ``subject`` may hold -1, of
        which the answer is not asked.
        """
        del subject, value
        return None

    def tick(self, now: int) -> Iterator[Changes]:
        """Let time pass to ``now`` without a reading, and yield what that changed."""
        del now
        return iter(())

    def due(self) -> int:
        """The earliest tick that could change something."""
        return FOREVER

    def patience(self) -> int:
        """How long (us) after a reading a tick can first change something because of it."""
        return FOREVER

    @abstractmethod
    def memory(self) -> int:
        """How much history (us) makes a new subject's state what it would be, had it always been there."""

    @abstractmethod
    def explain(self, subject: int, state: int, value: float) -> str:
        """Why the subject's evidence is in ``state``, in words that an operator reads at night.

        Asked as soon as the change has been yielded, before another reading of the subject is shown.
        """

    def remember(self) -> dict[str, NDArray[Any]]:
        """The memory as arrays whose first axis is the subjects."""
        return {name: getattr(self, name) for name in ("state", *self.kept)}

    def recall(self, memory: dict[str, NDArray[Any]], old: Subjects, new: Subjects) -> None:
        """Take over the memory of subjects ``old`` there as that of subjects ``new`` here."""
        for name, mine in self.remember().items():
            theirs = memory[name]
            # How wide a memory is follows from all who share the arrays: what both have is taken.
            shapes = zip(mine.shape[1:], theirs.shape[1:], strict=True)
            common = tuple(slice(min(widths)) for widths in shapes)
            here: tuple[Any, ...] = (new, *common)
            there: tuple[Any, ...] = (old, *common)
            mine[here] = theirs[there]

    def _change(
        self, row: Subjects, subject: Subjects, time: Times, state: States, figure: Values | None = None
    ) -> Iterator[Changes]:
        """Set the states and yield those that are new."""
        different = (self.state.take(subject) != state).nonzero()[0]
        if len(different):
            subject, state = subject[different], state[different]
            previous = self.state[subject]
            self.state[subject] = state
            judged = None if figure is None else figure[different]
            yield Changes(row[different], subject, time[different], state, previous, judged)


def of_each(parameters: Sequence[Parameters], name: str, dtype: type[np.generic]) -> NDArray[Any]:
    """One parameter of every subject as an array."""
    return np.array([getattr(each, name) for each in parameters], dtype)


def shared(each: NDArray[Any]) -> NDArray[Any]:
    """A parameter of every subject; of one for all where it is the same, so that ``at`` looks up nothing."""
    return each[:1].copy() if len(each) and (each == each[0]).all() else each


def at(each: NDArray[Any], subject: Subjects) -> NDArray[Any]:
    """The subjects' values of a parameter that may be ``shared``, to be broadcast."""
    return each if len(each) == 1 else each.take(subject)


def attribute(asset: Asset, name: str) -> float:
    """A number that the registry knows of the asset.

    Raises:
        LookupError: it does not, or it is no number.
    """
    value = asset.attributes.get(name)
    if isinstance(value, int | float):
        return float(value)
    raise LookupError(f"{asset.id} has no number {name!r} among its attributes")
