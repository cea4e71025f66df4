"""How many dead letters are kept: a device gone mad must not fill the database. Pure."""

from collections import Counter
from collections.abc import Iterable

from ingest.batch import DeadLetter
from ingest.index import Index
from sensors.readings import HOUR


class Allowance:
    """At most ``most`` dead letters a device and hour; whoever is not registered shares one allowance."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._hour = 0
        self._spent: Counter[str | None] = Counter()

    def admit(self, letters: Iterable[DeadLetter], index: Index, now: int) -> list[DeadLetter]:
        """Those that may be kept, in order; now: us, when they came. Nothing is spent yet."""
        if now // HOUR != self._hour:
            self._hour = now // HOUR
            self._spent.clear()
        spent = self._spent.copy()
        admitted = []
        for letter in letters:
            account = _account(letter, index)
            if spent[account] < self._most:
                spent[account] += 1
                admitted.append(letter)
        return admitted

    def spend(self, kept: Iterable[DeadLetter], index: Index) -> None:
        """These have been committed."""
        self._spent.update(_account(letter, index) for letter in kept)


def _account(letter: DeadLetter, index: Index) -> str | None:
    """Any name can stand in a topic, so that unknown ones have no account of their own."""
    known = letter.device is not None and index.topic(letter.device) is not None
    return letter.device if known else None
