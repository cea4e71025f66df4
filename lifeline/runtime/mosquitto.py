"""A Mosquitto broker."""

import signal
import socket
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from lifeline.runtime.packages import Prefix
from lifeline.runtime.server import Server

_CONFIGURATION = Template((files(__package__) / "mosquitto.conf").read_text(encoding="utf-8"))
_CONNECT = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x05\x00\x00"  # MQTT 3.1.1, clean session, no name
_ACCEPTED = b"\x20\x02\x00\x00"
_DISCONNECT = b"\xe0\x00"


class Mosquitto(Server):
    """Mosquitto under ``directory``, open to local clients.

    What it holds it saves every 10 s and at its end: a crash loses what came since.
    """

    name = "Mosquitto"
    stop_signal = signal.SIGTERM

    def __init__(self, prefix: Prefix, directory: Path) -> None:
        super().__init__(prefix.mosquitto, directory)

    @property
    def url(self) -> str:
        """The broker's address."""
        return f"mqtt://127.0.0.1:{self.port}"

    def main_process(self) -> int | None:
        """The broker's one process, if it lives."""
        return min(self.processes(), default=None)

    def answers(self) -> bool:
        """Whether a client is accepted right now."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(_CONNECT)
                accepted = connection.recv(len(_ACCEPTED)) == _ACCEPTED
                connection.sendall(_DISCONNECT)
        except OSError:
            return False
        return accepted

    def _prepare(self) -> None:
        text = _CONFIGURATION.substitute(port=self.port, directory=self.directory)
        self._configuration.write_text(text, encoding="utf-8")

    def _command(self) -> Sequence[str | Path]:
        return [self._executable, "-c", self._configuration]

    @property
    def _configuration(self) -> Path:
        return self.directory / "mosquitto.conf"
