"""A TCP proxy that cuts a connection at the moment in which it hurts most, or lets its server say it dies."""

import contextlib
import socket
import struct
import threading
from typing import Self

_FIELDS = b"SFATAL\0VFATAL\0C57P02\0Mterminating connection because of crash of another server process\0\0"
LAST_WORDS = b"E" + struct.pack("!I", len(_FIELDS) + 4) + _FIELDS
"""What PostgreSQL says to who is idle, when it dies; it closes the connection some time later."""


class Proxy:
    """Forwards to a local port; ``cut_at`` breaks the next connection that sends the given bytes."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._needle, self._after = b"", False
        self.was_cut = threading.Event()
        self._dying = b""

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def cut_at(self, needle: bytes, *, after: bool) -> None:
        """Break the connection when a client sends the needle: before the server has it, or unanswered."""
        self.was_cut.clear()
        self._after, self._needle = after, needle

    def die_after(self, answer: bytes) -> None:
        """Let the server's last words follow its next answer that holds this."""
        self.was_cut.clear()
        self._dying = answer

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                pair = (client, server)
                for source, to, outward in (client, server, True), (server, client, False):
                    arguments = {"source": source, "to": to, "pair": pair, "outward": outward}
                    threading.Thread(target=self._forward, kwargs=arguments, daemon=True).start()

    def _forward(
        self, source: socket.socket, to: socket.socket, pair: tuple[socket.socket, ...], *, outward: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if outward and self._needle and self._needle in data:
                    self._needle = b""
                    if self._after:
                        pair[0].shutdown(socket.SHUT_WR)
                        to.sendall(data)
                        threading.Event().wait(0.2)
                    break
                dies = not outward and self._dying and self._dying in data
                # At once, so that the client is idle when it hears of it.
                to.sendall(data + LAST_WORDS if dies else data)
                if dies:
                    self._dying = b""
                    self.was_cut.set()
        if outward and not self._needle:
            self.was_cut.set()
        for each in pair:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
