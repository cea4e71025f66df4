"""``lifeline rules learn``: a quiet stretch of stored history, and the rule file that comes of it."""

from pathlib import Path

import numpy as np
import psycopg
import pytest
from typer.testing import CliRunner

from lifeline.cli import app
from rules.load import load
from sensors.errors import ConfigurationError
from sensors.readings import MINUTE
from tests.support.town import settle
from tests.unit.rules.town import rules, town

RULES = """
[[rule]]
name = "together"
kind = "relation"
hazard = "gas-leak"
title = "关系"
title_en = "Together"
source = "a test"
select = { device = "d0" }
inputs.others = { select = { quantity = "methane_lel" } }
parameters = { every = "1min" }
evidence = [{ llr = 2.0 }]
"""
START = 29_000_000 * MINUTE
SPAN = ("--from", "2025-02-19T00:00:00Z", "--to", "2025-02-21T00:00:00Z")


@pytest.fixture
def history(database: str) -> str:
    """Ten hours of four sensors that follow one tide."""
    settle(database, town(4), rules(), purpose="replay")
    chance = np.random.default_rng(1)
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        ids = [
            row[0] for row in cursor.execute("select sensor_id from sensors order by device_id").fetchall()
        ]
        with cursor.copy("copy readings (sensor_id, time, value, flag) from stdin") as copy:
            for minute in range(600):
                at = np.datetime64(START + minute * MINUTE, "us")
                tide = 10 + 3 * np.sin(minute / 40)
                for sensor in ids:
                    copy.write_row((sensor, f"{at}Z", tide + 0.1 * chance.standard_normal(), 0))
    return database


def test_what_was_learned_is_a_rule_file_beside_the_rules(
    history: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "together.toml").write_text(RULES, encoding="utf-8")
    monkeypatch.setenv("LIFELINE_DSN", history)
    learn = ["rules", "learn", str(tmp_path), *SPAN, "--out", str(tmp_path / "learned.toml")]
    told = CliRunner().invoke(app, learn)
    assert told.exit_code == 0, told.output
    assert told.output.startswith("1 learned, 0 not")
    (learned,) = load([tmp_path]).learned
    assert (learned.rule, learned.subject) == ("together", "d0/ch4")
    assert learned.source.startswith("stored history, 2025-02-19")
    _, _, constant, *slopes = learned.values
    assert sum(slopes) == pytest.approx(1.0, abs=0.05)
    assert constant == pytest.approx(0.0, abs=0.5)
    again = CliRunner().invoke(app, learn)
    assert again.exit_code == 0, again.output
    assert load([tmp_path]).learned == (learned,)


def test_a_stretch_without_readings_teaches_nothing_and_says_so(
    history: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "together.toml").write_text(RULES, encoding="utf-8")
    monkeypatch.setenv("LIFELINE_DSN", history)
    span = ("--from", "2024-02-19T00:00:00Z", "--to", "2024-02-21T00:00:00Z")
    told = CliRunner().invoke(
        app, ["rules", "learn", str(tmp_path), *span, "--out", str(tmp_path / "l.toml")]
    )
    assert isinstance(told.exception, ConfigurationError)
    assert "together at d0/ch4 learned nothing: 0 whole samples; 16 are needed" in told.output
    assert not (tmp_path / "l.toml").exists()
