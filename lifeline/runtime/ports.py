"""Ports that nobody else takes."""

import random
import socket
from pathlib import Path

_LOWEST, _CLIENTS = 20_000, 32_768


def kept_port(file: Path) -> int:
    """The port that ``file`` holds; a free one of 127.0.0.1 is chosen the first time and kept there.

    It lies below those that the kernel gives to clients. From that range, a client that asks again and again
    for a server which is down would sooner or later be given the server's port, and be connected to itself.
    """
    try:
        return int(file.read_text(encoding="ascii"))
    except FileNotFoundError:
        port = free_port()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{port}\n", encoding="ascii")
        return port


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, below those that the kernel gives to clients."""
    choice = random.SystemRandom()
    while True:
        port = choice.randrange(_LOWEST, _CLIENTS)
        with socket.socket() as candidate:
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
