"""``lifeline alerts``: the process, put together."""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from alerts import database
from alerts.access.stream import Stream
from alerts.api import app as api
from alerts.api.calling import Services
from alerts.channels import http
from alerts.claim import Claimer
from alerts.delivery import Courier
from alerts.dispatch import Dispatcher
from alerts.heartbeat import Hearts
from alerts.leader import Leader
from alerts.lifecycle import Policy
from alerts.metrics import Metrics
from alerts.outbox import Outbox
from alerts.record import Recorder
from alerts.routing import Plan
from alerts.timekeeper import Timekeeper
from sensors.errors import ConfigurationError, LifelineError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tls:
    """The files of a certificate with its chain, and of its key."""

    certificate: Path
    key: Path


async def run(dsn: str, plan: Plan, policy: Policy, host: str, port: int, tls: Tls | None) -> None:
    """Claim, deliver and serve until SIGTERM or SIGINT. port: 0 takes a free one, which is logged.

    Raises:
        ConfigurationError: the address cannot be listened on, or the database has not been migrated.
    """
    _leave_the_database_to_us()
    metrics = Metrics(CollectorRegistry())
    with _listen(host, port) as listener:
        async with database.pool(dsn) as pool, http.client() as client:
            courier = Courier(plan, client)
            recorder = Recorder(Outbox(), plan, policy, metrics)
            hearts = Hearts(pool, courier, metrics)
            claimer, timekeeper = Claimer(recorder, metrics), Timekeeper(recorder)
            dispatcher = Dispatcher(pool, courier, metrics)
            leader = Leader(dsn, pool, claimer, timekeeper, dispatcher, metrics, hearts)
            stream = Stream(dsn)
            app = api.create(Services(pool, recorder, metrics, leader, stream, tls is not None))
            at, on = listener.getsockname()[:2]
            scheme = "https" if tls else "http"
            log.info("listening", address=f"{scheme}://{at}:{on}", receivers=len(plan.receivers))
            await _until_stopped(leader, stream, app, listener, tls)
            await courier.close()
    log.info("stopped")


async def _until_stopped(
    leader: Leader, stream: Stream, app: FastAPI, listener: socket.socket, tls: Tls | None
) -> None:
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=3,
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
        )
    )
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    try:
        async with asyncio.TaskGroup() as group:
            leading = group.create_task(leader.run())
            streaming = group.create_task(stream.run())
            group.create_task(server.serve([listener]))
            await stop.wait()
            server.should_exit = True
            stream.close()
            streaming.cancel()
            leading.cancel()
    except ExceptionGroup as errors:
        for error in errors.exceptions:
            if isinstance(error, LifelineError):
                raise error from None
        raise


class _Server(uvicorn.Server):
    """One that leaves the signals to the process that it is a part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    try:
        listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        raise ConfigurationError(
            f"LIFELINE_API_PORT: cannot listen on {host}:{port}: {error.strerror}"
        ) from None
    # asyncio does so only for sockets that name their protocol, as this does not. Without it an answer's body
    # waits some 40 ms until the other side has acknowledged its head. Whoever connects inherits it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _leave_the_database_to_us() -> None:
    """While the database is away, each part would say so at each try; the leader says it once."""
    for name in ("psycopg.pool", "procrastinate"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.get_running_loop().set_exception_handler(_unless_away)


def _unless_away(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    if error is None or not database.is_away(error):
        loop.default_exception_handler(context)
