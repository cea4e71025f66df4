"""The queues of messages on their way: one job a delivery, and one at a time for an alert and receiver.

Each receiver has a queue and slots of its own, so that one that is slow or gone holds up nobody else, and
a second one for what is urgent. A job that waits for its next try holds back those behind it with the same
lock, whatever their queue, so that an update never overtakes its alert: what an urgent message has to wait
for becomes urgent too.

The jobs are procrastinate's, and so is the way in. They are taken and settled here, many in one statement:
its own worker takes one at a time, which a storm does not bear.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from procrastinate import PsycopgConnector
from procrastinate.jobs import Job as Queued
from procrastinate.manager import JobManager

from alerts.database import Connection
from alerts.routing import Delivery

CHANNEL = "lifeline_outbox"
"""Where is said which queues have new jobs."""

TASK = "deliver"
"""Stands in the database with each job: an old job must be known after an update of the software."""

QUEUE, URGENT = "alerts", "urgent"
"""What the names of our queues begin with."""

_TELL = "select pg_notify(%s, queue) from unnest(%s::text[]) as queue"
# What changes many jobs locks them in their order, so that no two wait for one another.
_HURRY = """
with waiting as (
    select id from procrastinate_jobs
    where lock = any(%(locks)s) and status = 'todo' and queue_name like %(plain)s || '%%'
    order by id for update
)
update procrastinate_jobs job set queue_name = replace(queue_name, %(plain)s, %(urgent)s)
from waiting where job.id = waiting.id
"""
_HURRY_UP = """
with hurried as (
    update procrastinate_jobs set scheduled_at = null where lock = %s and status = 'todo' returning queue_name
)
select distinct queue_name from hurried
"""
_ALL_NOW = """
with waiting as (
    select id from procrastinate_jobs
    where queue_name = any(%s) and status = 'todo' and scheduled_at is not null
    order by id for update
)
update procrastinate_jobs job set scheduled_at = null from waiting where job.id = waiting.id
"""
_DUE = """
select distinct queue_name from procrastinate_jobs
where status = 'todo' and (scheduled_at is null or scheduled_at <= clock_timestamp())
"""
# Whoever has the same lock and came before, or is being done, goes first.
_TAKE = """
with next as (
    select id from procrastinate_jobs job
    where queue_name = %(queue)s and status = 'todo' and {when}
        and not exists (
            select from procrastinate_jobs other
            where other.lock = job.lock and other.status in ('todo', 'doing')
                and (other.id < job.id or other.status = 'doing')
        )
    order by {order} limit %(limit)s
    for update skip locked
)
update procrastinate_jobs job set status = 'doing' from next where job.id = next.id
returning job.id as job_id, (job.args ->> 'delivery_id')::uuid as delivery_id
"""
_TAKE_DUE = _TAKE.format(when="(scheduled_at is null or scheduled_at <= clock_timestamp())", order="id")
_TAKE_SOONEST = _TAKE.format(when="true", order="scheduled_at nulls first, id")
_DONE = "delete from procrastinate_jobs where id = any(%s) and status = 'doing'"
_AGAIN = """
update procrastinate_jobs job set status = 'todo', attempts = attempts + 1, scheduled_at = again.at
from unnest(%s::bigint[], %s::timestamptz[]) as again (id, at)
where job.id = again.id and status = 'doing'
"""
_PUT_BACK = """
update procrastinate_jobs set status = 'todo', attempts = attempts + 1, scheduled_at = null
where task_name = %s and status = 'doing'
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery whose turn it is."""

    job_id: int
    delivery_id: UUID


class Outbox:
    """Where messages are queued."""

    def __init__(self) -> None:
        self._jobs = JobManager(PsycopgConnector())

    async def put(self, connection: Connection, deliveries: Sequence[Delivery]) -> None:
        """Add a job for each delivery, in the connection's transaction."""
        jobs = [
            Queued(
                queue=queue_of(delivery.receiver, urgent=delivery.urgent),
                task_name=TASK,
                lock=_lock(delivery.alert_id, delivery.receiver),
                queueing_lock=None,
                task_kwargs={"delivery_id": str(delivery.delivery_id)},
            )
            for delivery in deliveries
        ]
        await self._jobs.batch_defer_jobs_async(jobs, connection=connection)
        if hurried := [job.lock for job, delivery in zip(jobs, deliveries, strict=True) if delivery.urgent]:
            given = {"urgent": f"{URGENT}-", "plain": f"{QUEUE}-", "locks": hurried}
            await connection.execute(_HURRY, given)
        await _tell(connection, {job.queue for job in jobs})

    async def hurry(self, connection: Connection, alert_id: UUID, receiver: str) -> None:
        """Let the messages about an alert to a receiver wait no longer for their next try."""
        rows = await (await connection.execute(_HURRY_UP, [_lock(alert_id, receiver)])).fetchall()
        await _tell(connection, [row["queue_name"] for row in rows])


async def due(connection: Connection) -> list[str]:
    """The queues in which something waits whose time has come."""
    return [row["queue_name"] for row in await (await connection.execute(_DUE)).fetchall()]


async def take(connection: Connection, queue: str, limit: int, *, early: bool = False) -> list[Job]:
    """The next jobs of a queue, now being done. early: the soonest, whether or not its time has come."""
    query = _TAKE_SOONEST if early else _TAKE_DUE
    rows = await (await connection.execute(query, {"queue": queue, "limit": limit})).fetchall()
    return [Job(**row) for row in sorted(rows, key=lambda row: row["job_id"])]


async def settle(connection: Connection, jobs: Iterable[tuple[Job, datetime | None]]) -> None:
    """Write down what became of jobs: done, or to be done again at a time."""
    settled = list(jobs)
    await connection.execute(_DONE, [[job.job_id for job, at in settled if at is None]])
    if again := [(job.job_id, at) for job, at in settled if at is not None]:
        ids, times = zip(*again, strict=True)
        await connection.execute(_AGAIN, [list(ids), list(times)])


async def put_back(connection: Connection) -> None:
    """Queue again what whoever worked before has left undone."""
    await connection.execute(_PUT_BACK, [TASK])


async def all_now(connection: Connection, receiver: str) -> None:
    """Let all that waits for its next try to a receiver be due."""
    await connection.execute(_ALL_NOW, [queues_of(receiver)])


def queue_of(receiver: str, *, urgent: bool) -> str:
    """The queue of a receiver's messages."""
    return f"{URGENT if urgent else QUEUE}-{receiver}"


def queues_of(receiver: str) -> list[str]:
    """Both queues of a receiver, the urgent one first."""
    return [queue_of(receiver, urgent=urgent) for urgent in (True, False)]


def receiver_of(queue: str) -> tuple[str, bool]:
    """Whose a queue is, and whether it is the urgent one."""
    kind, _, receiver = queue.partition("-")
    return receiver, kind == URGENT


async def _tell(connection: Connection, queues: Iterable[str]) -> None:
    await connection.execute(_TELL, [CHANNEL, sorted(queues)])


def _lock(alert_id: UUID, receiver: str) -> str:
    return f"{alert_id} {receiver}"
