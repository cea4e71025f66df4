"""What every long-lived process does alike: an orderly end at SIGTERM or SIGINT."""

import asyncio
import signal
from collections.abc import Coroutine


async def run_until_stopped(work: Coroutine[None, None, None]) -> None:
    """Let the work go on until it ends, fails, or the process is told to stop."""
    task = asyncio.ensure_future(work)
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
