"""Every command tells what it does, with an example, and starts quickly enough to be asked."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from lifeline.cli import app

NAMED_BY_THE_DESIGN = {
    "up",
    "services start",
    "services stop",
    "services status",
    "migrate",
    "city load",
    "city check",
    "city list",
    "worker",
    "alerts",
    "assess",
    "simulate",
    "record",
    "replay",
    "evaluate",
    "import",
    "rules check",
    "rules load",
    "rules list",
    "rules test",
    "rules explain",
    "rules backtest",
    "rules learn",
    "dead-letter list",
    "dead-letter retry",
    "bench ingest",
    "bench replay",
    "bench rules",
    "bench simulate",
    "doctor",
}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", {})
    if not inner or command.invoke_without_command:
        yield " ".join(path), command
    for name, each in inner.items():
        yield from commands(each, (*path, name))


ALL = dict(commands(typer.main.get_command(app)))


def test_every_command_of_the_design_is_there() -> None:
    assert set(ALL) >= NAMED_BY_THE_DESIGN


@pytest.mark.parametrize("name", ALL)
def test_a_command_has_help_with_an_example(name: str) -> None:
    assert "Example: `" in (ALL[name].help or ""), name


def test_help_does_not_load_what_only_work_needs() -> None:
    asked = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lifeline", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"scipy", "asyncpg", "psycopg", "fastapi", "paho.mqtt.client", "procrastinate"}
    loaded = {line.rpartition("|")[2].strip() for line in asked.stderr.splitlines()}
    assert heavy & loaded == set()
