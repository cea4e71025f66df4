"""Processes of ours, started and ended as their users would, with what they log."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

PATIENCE_S = 30.0


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE_S) -> None:
    """Wait for the condition, and fail with what was waited for."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience} s for {what}"
        time.sleep(0.02)


class Lifeline:
    """``lifeline COMMAND`` as a process; always ended when the context is left."""

    def __init__(self, folder: Path, *command: str, **settings: object) -> None:
        self._log = folder / f"{command[0]}-{time.monotonic_ns()}.log"
        self._command = [sys.executable, "-m", "lifeline", *command]
        self._environment = os.environ | {
            f"LIFELINE_{name.upper()}": str(value) for name, value in settings.items()
        }

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return self

    def __exit__(self, *error: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_S)

    def wait(self, patience: float = PATIENCE_S) -> int:
        return self._process.wait(patience)

    @property
    def text(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def events(self, name: str) -> Iterator[dict[str, Any]]:
        """What it logged under a name."""
        for line in self.text.splitlines():
            if line.startswith("{") and (entry := json.loads(line)).get("event") == name:
                yield entry

    def until(self, name: str, times: int = 1, patience: float = PATIENCE_S) -> None:
        """Wait until it has logged this."""
        until(
            lambda: len(list(self.events(name))) >= times or self._process.poll() is not None,
            f"{name!r} in the log:\n{self.text[-3000:]}",
            patience,
        )
        assert len(list(self.events(name))) >= times, self.text[-3000:]
