"""Which receivers are away, for everybody to see; what waited for one goes out as soon as it is back."""

import random
import time
from collections import defaultdict
from uuid import UUID

import structlog

from alerts import outbox
from alerts.backoff import GIVE_UP
from alerts.breaker import Breaker
from alerts.database import Connection
from alerts.metrics import Metrics
from alerts.outcome import Outcome, Transient

_AWAY = """
insert into receivers_away (receiver, tries, error) values (%s, %s, %s)
on conflict (receiver) do update
    set tries = excluded.tries, error = excluded.error, tried_at = clock_timestamp()
"""
_BACK = "delete from receivers_away where receiver = %s"
_FORGET = "delete from receivers_away"
_ALL_NOW = "update deliveries set next_try_at = clock_timestamp() where receiver = %s and state = 'failed'"
_GIVE_UP = """
update deliveries d set state = 'dead', next_try_at = null, finished_at = clock_timestamp(),
    last_error = coalesce(last_error, 'never tried, for the receiver was away')
from alert_events e, unnest(%(levels)s::integer[], %(limits)s::interval[]) as patience (level, lasts)
where d.finished_at is null and d.receiver = any(%(away)s) and e.event_id = d.event_id
    and patience.level = (e.data ->> 'worst_level')::integer
    and d.queued_at + patience.lasts < clock_timestamp()
"""

log = structlog.get_logger()


class Absences:
    """What messages have shown of their receivers since this process began to send."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._breakers: defaultdict[str, Breaker] = defaultdict(Breaker)
        self._changed: dict[str, str | None] = {}

    def away(self) -> list[str]:
        """The receivers that are taken for away."""
        return [receiver for receiver, breaker in self._breakers.items() if breaker.away]

    def is_away(self, receiver: str) -> bool:
        """Whether a receiver is."""
        return self._breakers[receiver].away

    def room(self, receiver: str, free: int, sending: int, *, urgent: bool) -> int:
        """How many messages a receiver may be sent now: see ``Breaker.room``."""
        return self._breakers[receiver].room(free, sending, time.monotonic(), urgent=urgent)

    def learn(self, receiver: str, message: UUID, outcome: Outcome, begun: float) -> None:
        """Take note of what came of a message that was sent at ``begun`` (s, monotonic)."""
        before, error = self._breakers[receiver], None
        if isinstance(outcome, Transient):
            error = outcome.error
            known = before.missed(message, begun, time.monotonic(), random.random())  # noqa: S311, spreads
        else:
            known = before.answered()
        self._breakers[receiver] = known
        if known is not before and (before.away or known.away):
            self._changed[receiver] = error
            self._metrics.away.labels(receiver).set(known.away)
        if before.away is not known.away:
            log.warning("a receiver is away" if known.away else "a receiver is back", receiver=receiver)

    async def write(self, connection: Connection) -> list[str]:
        """Write down what has changed; all is due for those who are back, and they are returned."""
        changed, self._changed = self._changed, {}
        back = [receiver for receiver, error in changed.items() if error is None]
        for receiver, error in changed.items():
            if error is None:
                await connection.execute(_BACK, [receiver])
                await connection.execute(_ALL_NOW, [receiver])
                await outbox.all_now(connection, receiver)
            else:
                await connection.execute(_AWAY, [receiver, self._breakers[receiver].tries, error])
        return back

    async def forget(self, connection: Connection) -> None:
        """Know nothing, as in the beginning."""
        await connection.execute(_FORGET)

    async def give_up(self, connection: Connection) -> int:
        """Make dead letters of what waits too long for a receiver that is away, and say how many."""
        given = {
            "away": self.away(),
            "levels": [int(level) for level in GIVE_UP],
            "limits": [*GIVE_UP.values()],
        }
        return (await connection.execute(_GIVE_UP, given)).rowcount if given["away"] else 0
