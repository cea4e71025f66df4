"""Processes as the kernel shows them: who runs what where, started without a tie to us, ended for certain.

A server is known by its executable and its working directory, never by a number in a file alone: after a
crash or a restart of the machine that number may be anybody's.
"""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_UNPRIVILEGED = "nobody"
_FOR_ACCESS_TOO = "--securebits=+no_setuid_fixup"  # else access(2), which initdb asks, leaves rights out


def unprivileged(*needed: Path) -> list[str]:
    """The words before a command that make it run without root's rights; none where we are not root.

    PostgreSQL refuses to run as root. The other user cannot pass folders that are closed to it (a checkout in
    /root, a test's own folder), so where it could not reach one of ``needed`` it keeps the right to.
    """
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam(_UNPRIVILEGED)
    words = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if all(subprocess.run([*words, "test", "-x", path], check=False).returncode == 0 for path in needed):
        return words
    return [*words, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", _FOR_ACCESS_TOO]


def hand_over(path: Path) -> None:
    """Give ``path`` to the user that ``unprivileged`` commands run as."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(path, user.pw_uid, user.pw_gid)


def spawn(command: Sequence[str | Path], folder: Path, log: Path) -> None:
    """Start ``command`` in ``folder``, its output added to ``log``: a session of its own that outlives us."""
    with log.open("ab") as output:
        subprocess.run(
            ["setsid", "--fork", *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C"},
            check=True,
        )


def find(folder: Path, executable: Path | None = None) -> set[int]:
    """The live processes (no zombies) whose working directory is ``folder``, of one ``executable`` or any."""
    return {
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit()
        and _link(process / "cwd") == str(folder)
        and (executable is None or _link(process / "exe") == str(executable))
    }


def send(pids: set[int], number: signal.Signals) -> None:
    """Send a signal to each process that is still there."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask ``condition`` until it holds, at most ``seconds``; whether it came to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _link(path: Path) -> str | None:
    try:
        return os.readlink(path).removesuffix(" (deleted)")  # noqa: PTH115, a Path would be made and unmade 2 per process
    except OSError:
        return None
