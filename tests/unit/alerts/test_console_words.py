"""Every word that the console shows stands in its dictionary, in both languages."""

import re
from pathlib import Path

from alerts.lifecycle import Awaited, Cause, Kind, Stage, State
from alerts.roles import Role
from sensors.model import Domain, Flag

CONSOLE = Path(__file__).parents[3] / "alerts/console/js"
PAIRS = re.compile(r'"([\w.-]+)": \[\s*"([^"]+)",\s*"([^"]+)",?\s*\]')
WORDS = {key for key, _, _ in PAIRS.findall((CONSOLE / "words.js").read_text(encoding="utf-8"))}


def test_the_words_of_the_data_are_known() -> None:
    told = {
        "state": State, "stage": Stage, "kind": Kind, "awaits": Awaited, "cause": Cause, "role": Role,
        "domain": Domain,
    }  # fmt: skip
    wanted = {f"{name}.{each}" for name, kinds in told.items() for each in kinds}
    assert wanted | {f"flag.{each.value}" for each in Flag} <= WORDS


def test_the_words_of_the_code_are_known() -> None:
    used = {
        key
        for path in CONSOLE.rglob("*.js")
        for key in re.findall(r'\bt\("([\w.-]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(used) > 100
    assert used <= WORDS
