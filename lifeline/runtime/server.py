"""What PostgreSQL and Mosquitto have in common: a process in a folder of its own, on a port that stays."""

import re
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from lifeline.runtime.lock import locked
from lifeline.runtime.ports import kept_port
from lifeline.runtime.processes import find, hand_over, send, spawn, unprivileged, wait_until
from sensors.errors import UnavailableError


class Server(ABC):
    """A server on 127.0.0.1 with all it keeps in ``directory``, which may lie in a folder only we can enter.

    It outlives us unless stopped. Who names the same directory controls the same server, from any process.
    """

    name: str
    stop_signal: signal.Signals

    def __init__(self, executable: Path, directory: Path) -> None:
        self._executable = executable
        self.directory = directory.resolve()

    @property
    def port(self) -> int:
        """The port of this server, the same for as long as its directory is there."""
        return kept_port(self.directory / "port")

    @property
    def log(self) -> Path:
        """The file with what the server said."""
        return self.directory / "server.log"

    @property
    def running(self) -> bool:
        """Whether the server's main process lives; it may not answer yet."""
        return self.main_process() is not None

    def processes(self) -> set[int]:
        """Every live process of this server."""
        return find(self._home, self._executable)

    def start(self, within: float = 60) -> None:
        """Start unless it runs, and wait until it answers.

        Raises:
            UnavailableError: it ended, or did not answer ``within`` so many seconds; its last words are told.
        """
        with locked(self.directory / "lock"):
            hand_over(self.directory)
            if not self.running:
                self._end_at_once()
                self._prepare()
                spawn([*self._unprivileged(), *self._command()], self._home, self.log)
            if not wait_until(lambda: self.answers() or not find(self._home), within) or not self.running:
                raise UnavailableError(f"{self.name} did not start: {self._last_words()} (see {self.log})")

    def stop(self, within: float = 60) -> None:
        """End it in order, keeping everything; one that takes longer than ``within`` seconds is killed."""
        if (main := self.main_process()) is not None:
            send({main}, self.stop_signal)
            wait_until(lambda: not self.processes(), within)
        self._end_at_once()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL), and return when none of its processes is left."""
        if (main := self.main_process()) is not None:
            send({main}, signal.SIGKILL)
        self._end_at_once()

    def restart(self) -> None:
        """Stop in order and start again, on the same port with the same data."""
        self.stop()
        self.start()

    @abstractmethod
    def main_process(self) -> int | None:
        """The process that the others descend from, if it lives."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client is served right now."""

    @abstractmethod
    def _prepare(self) -> None:
        """Bring the directory into the state a start needs; no process of this server is alive."""

    @abstractmethod
    def _command(self) -> Sequence[str | Path]: ...

    @property
    def _home(self) -> Path:
        """The working directory of the server's processes."""
        return self.directory

    def _unprivileged(self) -> list[str]:
        return unprivileged(self._executable, self.directory)

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        serious = [line for line in lines if re.search(r"fatal|error", line, re.IGNORECASE)]
        return (serious or lines or ["it said nothing"])[-1].strip()

    def _end_at_once(self) -> None:
        def ended() -> bool:
            left = self.processes()
            send(left, signal.SIGKILL)
            return not left

        if not wait_until(ended, seconds=30):
            raise UnavailableError(
                f"{self.name}: processes {sorted(self.processes())} do not end (see {self.log})"
            )
