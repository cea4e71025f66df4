"""What every long-lived process does alike: metrics on a port, and an orderly end at SIGTERM or SIGINT."""

import asyncio
import signal
from collections.abc import Coroutine

from prometheus_client import CollectorRegistry, start_http_server

from sensors.errors import ConfigurationError


async def run_until_stopped(work: Coroutine[None, None, None]) -> None:
    """Let the work go on until it ends, fails, or the process is told to stop."""
    task = asyncio.ensure_future(work)
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return


def serve_metrics(registry: CollectorRegistry, port: int | None) -> None:
    """Serve /metrics on all addresses, if there is a port for it.

    Raises:
        ConfigurationError: the port is taken.
    """
    if port is None:
        return
    try:
        start_http_server(port, registry=registry)
    except OSError as error:
        raise ConfigurationError(
            f"LIFELINE_METRICS_PORT: cannot listen on {port}: {error.strerror}"
        ) from None
