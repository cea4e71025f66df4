"""Whether a receiver is there, by what became of the messages to it. Pure: clock and chance are arguments.

While it is not, one message at a time finds out whether it is again, and the others wait, rather than each
being tried in vain. One message that never gets through says nothing of its receiver: it takes several.
"""

from dataclasses import dataclass, replace
from uuid import UUID

ENOUGH = 8
"""Different messages that fail with none taken in between."""

FIRST_S = 1.0
LONGEST_S = 5.0
"""Between tries while it is away: what has to wait for them when it is back is all that it has missed."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of a receiver. Times are seconds of a monotonic clock.

    failed: messages that failed since one was answered. since: when they became enough. tries: how often
    it was tried in vain since then, at last at ``tried``, and next at ``next``.
    """

    failed: frozenset[UUID] = frozenset()
    since: float | None = None
    tries: int = 0
    tried: float = 0.0
    next: float = 0.0

    @property
    def away(self) -> bool:
        """Whether the receiver is taken for away."""
        return self.since is not None

    def answered(self) -> "Breaker":
        """It took a message, or refused it for good: it is there."""
        return Breaker()

    def missed(self, message: UUID, begun: float, now: float, chance: float) -> "Breaker":
        """A message failed that was sent at ``begun``; chance in [0, 1) shortens the wait by up to a half."""
        if self.since is not None:
            if begun < self.since:
                return self  # sent before it was known
            wait_s = min(FIRST_S * 2.0 ** min(self.tries + 1, 30), LONGEST_S) * (1 - chance / 2)
            return replace(self, tries=self.tries + 1, tried=now, next=now + wait_s)
        failed = self.failed | {message}
        if len(failed) < ENOUGH:
            return replace(self, failed=failed)
        return Breaker(since=now, tried=now, next=now + FIRST_S * (1 - chance / 2))

    def room(self, free: int, sending: int, now: float, *, urgent: bool) -> int:
        """How many messages may be sent now, of ``free`` slots. sending: to this receiver, in all.

        What is urgent asks more often whether it is back.
        """
        if self.since is None:
            return free
        due = self.tried + FIRST_S if urgent else self.next
        return 1 if free and not sending and now >= min(due, self.next) else 0
