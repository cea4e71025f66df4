"""Brings messages to their receivers: several at a time to each, one at a time about an alert, in its order.

take -> read -> send -> write down. Whatever is there is taken, and written down, in one transaction; while
one is under way, more comes together for the next.
"""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from alerts import delivery, outbox
from alerts.absences import Absences
from alerts.database import Pool
from alerts.delivery import Courier, Tried
from alerts.haste import Haste
from alerts.metrics import Metrics
from alerts.outbox import Job
from alerts.outcome import State

CONCURRENCY = 16
"""Messages at a time to one receiver, and as many urgent ones."""

POLL_S = 0.5
GRACE_S = 5
"""How long messages being sent may take to end when the process is to stop."""

GIVE_UP_S = 60.0
"""How often what waits for a receiver that is away is looked at for being too old."""

AFTER_A_FAULT = timedelta(seconds=30)

log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Lane:
    """A queue; more: the last time as much was taken as there was room for."""

    queue: str
    receiver: str
    urgent: bool
    sending: int = 0
    more: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class _Done:
    """A job that is over; tried: None = nothing was sent. again: when it is to be done again."""

    lane: _Lane
    job: Job
    tried: Tried | None
    again: datetime | None


class Dispatcher:
    """All that is on its way; at work while its process leads."""

    def __init__(self, pool: Pool, courier: Courier, metrics: Metrics) -> None:
        self._pool, self._courier, self._metrics = pool, courier, metrics
        self._begin()

    def _begin(self) -> None:
        self._absences = Absences(self._metrics)
        self._lanes: dict[str, _Lane] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._done: list[_Done] = []
        self._some_done = asyncio.Event()
        self._haste = Haste()

    def hear(self, queue: str) -> None:
        """There is something new in a queue; one that is not known yet is found by looking."""
        if (lane := self._lanes.get(queue)) is not None:
            lane.woken.set()
            if lane.urgent and not self._absences.is_away(lane.receiver):
                self._haste.begin(time.monotonic())

    def is_hasty(self) -> bool:
        """Whether something urgent that has just come is not sent yet, so that the rest has to wait."""
        return self._haste.holds(time.monotonic())

    async def work(self) -> None:
        """Send until cancelled, beginning with what whoever worked before has left undone."""
        self._begin()
        async with self._pool.connection() as connection, connection.transaction():
            await outbox.put_back(connection)
            await self._absences.forget(connection)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write_down())
                group.create_task(self._give_up())
                while True:
                    await self._look(group)
                    await asyncio.sleep(POLL_S)
        finally:
            await self._end()

    async def _look(self, group: asyncio.TaskGroup) -> None:
        """Wake the queues in which something is due, and those of receivers that are away."""
        async with self._pool.connection() as connection:
            due = await outbox.due(connection)
        known = [queue for receiver in self._courier.ways for queue in outbox.queues_of(receiver)]
        for queue in {*known, *due} - self._lanes.keys():
            self._lanes[queue] = lane = _Lane(queue, *outbox.receiver_of(queue))
            group.create_task(self._serve(lane))
        for lane in self._lanes.values():
            if lane.queue in due or self._absences.is_away(lane.receiver):
                lane.woken.set()

    async def _serve(self, lane: _Lane) -> None:
        while True:
            await lane.woken.wait()
            lane.woken.clear()
            sending = sum(each.sending for each in self._lanes.values() if each.receiver == lane.receiver)
            free = CONCURRENCY - lane.sending
            if not lane.urgent and self.is_hasty():
                continue  # woken when it is over, or by looking
            if room := self._absences.room(lane.receiver, free, sending, urgent=lane.urgent):
                await self._fill(lane, room)

    async def _fill(self, lane: _Lane, room: int) -> None:
        early = self._absences.is_away(lane.receiver)
        jobs: list[Job] = []
        rows: Mapping[UUID, Mapping[str, Any]] = {}
        lane.sending += room  # at once, for the receiver's other queue to see
        try:
            async with self._pool.connection() as connection:
                if jobs := await outbox.take(connection, lane.queue, room, early=early):
                    rows = await delivery.read(connection, [job.delivery_id for job in jobs])
        finally:
            lane.sending -= room - len(jobs)
        lane.more = len(jobs) == room
        self._calm_down(lane)
        for job in jobs:
            task = asyncio.create_task(self._send(lane, job, rows.get(job.delivery_id)))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    def _calm_down(self, lane: _Lane) -> None:
        """Let the rest go on where nothing urgent is left."""
        urgent = [each for each in self._lanes.values() if each.urgent]
        if lane.urgent and self.is_hasty() and not any(each.sending or each.more for each in urgent):
            self._haste.end()
            for each in self._lanes.values():
                each.woken.set()

    async def _send(self, lane: _Lane, job: Job, row: Mapping[str, Any] | None) -> None:
        """Try once. row: None = it is finished already."""
        tried, again, begun = None, None, time.monotonic()
        try:
            if row is not None:
                outcome = await self._courier.send(row)
                tried = delivery.after(outcome, row, datetime.now(UTC), random.random())  # noqa: S311, spreads
                again = tried.next_try_at
                self._absences.learn(lane.receiver, job.delivery_id, outcome, begun)
        except Exception:
            log.exception("a delivery failed in an unexpected way", delivery_id=str(job.delivery_id))
            tried, again = None, datetime.now(UTC) + AFTER_A_FAULT
        finally:
            lane.sending -= 1
            if lane.more:
                lane.woken.set()
            self._calm_down(lane)
        self._done.append(_Done(lane, job, tried, again))
        self._some_done.set()

    async def _write_down(self) -> None:
        while True:
            await self._some_done.wait()
            self._some_done.clear()
            await self._write()

    async def _write(self) -> None:
        done, self._done = self._done, []
        tried = [each.tried for each in done if each.tried is not None]
        async with self._pool.connection() as connection, connection.transaction():
            await delivery.write(connection, tried)
            back = await self._absences.write(connection)
            await outbox.settle(connection, [(each.job, each.again) for each in done])
        for one in tried:
            self._metrics.deliveries.labels(one.state).inc()
        for queue in {each.lane.queue for each in done}.union(*map(outbox.queues_of, back)):
            self.hear(queue)

    async def _give_up(self) -> None:
        while True:
            await asyncio.sleep(GIVE_UP_S)
            async with self._pool.connection() as connection:
                given_up = await self._absences.give_up(connection)
            self._metrics.deliveries.labels(State.DEAD).inc(given_up)

    async def _end(self) -> None:
        """Let what is being sent end, and write it down."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=GRACE_S)
        left = [task for task in self._sending if task.cancel()]
        await asyncio.gather(*left, return_exceptions=True)
        if self._done:
            await self._write()
