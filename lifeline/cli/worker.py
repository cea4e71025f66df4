"""``lifeline worker``."""

from typing import Annotated

import typer

from lifeline.settings import Clock, Settings


def worker(
    partition: Annotated[str, typer.Option(help="k/n: the k-th of n parts of the city's districts")] = "1/1",
    clock: Annotated[Clock, typer.Option(help="feed: time is what lifeline/clock says")] = Clock.WALL,
) -> None:
    """Take readings from the broker into the database, and judge them on the way; until Ctrl-C.

    A second worker of the same partition stands by and takes over when the first is gone.

    Example: `lifeline worker --partition 1/2`
    """
    import asyncio  # noqa: PLC0415, heavy, and needed here only

    from prometheus_client import CollectorRegistry  # noqa: PLC0415

    from ingest.metrics import Metrics  # noqa: PLC0415
    from ingest.partition import Partition  # noqa: PLC0415
    from lifeline import logs  # noqa: PLC0415
    from lifeline.health import Health, serve  # noqa: PLC0415
    from lifeline.process import run_until_stopped  # noqa: PLC0415
    from lifeline.worker import WorkerSettings, work  # noqa: PLC0415

    logs.configure()
    settings = Settings.load()
    served = WorkerSettings.of(settings, Partition.parse(partition), clock)
    registry, health = CollectorRegistry(), Health()
    metrics = Metrics(registry)
    serve(registry, health, settings.metrics_port)

    async def watched() -> None:
        beating = asyncio.create_task(health.beat())
        try:
            await work(served, metrics, health)
        finally:
            beating.cancel()

    asyncio.run(run_until_stopped(watched()))
