"""The queues of messages on their way: one job a delivery, and one at a time for an alert and receiver.

Each receiver has a queue and slots of its own, so that one that is slow or gone holds up nobody else, and
a second one for what is urgent. A job that waits for its next try holds back those behind it with the same
lock, whatever their queue, so that an update never overtakes its alert: what an urgent message has to wait
for becomes urgent too. All jobs have the same priority, for a lock yields to priority.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from psycopg.errors import RaiseException

from alerts.database import Connection, Pool
from alerts.routing import Delivery, Receiver
from sensors.errors import UnavailableError

QUEUE, URGENT = "alerts", "urgent"
"""What the names of our queues begin with."""

_HURRY = """
update procrastinate_jobs set queue_name = replace(queue_name, %(plain)s, %(urgent)s)
where lock = any(%(locks)s) and status = 'todo' and queue_name like %(plain)s || '%%'
"""

_CHANNEL = "procrastinate_queue_v1#"
"""Where the database says that there are new jobs of a queue."""

TASK = "deliver"
"""Stands in the database with each job: an old job must find it after an update of the software."""

CONCURRENCY = 16
"""Messages at a time to one receiver."""

POLL_S = 0.5
GRACE_S = 5
"""How long jobs being done may take to end when the process is to stop."""

AFTER_A_FAULT_S = 30
SWEEP_S = 60
"""No job lasts half as long: one that is still being done a sweep later has lost whoever did it."""

log = structlog.get_logger()


class TryAgain(Exception):  # noqa: N818, an answer to the queue
    """A delivery did not get through and is due again at ``at``."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.at = at


class Outbox:
    """The queues of the receivers, whose jobs call ``deliver`` with a delivery's id."""

    def __init__(self, deliver: Callable[[UUID], Awaitable[None]], receivers: Iterable[Receiver]) -> None:
        self._queues = [
            _queue(receiver.id, urgent=urgent) for receiver in receivers for urgent in (True, False)
        ]
        self.channels = tuple(_CHANNEL + queue for queue in self._queues)
        self._connector = _Connector(self.channels)
        self._app = App(connector=self._connector)
        self._jobs = self._app.job_manager

        @self._app.task(name=TASK, queue=QUEUE, retry=_Retry())
        async def task(delivery_id: str) -> None:
            await deliver(UUID(delivery_id))

    async def put(self, connection: Connection, deliveries: Sequence[Delivery]) -> None:
        """Add a job for each delivery, in the connection's transaction."""
        jobs = [
            Job(
                queue=_queue(delivery.receiver, urgent=delivery.urgent),
                task_name=TASK,
                lock=_lock(delivery),
                queueing_lock=None,
                task_kwargs={"delivery_id": str(delivery.delivery_id)},
            )
            for delivery in deliveries
        ]
        await self._jobs.batch_defer_jobs_async(jobs, connection=connection)
        if hurried := [_lock(delivery) for delivery in deliveries if delivery.urgent]:
            given = {"urgent": f"{URGENT}-", "plain": f"{QUEUE}-", "locks": hurried}
            await connection.execute(_HURRY, given)

    async def work(self, pool: Pool) -> None:
        """Do the jobs until cancelled, beginning with those that whoever worked before has left undone.

        Raises:
            UnavailableError: the connection to the database failed.
        """
        async with self._app.open_async(pool):
            for job in await self._doing():
                await self._put_back(job)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._sweep())
                for queue in {*self._queues, *await self._left_over()}:
                    group.create_task(self._serve(queue))

    async def _serve(self, queue: str) -> None:
        await self._app.run_worker_async(
            queues=[queue],
            concurrency=CONCURRENCY,
            fetch_job_polling_interval=POLL_S,
            shutdown_graceful_timeout=GRACE_S,
            delete_jobs="successful",
            install_signal_handlers=False,
        )
        raise UnavailableError("the queue has lost its connection to the database")

    async def _left_over(self) -> set[str]:
        """Queues with jobs of receivers that are in the file no more."""
        return {queue["name"] for queue in await self._jobs.list_queues_async() if queue["todo"]}

    def hear(self, channel: str, payload: str) -> None:
        """Take what was heard on one of the ``channels``."""
        self._connector.heard[channel].put_nowait(payload)

    async def _sweep(self) -> None:
        """Put back jobs whose end could not be written down, now and then."""
        before: set[tuple[int | None, int]] = set()
        while True:
            await asyncio.sleep(SWEEP_S)
            doing = await self._doing()
            for job in doing:
                if (job.id, job.attempts) in before:
                    await self._put_back(job)
            before = {(job.id, job.attempts) for job in doing}

    async def _doing(self) -> list[Job]:
        return list(await self._jobs.list_jobs_async(task=TASK, status="doing"))

    async def _put_back(self, job: Job) -> None:
        try:
            await self._jobs.retry_job(job)
        except ConnectorException as error:
            # Procrastinate's function raises this where the job has ended meanwhile.
            if not isinstance(error.__cause__, RaiseException):
                raise


class _Retry(BaseRetryStrategy):
    """Every job is tried until it says itself that it is done, whatever went wrong with it."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        if isinstance(exception, TryAgain):
            return RetryDecision(retry_at=exception.at)
        log.error("a delivery failed in an unexpected way", **job.task_kwargs, error=repr(exception))
        return RetryDecision(retry_in={"seconds": AFTER_A_FAULT_S})


class _Connector(PsycopgConnector):
    """Hears of new jobs from whoever listens anyway.

    A listener of its own connects again after an outage, and if it is cancelled meanwhile, it leaves a
    half-open connection behind, for which the server would wait a minute before it could stop.
    """

    def __init__(self, channels: Iterable[str]) -> None:
        super().__init__()
        self.heard: dict[str, asyncio.Queue[str]] = {channel: asyncio.Queue() for channel in channels}

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        (channel,) = channels
        heard = self.heard.setdefault(channel, asyncio.Queue())
        while True:
            await on_notification(channel=channel, payload=await heard.get())


def _queue(receiver: str, *, urgent: bool) -> str:
    return f"{URGENT if urgent else QUEUE}-{receiver}"


def _lock(delivery: Delivery) -> str:
    return f"{delivery.alert_id} {delivery.receiver}"
