"""The README's commands, as a newcomer would type them, and what it links to."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh.md")

NOT_HERE = {"make test": "it is what runs this test"}


def commands(readme: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.split("  #")[0].split(" # ")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def run(command: str, environment: dict[str, str], patience: float = 300) -> str:
    done = subprocess.run(
        command,
        shell=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=patience,
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def test_both_languages_name_the_same_commands() -> None:
    assert commands("README.md") == commands("README.zh.md")


@pytest.mark.timeout(400)
def test_the_demo_shows_all_four_levels_and_loses_nothing() -> None:
    demo = next(command for command in commands("README.md") if command.startswith("make demo"))
    last = run(demo, dict(os.environ)).splitlines()[-1]
    assert last.startswith("summary: ")
    summary = json.loads(last.removeprefix("summary: "))
    assert summary["readings_published"] == summary["readings_stored"] > 100_000
    assert summary["lost"] == summary["duplicates"] == summary["missed"] == 0
    assert summary["expected"] == summary["raised"] > 0
    assert all(summary["alerts"][level] > 0 for level in ("major", "serious", "general", "low"))
    assert summary["deliveries"] == summary["receipts"] > 0
    assert 0 < summary["publish_to_alert_p50_ms"] <= summary["publish_to_alert_p99_ms"]
    assert 0 < summary["publish_to_receipt_p50_ms"] <= summary["publish_to_receipt_p99_ms"]


@pytest.mark.timeout(400)
def test_every_other_command_works_in_the_order_given(tmp_path: Path) -> None:
    rest = [c for c in commands("README.md") if not c.startswith("make demo") and c not in NOT_HERE]
    assert len(rest) > 5
    # A runtime of its own, for the services that the commands start and stop; what is set up is shared.
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    prefix = Path(os.environ.get("LIFELINE_RUNTIME", ROOT / ".runtime")) / "prefix"
    (runtime / "prefix").symlink_to(prefix.resolve())
    for command in rest:
        run(command, {**os.environ, "LIFELINE_RUNTIME": str(runtime)})


@pytest.mark.parametrize("readme", READMES)
def test_links_lead_somewhere(readme: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
