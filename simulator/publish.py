"""A simulation played into an outlet, in the order of its own time and at a speed, with a log of it all."""

import threading
import time

from sensors.readings import SECOND
from simulator import messages
from simulator.log import Log, Record
from simulator.messages import CLOCK_TOPIC, MILLISECOND, Message
from simulator.outlets import Outlet
from simulator.simulation import Simulation

CLOCK_S = 10
"""Simulated seconds between two messages of the clock."""

GLANCE_S = 0.1
"""Longest wait before looking for requests again."""


class Publisher:
    """Publishes what a simulation's devices send, and its clock on ``lifeline/clock``.

    speed: simulated seconds a wall second; None: as fast as the outlet takes it. The clock says a time
    when everything from before it is out. Requests on ``resend`` topics are answered in between.

    readings: how many were published; waveforms and what was sent again do not count. now: the
    simulated time that was reached, in microseconds since 1970 UTC.
    """

    def __init__(
        self, simulation: Simulation, outlet: Outlet, log: Log, *, speed: float | None = None
    ) -> None:
        self._simulation, self._outlet, self._log = simulation, outlet, log
        self._speed = speed
        self._stopped = threading.Event()
        self.now = simulation.start
        self.readings = 0

    def run(self, until: int | None = None) -> None:
        """Publish up to a simulated time, or until ``stop`` is called by another thread or a signal."""
        self._begun = time.monotonic()
        self._send_clock()
        while (until is None or self.now < until) and not self._stopped.is_set():
            tick = self.now + CLOCK_S * SECOND if until is None else min(until, self.now + CLOCK_S * SECOND)
            for message in self._simulation.messages_until(tick):
                if not self._wait(message.time):
                    return
                self._publish(message)
            if not self._wait(tick):
                return
            self.now = tick
            self._send_clock()

    def stop(self) -> None:
        """Make ``run`` return after the message at hand."""
        self._stopped.set()

    def answer(self) -> None:
        """Send again what was asked for; for the time after ``run``, which does it by itself."""
        for topic, payload in self._outlet.requests():
            for message in self._simulation.resend(topic, payload):
                self._publish(message, again=True)

    def _wait(self, simulated: int) -> bool:
        """Until a simulated time has come on the wall; False if stopped meanwhile."""
        self.answer()
        if self._speed is None:
            return not self._stopped.is_set()
        due = self._begun + (simulated - self._simulation.start) / SECOND / self._speed
        while (left := due - time.monotonic()) > 0 and not self._stopped.wait(min(left, GLANCE_S)):
            self.answer()
        return not self._stopped.is_set()

    def _publish(self, message: Message, *, again: bool = False) -> None:
        wall = self._send(message.topic, message.payload, retain=message.retain)
        if wall is not None:
            self._log.append(Record.of(message, wall, again=again))
            if message.kind == "telemetry" and not again:
                self.readings += message.values.size

    def _send_clock(self) -> None:
        self._send(CLOCK_TOPIC, messages.clock(self.now // MILLISECOND), retain=False)

    def _send(self, topic: str, payload: bytes, *, retain: bool) -> int | None:
        while not self._stopped.is_set():
            if (wall := self._outlet.send(topic, payload, retain=retain)) is not None:
                return wall
        return None
