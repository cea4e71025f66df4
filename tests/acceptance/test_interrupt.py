"""Ctrl-C in the demo: everything stops, nothing is left."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import until


def processes_under(folder: Path) -> list[int]:
    """Processes that work in the folder, or have it in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
                where = str((entry / "cwd").readlink())
            except OSError:
                continue
            if str(folder) in words or where.startswith(str(folder)):
                found.append(int(entry.name))
    return found


@pytest.mark.timeout(180)
def test_ctrl_c_in_a_terminal_stops_everything(prefix: object, tmp_path: Path) -> None:
    del prefix  # set up
    ready = Path(os.environ.get("LIFELINE_RUNTIME", Path(__file__).parents[2] / ".runtime")) / "prefix"
    (tmp_path / "prefix").symlink_to(ready.resolve())
    master, slave = pty.openpty()
    demo = subprocess.Popen(
        [sys.executable, "-m", "lifeline", "up"],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        env=os.environ | {"LIFELINE_RUNTIME": str(tmp_path), "TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(slave)
    shown = b""

    def city_is_shown() -> bool:
        nonlocal shown
        shown += os.read(master, 1 << 16)
        return b"readings/s" in shown

    until(city_is_shown, "the city", 60)
    os.killpg(demo.pid, signal.SIGINT)
    os.set_blocking(master, False)

    def ended() -> bool:
        with contextlib.suppress(OSError):
            os.read(master, 1 << 16)
        return demo.poll() is not None

    until(ended, "the end", 60)
    os.close(master)
    assert demo.returncode == 0
    until(lambda: not processes_under(tmp_path), "no process left", 20)
    assert not list((tmp_path / "runs").iterdir())
