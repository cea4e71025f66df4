"""A feed played into an outlet: its clock, then what was measured at that moment, at a speed."""

import time
from collections.abc import Callable, Iterable, Iterator

from sensors.errors import UnavailableError
from sensors.readings import SECOND
from simulator import messages
from simulator.feed_messages import Instant
from simulator.messages import CLOCK_TOPIC, MILLISECOND
from simulator.outlets import Outlet

PATIENCE_S = 60.0
"""How long the outlet may take nothing."""

GLANCE_S = 0.1
"""Longest wait before ``keep_up`` is asked again."""


class FeedPublisher:
    """Publishes instants in their order, the clock's message of a time before the readings of that time.

    speed: seconds of the feed a wall second; None: as fast as it goes. keep_up: called with the number of
    messages published so far; it returns when there may be more, or raises where there never will.
    """

    def __init__(self, outlet: Outlet, keep_up: Callable[[int], None], *, speed: float | None = None) -> None:
        self._outlet, self._keep_up, self._speed = outlet, keep_up, speed
        self.messages = 0

    def run(self, instants: Iterable[Instant]) -> Iterator[Instant]:
        """Publish one instant after the other, and give each that is out.

        Raises:
            UnavailableError: the outlet takes nothing any more.
        """
        begun: tuple[float, int] | None = None
        for instant in instants:
            begun = begun or (time.monotonic(), instant.time)
            self._wait(*begun, instant.time)
            self.tick(instant.time)
            for topic, payload in instant.messages:
                self._send(topic, payload)
            self._keep_up(self.messages)
            yield instant

    def tick(self, now: int) -> None:
        """Say what time it is in the feed."""
        self._send(CLOCK_TOPIC, messages.clock(now // MILLISECOND))

    def _wait(self, begun: float, first: int, now: int) -> None:
        if self._speed is None:
            return
        due = begun + (now - first) / SECOND / self._speed
        while (left := due - time.monotonic()) > 0:
            time.sleep(min(left, GLANCE_S))
            self._keep_up(self.messages)

    def _send(self, topic: str, payload: bytes) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self._outlet.send(topic, payload) is None:
            if time.monotonic() > deadline:
                raise UnavailableError(f"the broker has acknowledged nothing for {PATIENCE_S:g} s")
        self.messages += 1
