"""/metrics, /healthz and /readyz of a process that has no web server of its own."""

import asyncio
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from sensors.errors import ConfigurationError

log = structlog.get_logger()

STUCK_S = 60.0
"""An event loop that has not turned for so long will not by itself."""


class Health:
    """What a process knows of itself; read by another thread."""

    def __init__(self) -> None:
        self._turned = time.monotonic()
        self._why = "starts"

    async def beat(self) -> None:
        """Show once a second that the event loop turns; for ever."""
        while True:
            self._turned = time.monotonic()
            await asyncio.sleep(1.0)

    def ready(self) -> None:
        """It does its work."""
        self._why = ""

    def not_ready(self, why: str) -> None:
        """It lives, and cannot do its work yet, or for now."""
        self._why = why

    def alive(self) -> tuple[HTTPStatus, str]:
        """The answer to /healthz: who gets anything but 200 may start the process anew."""
        still = time.monotonic() - self._turned
        if still > STUCK_S:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"the event loop has stood still for {still:.0f} s"
        return HTTPStatus.OK, "alive"

    def readiness(self) -> tuple[HTTPStatus, str]:
        """The answer to /readyz."""
        return (HTTPStatus.SERVICE_UNAVAILABLE, self._why) if self._why else (HTTPStatus.OK, "ready")


def serve(registry: CollectorRegistry, health: Health, port: int | None) -> None:
    """Answer on all addresses, from a thread, if there is a port for it; port 0 takes a free one.

    Raises:
        ConfigurationError: the port is taken.
    """
    if port is None:
        return

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/metrics":
                    self._answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)
                case "/healthz":
                    self._say(*health.alive())
                case "/readyz":
                    self._say(*health.readiness())
                case _:
                    self._say(HTTPStatus.NOT_FOUND, "/metrics, /healthz and /readyz are here")

        def _say(self, status: HTTPStatus, text: str) -> None:
            self._answer(status, f"{text}\n".encode(), "text/plain; charset=utf-8")

        def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *about: object) -> None:
            """Nothing: who asks every few seconds would fill the log."""

    try:
        server = ThreadingHTTPServer(("", port), Handler)
    except OSError as error:
        raise ConfigurationError(
            f"LIFELINE_METRICS_PORT: cannot listen on {port}: {error.strerror}"
        ) from None
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    log.info("metrics_listening", port=server.server_port)
