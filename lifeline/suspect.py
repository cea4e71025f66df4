"""Finds the one message for which the database refuses a batch. Pure.

A refused batch comes again in halves, and the half that is refused again in quarters, until one message
stands alone: that one is set aside, and never is a whole batch tried for ever.
"""

from collections.abc import Sequence

from ingest.message import Message


class Suspect:
    """How many messages the next batch may hold, and which one is known to be at fault."""

    def __init__(self, most: int) -> None:
        self._most = self.limit = most
        self._unproved = 0
        self._culprit: tuple[str, bytes] | None = None
        self.why = ""

    def refused(self, messages: Sequence[Message], why: str) -> None:
        """The database would not take these."""
        self.why = why
        self._unproved = self._unproved or len(messages)
        self.limit = max(1, len(messages) // 2)
        if len(messages) == 1:
            self._culprit = _identity(messages[0])

    def stored(self, messages: int) -> None:
        """So many have been committed; once all of the first refused batch are, batches are whole again."""
        if self._unproved:
            self._unproved -= messages
            if self._unproved <= 0:
                self._acquit()

    def is_culprit(self, messages: Sequence[Message]) -> bool:
        """Whether these are the one message that was refused alone; if so, the others are cleared."""
        found = self._culprit is not None and len(messages) == 1 and _identity(messages[0]) == self._culprit
        if found:
            self._culprit = None
            self._acquit()
        return found

    def _acquit(self) -> None:
        self._unproved, self.limit = 0, self._most


def _identity(message: Message) -> tuple[str, bytes]:
    return message.topic, bytes(message.payload)
