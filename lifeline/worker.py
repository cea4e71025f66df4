"""The upper half: from a message at the broker to a committed transaction, exactly once.

The way of a reading is ``_decide`` and then ``_store``; everything else here keeps the two going, the one
for the next batch while the other waits for the database.
"""

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Self

import asyncpg
import numpy as np
import structlog

from ingest.allowance import Allowance
from ingest.batch import Batch, DeadLetter
from ingest.decode import CLOCK, Window, decode, set_aside
from ingest.journal import VersionsEntry, encode_batch, encode_versions
from ingest.late import note_late
from ingest.message import Message
from ingest.metrics import DROPPED, Metrics
from ingest.mqtt import Broker, Subscriber
from ingest.partition import Partition
from ingest.sequence import GapChange
from ingest.write import Written, read_history, write_dead, write_readings, write_rest
from lifeline.health import Health
from lifeline.hindsight import Hindsight
from lifeline.presence import Presence
from lifeline.restore import State, capture, restore, save
from lifeline.session import BROKEN, Session, back_off, hold
from lifeline.settings import Clock, Settings
from lifeline.suspect import Suspect
from lifeline.versions import NONE, Versions, configure, wanted
from rules.engine import Step, Tick
from rules.failure import FAILURE
from rules.order import NEVER
from rules.succession import Succession
from rules.write import write_step
from sensors.arrays import Arrays
from sensors.errors import ConfigurationError, LifelineError
from sensors.readings import DAY, MINUTE, SECOND
from sensors.waveforms import Features

log = structlog.get_logger()

_AT_FAULT = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.RaiseError,
    asyncpg.ProgramLimitExceededError,
    ValueError,
    OverflowError,
)
"""What the database, or its driver, says of data that it would not take the next time either."""

_STEADY_S = 10.0
"""A life that lasted so long ended for a reason of its own: the next start need not be patient."""

_LAST_WORDS_S = 5.0
"""How long a transaction under way may take when the worker is told to stop."""

_JOURNAL = """
insert into journal (partition, seq, epoch, messages, readings, duplicates, late, body)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What one worker needs to know; :mod:`lifeline.settings` says what each means."""

    dsn: str
    broker: Broker
    partition: Partition = field(default_factory=Partition)
    clock: Clock = Clock.WALL
    batch_messages: int = 2000
    linger_s: float = 0.02
    snapshot_s: float = 60.0
    window: Window = field(default_factory=Window)
    dead_letters_per_hour: int = 1000
    late_settle_s: float = 600.0

    @classmethod
    def of(cls, settings: Settings, partition: Partition, clock: Clock) -> Self:
        """The worker's part of the process' settings."""
        password = settings.mqtt_password
        return cls(
            dsn=settings.database(),
            broker=Broker.at(
                settings.broker(),
                settings.mqtt_user,
                password.get_secret_value() if password else None,
                settings.mqtt_ca,
            ),
            partition=partition,
            clock=clock,
            batch_messages=settings.batch_messages,
            linger_s=settings.linger_ms / 1000,
            snapshot_s=settings.snapshot_s,
            window=Window(round(settings.oldest_days * DAY), round(settings.newest_minutes * MINUTE)),
            dead_letters_per_hour=settings.dead_letters_per_hour,
            late_settle_s=settings.late_settle_s,
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """A batch with everything that follows from it, ready to be stored."""

    seq: int
    messages: list[Message]
    batch: Batch
    features: Features
    gaps: list[GapChange]
    step: Step
    versions: Versions
    snapshot: Arrays | None
    begun: float
    """When its first message was there, on the monotonic clock."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch in the database; of its dead letters, all and those within the allowance."""

    written: Written
    dead: list[DeadLetter]
    kept: list[DeadLetter]


class _RefusedError(Exception):
    """The database will not take a batch."""

    def __init__(self, messages: list[Message], why: str) -> None:
        self.messages, self.why = messages, why
        super().__init__(why)


async def work(settings: WorkerSettings, metrics: Metrics, health: Health) -> None:
    """Hold the partition and serve it until cancelled; after any failure start as after a kill.

    Raises:
        ConfigurationError: the database has no tables, no city or no rules, or is not for this clock.
    """
    suspect, allowance = Suspect(settings.batch_messages), Allowance(settings.dead_letters_per_hour)
    attempt = 0
    while True:
        begun = time.monotonic()
        health.not_ready("waits for the database, or stands by for another worker of this partition")
        try:
            async with hold(settings.dsn, settings.partition.name) as session:
                await _check_purpose(session, settings)
                health.not_ready("restores its state")
                state = await restore(session)
                await _Service(settings, metrics, health, session, state, suspect, allowance).serve()
        except _RefusedError as refused:
            log.warning("batch_refused", messages=len(refused.messages), why=refused.why)
            suspect.refused(refused.messages, refused.why)
        except BROKEN as error:
            log.warning("starting_over", error=f"{type(error).__name__}: {error}")
            attempt = 0 if time.monotonic() > begun + _STEADY_S else attempt + 1
            await back_off(attempt)
        metrics.restarts.inc()


async def _check_purpose(session: Session, settings: WorkerSettings) -> None:
    purpose = await session.writer.fetchval("select purpose from deployment")
    if settings.clock is Clock.FEED and purpose == "production":
        raise ConfigurationError("--clock feed: this is a production database; a feed takes one of its own")


class _Service:
    """One life of a worker: from a restored state to the first thing that goes wrong."""

    def __init__(
        self,
        settings: WorkerSettings,
        metrics: Metrics,
        health: Health,
        session: Session,
        state: State,
        suspect: Suspect,
        allowance: Allowance,
    ) -> None:
        self._settings, self._metrics, self._health, self._session = settings, metrics, health, session
        self._state, self._suspect, self._allowance = state, suspect, allowance
        self._drained = False
        """Whether all that the broker had kept for us has come; before that no silence can be judged."""
        self._ticked = self._looked = 0.0
        self._snapshot_due = time.monotonic() + settings.snapshot_s
        self._saving: asyncio.Task[None] | None = None
        self._connects = 0
        self._hindsight = Hindsight(
            session.side, settings.partition, state, self._present, settings.late_settle_s, metrics
        )
        self._unfit: Versions | None = None
        """Versions that should hold and cannot."""
        self._presence: Presence | None = None
        self._begun = 0.0

    async def serve(self) -> None:
        """Take batch after batch, deciding on one while the one before is stored.

        Returns when the worker's share of the city has changed and it must subscribe anew.
        """
        await self._change_versions(await self._other_versions())
        filters = self._filters()
        storing: asyncio.Task[None] | None = None
        async with Subscriber(
            self._settings.broker,
            f"lifeline-worker-{self._settings.partition.name}",
            filters,
            receive_maximum=2 * self._settings.batch_messages,
            marker=self._settings.partition.marker,
            on_session=self._connected,
            figures={DROPPED: self._metrics.broker_dropped},
        ) as self._subscriber:
            hindsight = asyncio.create_task(self._hindsight.run())
            try:
                while True:
                    self._tell_health()
                    if (versions := await self._other_versions()) is not None:
                        await _finished(storing)
                        await self._change_versions(versions)
                        if self._filters() != filters:
                            return
                    messages, ticks = await self._gather(storing)
                    if messages or ticks:
                        decided = self._decide(messages, ticks)
                        await _finished(storing)
                        storing = asyncio.create_task(self._store(decided))
                    elif storing is not None and storing.done():
                        await storing
                        storing = None
            finally:
                hindsight.cancel()
                if storing is not None:
                    await asyncio.wait({storing}, timeout=_LAST_WORDS_S)

    def _filters(self) -> list[str]:
        devices = self._state.configured.engine.registry.devices
        filters = self._settings.partition.filters(device.district for device in devices)
        return [*filters, CLOCK] if self._settings.clock is Clock.FEED else filters

    async def _gather(self, storing: asyncio.Task[None] | None) -> tuple[list[Message], list[int]]:
        """The next messages, as many as come while the batch before is stored, and a tick if one is due."""
        if await self._subscriber.arrival(patience=1.0):
            self._begun = time.monotonic()
            await asyncio.sleep(self._settings.linger_s)
            if storing is not None and not storing.done():
                full = asyncio.create_task(self._subscriber.fill(self._suspect.limit))
                await asyncio.wait({storing, full}, return_when=asyncio.FIRST_COMPLETED)
                full.cancel()
        messages = self._subscriber.take(self._suspect.limit)
        self._drained = self._drained or any(map(self._subscriber.ends_backlog, messages))
        return messages, self._wall_tick()

    def _wall_tick(self) -> list[int]:
        now = time.time()
        if self._settings.clock is Clock.FEED or not self._drained or now < self._ticked + 1.0:
            return []
        self._ticked = now
        tick = round(now * SECOND)
        return [tick] if tick >= self._state.configured.engine.due() else []

    def _decide(self, messages: list[Message], wall_ticks: list[int]) -> Decided:
        """Everything that follows from the messages; no effect but on the worker's own state."""
        state, engine = self._state, self._state.configured.engine
        batch = decode(messages, state.configured.index, self._settings.window, self._now())
        if self._suspect.is_culprit(messages):
            batch = set_aside(messages[0], batch, self._suspect.why)
        ticks = [*batch.ticks, *((len(batch.readings), tick) for tick in wall_ticks)]
        batch = replace(batch, ticks=tuple(ticks))
        gaps = state.sequences.observe(batch.numbered)
        features = engine.waves.features(batch.waveforms)
        with self._metrics.engine.time():
            step = engine.step(batch.readings, [Tick(position, tick) for position, tick in ticks], features)
        state.seq += 1
        return Decided(
            state.seq, messages, batch, features, gaps, step, state.configured.versions,
            self._capture_if_due(), self._begun,
        )  # fmt: skip

    async def _store(self, decided: Decided) -> None:
        """One transaction; then, and only then, the broker may forget the messages."""
        started = time.perf_counter()
        try:
            stored = await self._commit(decided, certain=True)
        except asyncpg.UniqueViolationError:
            # Somebody else stored readings that are new to us: ask the database about each.
            stored = await self._commit(decided, certain=False)
        self._subscriber.acknowledge(decided.messages)
        self._suspect.stored(len(decided.messages))
        self._allowance.spend(stored.kept, self._state.configured.index)
        self._ask_again(decided)
        self._count(decided, stored, time.perf_counter() - started)
        if decided.snapshot is not None:
            self._saving = asyncio.create_task(self._save(decided, decided.snapshot))

    async def _commit(self, decided: Decided, *, certain: bool) -> Stored:
        writer, batch, step = self._session.writer, decided.batch, decided.step
        readings = replace(batch.readings, flag=step.flag)
        try:
            async with writer.transaction():
                written = await write_readings(writer, readings, step.late, certain=certain)
                dead = [*batch.dead, *written.conflicts]
                now = round(time.time() * SECOND)
                kept = self._allowance.admit(dead, self._state.configured.index, now)
                await write_dead(writer, kept)
                await note_late(writer, written.late, self._present())
                await write_rest(writer, batch, decided.gaps)
                await write_step(writer, step, decided.versions.rules, self._session.partition, decided.seq)
                known = written.duplicates + len(written.conflicts)
                late = max(0, int(np.count_nonzero(step.late)) - known)
                counts = batch.messages, len(readings), written.duplicates, late
                await self._write_journal(decided.seq, encode_batch(batch, decided.features), *counts)
        except _AT_FAULT as error:
            if not decided.messages or (certain and isinstance(error, asyncpg.UniqueViolationError)):
                raise
            raise _RefusedError(decided.messages, f"{type(error).__name__}: {error}") from None
        return Stored(written, dead, kept)

    async def _write_journal(self, seq: int, body: bytes, *counts: int) -> None:
        """counts: messages, readings, duplicates, late."""
        session = self._session
        await session.writer.execute(_JOURNAL, session.partition, seq, session.epoch, *counts, body)

    def _now(self) -> int | None:
        """The time against which a reading's own is believed or not."""
        if self._settings.clock is Clock.WALL:
            return round(time.time() * SECOND)
        now = self._state.configured.engine.now
        return None if now == NEVER else now

    def _present(self) -> int:
        """The time by which late readings settle: the feed's own goes on with its readings, ticks or not."""
        if self._settings.clock is Clock.WALL:
            return round(time.time() * SECOND)
        engine = self._state.configured.engine
        return max(engine.now, int(engine.last.max(initial=NEVER)))

    def _capture_if_due(self) -> Arrays | None:
        saving = self._saving is not None and not self._saving.done()
        if saving or time.monotonic() < self._snapshot_due:
            return None
        self._snapshot_due = time.monotonic() + self._settings.snapshot_s
        return capture(self._state)

    async def _save(self, decided: Decided, snapshot: Arrays) -> None:
        try:
            await save(self._session, decided.seq, decided.versions, snapshot)
            self._metrics.snapshots.labels("saved").inc()
        except BROKEN as error:
            self._metrics.snapshots.labels("failed").inc()
            log.warning("snapshot_failed", error=str(error))

    def _connected(self, present: bool) -> None:  # noqa: FBT001, called by the subscriber
        self._drained = False
        self._connects += 1
        self._metrics.certificate_ends.set(self._subscriber.certificate_ends or 0)
        expected = self._session.epoch > 1 or self._connects > 1
        if expected and not present:
            log.error("session_lost", partition=self._session.partition)
            self._note = asyncio.create_task(self._record_session_loss())
        for device in self._state.sequences.incomplete():
            self._ask(device, self._state.sequences.missing(device))

    async def _record_session_loss(self) -> None:
        await self._session.side.execute(
            "insert into session_losses (partition) values ($1)", self._session.partition
        )

    def _ask_again(self, decided: Decided) -> None:
        """Ask for what was just found missing, and for all of it where a device has just come back."""
        for gap in decided.gaps:
            self._ask(gap.device, [(gap.boot, first, end) for first, end in gap.noticed])
        for status in decided.batch.statuses:
            if status.online:
                self._ask(status.device, self._state.sequences.missing(status.device))

    def _ask(self, device: str, missing: list[tuple[int, int, int]]) -> None:
        if (topic := self._state.configured.index.topic(device)) is None:
            return
        for boot, first, end in missing:
            request = f'{{"b":{boot},"from":{first},"to":{end - 1}}}'
            self._subscriber.publish(f"{topic}/resend", request.encode())

    def _count(self, decided: Decided, stored: Stored, seconds: float) -> None:
        metrics, written = self._metrics, stored.written
        metrics.messages.inc(decided.batch.messages)
        metrics.readings.labels("stored").inc(written.stored)
        metrics.readings.labels("duplicate").inc(written.duplicates)
        metrics.readings.labels("conflict").inc(len(written.conflicts))
        for dead in stored.dead:
            metrics.dead_letters.labels(dead.reason).inc()
        metrics.dead_letters_dropped.inc(len(stored.dead) - len(stored.kept))
        self._count_transitions(decided.step)
        metrics.batch.observe(len(decided.batch.readings))
        metrics.commit.observe(seconds)
        metrics.waiting.set(self._subscriber.waiting)
        metrics.count_flags(decided.step.flag)
        if decided.messages:
            metrics.age.observe(time.monotonic() - decided.begun)
            metrics.heard.set_to_current_time()
        self._time_readings(decided)
        self._count_present()

    def _time_readings(self, decided: Decided) -> None:
        """How old the readings were when they were durable; of a feed's own time nothing can be said."""
        times = decided.batch.readings.time[~decided.step.late]
        if self._settings.clock is Clock.FEED or not len(times):
            return
        middle = np.partition(times, len(times) // 2)[len(times) // 2]
        self._metrics.latency.observe(max(0.0, time.time() - int(middle) / SECOND))
        self._metrics.newest.set(int(times.max()) / SECOND)

    def _count_present(self) -> None:
        engine = self._state.configured.engine
        if self._presence is None or self._presence.registry is not engine.registry:
            self._presence = Presence(engine.registry, self._settings.partition)
        self._presence.tell(self._metrics, engine.last, self._present())

    def _tell_health(self) -> None:
        if self._subscriber.connected:
            self._health.ready()
        else:
            self._health.not_ready("the broker does not answer")

    def _count_transitions(self, step: Step) -> None:
        self._metrics.transitions.inc(len(step.transitions))
        for each in step.transitions:
            if each.rule == FAILURE.name and each.state:
                self._metrics.rule_failures.inc()
                log.error("rule_failed", rule=each.subject, asset=each.asset, why=each.reason)

    async def _other_versions(self) -> Versions | None:
        """The versions that should hold, if they are not those that do; looked up once a second."""
        if time.monotonic() < self._looked + 1.0:
            return None
        self._looked = time.monotonic()
        versions = await wanted(self._session.side)
        return None if versions in (self._state.configured.versions, self._unfit) else versions

    async def _change_versions(self, versions: Versions | None) -> None:
        """Let other versions of registry and rules take effect between two batches, if they can."""
        if versions is None:
            return
        state, session = self._state, self._session
        try:
            configured = await configure(session.side, versions)
        except LifelineError as error:
            if state.configured.versions == NONE:
                raise
            log.warning("versions_refused", registry=versions.registry, rules=versions.rules, why=str(error))
            self._unfit = versions
            return
        succession = Succession(state.configured.engine, configured.engine)
        async for history in read_history(session.side, *succession.needs()):
            await asyncio.to_thread(succession.warm, history)
        warmth = succession.warmth()
        step = succession.finish(warmth)
        entry = VersionsEntry(versions.registry, versions.rules, warmth)
        state.seq += 1
        async with session.writer.transaction():
            await write_step(session.writer, step, versions.rules, session.partition, state.seq)
            await self._write_journal(state.seq, encode_versions(entry), 0, 0, 0, 0)
        self._count_transitions(step)
        state.configured, self._unfit = configured, None
        self._snapshot_due = time.monotonic()
        log.info(
            "versions",
            registry=versions.registry,
            rules=versions.rules,
            sensors=len(configured.index.declared),
        )


async def _finished(storing: asyncio.Task[None] | None) -> None:
    if storing is not None:
        await storing
