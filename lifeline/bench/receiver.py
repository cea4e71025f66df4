"""The ceiling of ``singles``: the worker's receive loop, acknowledging by itself and dropping all."""

import asyncio
import sys
import time

from ingest.mqtt import Broker, Subscriber
from lifeline import logs

MARKER = "ceilings/marker"


async def receive(url: str, messages: int) -> None:
    """Say when it is ready, take so many messages, and say when (wall time) the last was there."""
    async with Subscriber(
        Broker.at(url),
        "lifeline-bench-receiver",
        ["ceilings/#"],
        receive_maximum=2000,
        marker=MARKER,
        manual_ack=False,
    ) as subscriber:
        await subscriber.arrival(patience=30.0)
        subscriber.take(1)
        print("ready", flush=True)  # noqa: T201, for the bench that waits for it
        while messages:
            await subscriber.arrival(patience=1.0)
            messages -= len(subscriber.take(messages))
        print(time.time(), flush=True)  # noqa: T201, its result


if __name__ == "__main__":
    logs.configure()
    asyncio.run(receive(sys.argv[1], int(sys.argv[2])))
