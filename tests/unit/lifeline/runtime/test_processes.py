import os
import signal
import subprocess
import sys
from pathlib import Path

from lifeline.runtime.processes import find, send, spawn, wait_until

SLEEP = Path("/usr/bin/sleep").resolve()


def test_a_spawned_process_is_found_by_its_folder_and_not_our_child(tmp_path: Path) -> None:
    spawn([SLEEP, "30"], tmp_path, tmp_path / "log")
    try:
        assert wait_until(lambda: len(find(tmp_path, SLEEP)) == 1, 5)
        (pid,) = find(tmp_path, SLEEP)
        assert find(tmp_path) == {pid}
        assert find(tmp_path, Path(sys.executable).resolve()) == set()
        assert find(tmp_path.parent) == set()
        assert os.getsid(pid) != os.getsid(0)
    finally:
        send(find(tmp_path), signal.SIGKILL)
    assert wait_until(lambda: not find(tmp_path), 5)


def test_a_zombie_is_not_a_live_process(tmp_path: Path) -> None:
    with subprocess.Popen([SLEEP, "0"], cwd=tmp_path) as child:
        status = Path(f"/proc/{child.pid}/status")
        assert wait_until(lambda: "State:\tZ" in status.read_text(), 5)
        assert find(tmp_path) == set()


def test_what_a_process_says_is_added_to_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for _ in range(2):
        spawn(["sh", "-c", "echo said; echo complained >&2"], tmp_path, log)
        assert wait_until(lambda: not find(tmp_path), 5)
    assert wait_until(lambda: log.read_text().split() == ["said", "complained"] * 2, 5)


def test_a_signal_to_a_process_that_is_gone_is_no_error() -> None:
    with subprocess.Popen([SLEEP, "0"]) as gone:
        gone.wait()
    send({gone.pid}, signal.SIGTERM)


def test_waiting_ends_with_the_truth() -> None:
    assert wait_until(lambda: True, 0)
    assert not wait_until(lambda: False, 0.05)
