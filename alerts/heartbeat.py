"""Says to each receiver now and then that all is well, so that silence is never mistaken for quiet.

One that does not get through is counted and not sent again: the next one says the same.
"""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import structlog

from alerts.channels.channel import Channel
from alerts.database import Pool
from alerts.delivery import Courier
from alerts.message import Heartbeat
from alerts.metrics import Metrics
from alerts.outcome import Taken
from alerts.routing import Decision, Receiver, role
from sensors.readings import SECOND

_PURPOSE = "select purpose = 'replay' as drill from deployment"

log = structlog.get_logger()


class Hearts:
    """The heartbeats of all receivers that want one."""

    def __init__(self, pool: Pool, courier: Courier, metrics: Metrics) -> None:
        self._pool, self._courier, self._metrics = pool, courier, metrics

    async def beat(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as group:
            for receiver, channel in self._courier.ways.values():
                if receiver.table.heartbeat is not None:
                    group.create_task(self._beat(receiver, channel, receiver.table.heartbeat / SECOND))

    async def _beat(self, receiver: Receiver, channel: Channel, interval_s: float) -> None:
        well = True
        while True:
            async with self._pool.connection() as connection:
                row = await (await connection.execute(_PURPOSE)).fetchone()
            drill = row is not None and row["drill"]
            if role(receiver, drill=drill) is not Decision.DELIVER:
                return
            said = Heartbeat(
                version=1,
                kind="heartbeat",
                id=uuid4(),
                receiver=receiver.id,
                drill=drill,
                interval_s=interval_s,
                sent_at=datetime.now(UTC),
            )
            outcome = await channel.beat(said)
            taken = isinstance(outcome, Taken)
            self._metrics.heartbeats.labels(receiver.id, "taken" if taken else "failed").inc()
            if not isinstance(outcome, Taken) and well:
                log.warning("a receiver takes no heartbeat", receiver=receiver.id, error=outcome.error)
            well = taken
            await asyncio.sleep(interval_s)
