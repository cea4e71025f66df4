"""Prometheus and promtool out of the machine's own Debian release, for tests of what watches the system."""

import platform
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from lifeline.runtime.apt import download
from lifeline.runtime.lock import locked
from lifeline.runtime.server import Server
from sensors.errors import UnavailableError

_PROGRAMS = ("prometheus", "promtool", "amtool")


def ensure(folder: Path) -> Path:
    """Fetch and unpack the programs into ``folder`` unless they are there: 30 MB to fetch, 120 MB unpacked.

    Raises:
        ConfigurationError: this machine is no Debian whose packages could be fetched.
        UnavailableError: they could not be fetched.
    """
    with locked(folder / "lock"):
        found = folder / "bin"
        if not found.exists():
            release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
            state, begun = folder.resolve() / "apt", folder / "begun"
            for each in (state, begun):
                shutil.rmtree(each, ignore_errors=True)
                each.mkdir()
            for package in download(["prometheus", "prometheus-alertmanager"], release, release, state):
                subprocess.run(["dpkg-deb", "--extract", package, state / "root"], check=True)
            for name in _PROGRAMS:
                shutil.move(state / "root/usr/bin" / name, begun / name)
            shutil.rmtree(state)
            begun.rename(found)
    return found


class Prometheus(Server):
    """Prometheus under ``directory``, with a configuration of the caller's."""

    name = "Prometheus"
    stop_signal = signal.SIGTERM

    def __init__(self, programs: Path, directory: Path, configuration: Path) -> None:
        super().__init__((programs / "prometheus").resolve(), directory)
        self._configuration = configuration.resolve()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def main_process(self) -> int | None:
        """Its one process, if it lives."""
        return min(self.processes(), default=None)

    def answers(self) -> bool:
        """Whether it takes queries."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:  # noqa: S310, loopback
                return bool(answer.status == HTTPStatus.OK)
        except (OSError, urllib.error.URLError):
            return False

    def _prepare(self) -> None:
        if not self._configuration.exists():
            raise UnavailableError(f"{self.name}: no configuration {self._configuration}")

    def _command(self) -> Sequence[str | Path]:
        return [
            self._executable,
            f"--config.file={self._configuration}",
            f"--storage.tsdb.path={self.directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]
