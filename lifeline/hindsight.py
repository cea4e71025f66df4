"""Runs history again where readings came late, in the background of a worker, one stretch after the other.

Nothing here touches the live state, and everything may be done twice: what is found is known by its identity,
and a stretch is forgotten in the transaction of its findings. So it needs neither the journal nor the lock.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import asyncpg
import structlog

from ingest.late import forget, micros, read_complete, settled
from ingest.metrics import Metrics
from ingest.partition import Partition
from ingest.write import Stretch, moment
from lifeline.restore import State
from lifeline.session import BROKEN
from lifeline.versions import Configured
from rules.circle import Circle, Circles, narrowed
from rules.hindsight import held_since, write_findings
from rules.order import NEVER
from rules.retrospect import Findings, Rerun
from rules.write import Source
from sensors.readings import DAY, HOUR, MINUTE, SECOND

log = structlog.get_logger()

_LOOK_S = 1.0
_PART = 10 * MINUTE
"""As much history as is shown in one go."""

_BEFORE = HOUR
"""How much further back than the kinds remember: what they remember begins with a reading."""

_LONGEST = DAY
"""So long after the last late reading it is given up to wait for the two runs to agree."""

_REST = 2.0
"""After each part, so many times as long as it took belongs to the live readings."""


@dataclass(frozen=True, slots=True)
class Task:
    """The stretches of a day that one rerun covers, with what it takes to judge their sensors."""

    stretches: tuple[Stretch, ...]
    circle: Circle
    rerun: Rerun
    rules_version: str

    @property
    def first(self) -> int:
        """Event time (us) of the first late reading."""
        return min(micros(stretch)[0] for stretch in self.stretches)

    @property
    def last(self) -> int:
        """Event time (us) of the last late reading."""
        return max(micros(stretch)[1] for stretch in self.stretches)


class Hindsight:
    """The background task of one worker."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        partition: Partition,
        state: State,
        now: Callable[[], int],
        settle_s: float,
        metrics: Metrics,
    ) -> None:
        self._pool, self._partition, self._state, self._now = pool, partition, state, now
        self._settle_s, self._metrics = settle_s, metrics
        self._failed: set[Stretch] = set()
        """What no rerun survived; tried again after the next start."""
        self._known: _Known | None = None

    async def run(self) -> None:
        """Look for settled stretches and run them again, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                while await self._next():
                    pass
            except BROKEN as error:
                log.warning("hindsight_interrupted", error=f"{type(error).__name__}: {error}")

    async def _next(self) -> bool:
        """Run the oldest settled stretch again, with those that belong to it; whether there was one."""
        waiting = [each for each in await self._settled() if each not in self._failed]
        self._metrics.late_stretches.set(len(waiting))
        if not waiting:
            return False
        task = await asyncio.to_thread(_task, await self._current(), waiting)
        try:
            findings = await self._rerun(task)
        except BROKEN:
            raise
        except Exception:
            log.exception("hindsight_failed", stretches=len(task.stretches))
            self._failed.update(task.stretches)
            return True
        await self._store(task, findings)
        return True

    async def _current(self) -> "_Known":
        """What follows from the versions that hold now."""
        configured = self._state.configured
        if self._known is None or self._known.configured is not configured:
            self._known = await asyncio.to_thread(_Known.of, configured, self._partition)
        return self._known

    async def _settled(self) -> list[Stretch]:
        if (now := self._now()) == NEVER:
            return []
        async with self._pool.acquire() as connection:
            stretches = await settled(connection, now, self._settle_s)
        if not stretches:
            return []
        mine = (await self._current()).mine
        return [stretch for stretch in stretches if stretch.sensor in mine]

    async def _rerun(self, task: Task) -> Findings:
        until = min(self._now(), task.last + _LONGEST)
        async with self._pool.acquire() as connection:
            after = await self._start(connection, task)
        while after < until:
            begun = time.monotonic()
            end = min(after + HOUR, until)
            async with self._pool.acquire() as connection:
                history, late = await read_complete(connection, task.circle.sensors, after, end)
            await asyncio.sleep(_REST * (time.monotonic() - begun))
            for start in range(after, end, _PART):
                stop = min(start + _PART, end)
                rows = (history.time > start) & (history.time <= stop)
                begun = time.monotonic()
                await asyncio.to_thread(task.rerun.take, history[rows], late[rows], start, stop)
                await asyncio.sleep(_REST * (time.monotonic() - begun))
            if end >= task.last and task.rerun.agrees():
                break
            after = end
        return task.rerun.findings()

    async def _start(self, connection: asyncpg.Connection, task: Task) -> int:
        """Before all that the evidence at the first late reading may rest on."""
        first = task.first
        held = await held_since(connection, task.circle.cases, moment(first - task.rerun.memory))
        oldest = first if held is None else round(held.timestamp() * SECOND)
        return min(first, oldest) - task.rerun.memory - _BEFORE

    async def _store(self, task: Task, findings: Findings) -> None:
        source = Source(task.rules_version, self._partition.name, self._state.seq, retrospective=True)
        async with self._pool.acquire() as connection, connection.transaction():
            cases = await write_findings(connection, findings, source)
            await forget(connection, task.stretches)
        self._metrics.hindsight.inc(len(task.stretches))
        for failed in findings.failures:
            log.error("rule_failed_in_hindsight", rule=failed.subject, asset=failed.asset, why=failed.reason)
        log.info(
            "hindsight",
            sensors=len(task.stretches),
            readings=sum(stretch.readings for stretch in task.stretches),
            day=task.stretches[0].day.isoformat(),
            cases=cases,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What follows from two versions, found once: the circles, and the sensors of the worker's part."""

    configured: Configured
    circles: Circles
    mine: frozenset[int]

    @classmethod
    def of(cls, configured: Configured, partition: Partition) -> Self:
        registry = configured.engine.registry
        district = {device.id: device.district for device in registry.devices}
        mine = (s.id for s in registry.sensors if partition.holds(district[s.device]))
        return cls(configured, Circles(configured.engine.binding), frozenset(mine))


def _task(known: _Known, waiting: Sequence[Stretch]) -> Task:
    """The first of them, with the others of its day that lie in its circle."""
    near = known.circles.around([waiting[0].sensor]).sensors
    stretches = tuple(each for each in waiting if each.day == waiting[0].day and each.sensor in near)
    circle = known.circles.around(each.sensor for each in stretches)
    engine = known.configured.engine
    rerun = Rerun(narrowed(engine.registry, circle), engine.rules, circle)
    return Task(stretches, circle, rerun, known.configured.versions.rules)
