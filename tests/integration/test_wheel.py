"""The wheel holds everything that the project needs at run time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(600)
def test_the_wheel_works_in_a_fresh_environment_from_another_folder(database: str, tmp_path: Path) -> None:
    def call(*command: str | Path) -> str:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            check=False,
            text=True,
            env={**os.environ, "LIFELINE_DSN": database},
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    source = tmp_path / "source"
    tracked = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    call(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path / "wheels", source)
    call(sys.executable, "-m", "venv", tmp_path / "venv")
    wheel = next((tmp_path / "wheels").glob("lifeline-*.whl"))
    pip = tmp_path / "venv/bin/pip"
    call(pip, "install", "-q", "--disable-pip-version-check", "-c", ROOT / "constraints.txt", wheel)
    lifeline = tmp_path / "venv/bin/lifeline"
    assert "sensors" in call(lifeline, "city", "load")
    assert "loaded" in call(lifeline, "rules", "load")
    assert "no mistakes" in call(lifeline, "rules", "check")
    assert "files in report" in call(lifeline, "assess", "--to", "report", "--no-store")
    call(tmp_path / "venv/bin/python", "-c", "from alerts.api import console; console._FILES['js/main.js']")
    networks = "from simulator.network_files import find; find('water', 'EPANET'), find('sewer', 'SWMM')"
    call(tmp_path / "venv/bin/python", "-c", networks)
    call(lifeline, "migrate")
    call(lifeline, "simulate", "--minutes", "2", "--speed", "max", "--out", "feed.jsonl")
    assert (tmp_path / "feed.jsonl").stat().st_size > 0
