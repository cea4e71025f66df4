"""Processes of ours started by another of ours: told to stop when it ends, however it ends."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from sensors.errors import UnavailableError

_ORDERLY_S = 15.0
"""How long a process may take to end in order."""


class Child:
    """One process, for as long as the context lasts; what it says goes to ``log``."""

    def __init__(self, name: str, command: Sequence[str], log: Path, settings: Mapping[str, object]) -> None:
        self.name, self._log = name, log
        self._command = ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", *command]
        self._environment = os.environ | {
            f"LIFELINE_{key.upper()}": str(value) for key, value in settings.items()
        }

    @classmethod
    def lifeline(cls, folder: Path, *command: str, **settings: object) -> Self:
        """``lifeline COMMAND`` with the settings given; its log is COMMAND.log in the folder."""
        return cls(command[0], ["lifeline", *command], folder / f"{command[0]}.log", settings)

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_ORDERLY_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def check(self) -> None:
        """See that it still runs.

        Raises:
            UnavailableError: it ended; its last words are told.
        """
        if self._process.poll() is not None:
            raise UnavailableError(f"{self.name} ended: {self._last_words()} (see {self._log})")

    def until(self, event: str, within: float = 60.0) -> dict[str, Any]:
        """Wait until it logs the event; what it logged.

        Raises:
            UnavailableError: it ended, or did not within so many seconds.
        """
        deadline = time.monotonic() + within
        while True:
            found = next(self.logged(event), None)
            if found is not None:
                return found
            self.check()
            if time.monotonic() > deadline:
                raise UnavailableError(f"{self.name} did not get ready in {within:g} s (see {self._log})")
            time.sleep(0.05)

    def logged(self, event: str) -> Iterator[dict[str, Any]]:
        """What it has logged under this name so far."""
        for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("{") and line.endswith("}"):
                entry = json.loads(line)
                if entry.get("event") == event:
                    yield entry

    def _last_words(self) -> str:
        lines = [
            line
            for line in self._log.read_text(encoding="utf-8", errors="replace").splitlines()
            if line.strip()
        ]
        return lines[-1] if lines else "without a word"
