"""``lifeline rules backtest``: stored history through other rules, against the alerts on record."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg
import pytest
from typer.testing import CliRunner

from lifeline.backtest.run import Backtest, backtest
from lifeline.cli import app
from lifeline.migrate import migrate
from lifeline.runtime.packages import Prefix
from lifeline.runtime.postgres import Postgres
from lifeline.runtime.services import temporary_services
from rules.engine import Tick
from rules.load import load
from sensors.errors import ConfigurationError
from sensors.readings import HOUR, MINUTE, SECOND
from tests.support.device import device
from tests.support.judged import claim, judged
from tests.support.processes import Lifeline, until
from tests.support.town import settle
from tests.unit.rules.test_engine import START, readings
from tests.unit.rules.town import rules, town

RULES = """
[[rule]]
name = "methane"
kind = "limit"
hazard = "gas-leak"
title = "甲烷"
title_en = "Methane"
source = "a test"
select = {{ quantity = "methane_lel" }}
parameters = {{ bands = [{{ above = {first} }}, {{ above = 40.0 }}], deadband = 1.0 }}
evidence = [{{ llr = 3.0 }}, {{ likelihood = 4 }}]

[[rule]]
name = "silence"
kind = "silence"
hazard = "data-loss"
title = "中断"
title_en = "Silent"
source = "a test"
parameters = {{ intervals = 3 }}
evidence = [{{ llr = 3.0 }}]
"""
QUIET = [2.0] * 20
LEAK = [15.0, 25.0, 50.0, 30.0, 5.0]
SMALL = [12.0, 12.0, 3.0]
VALUES = [*QUIET, *LEAK, *QUIET, *SMALL, *QUIET]
END = START + 3 * HOUR


def rule_file(folder: Path, first: float) -> Path:
    path = folder / f"{first:g}.toml"
    path.write_text(RULES.format(first=first), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def dsn(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A leak, and something smaller later; then both probes fall silent. One reading came late."""
    dsn = postgres.create_database("backtest")
    migrate(dsn)
    rows = [(n, minute, value) for minute, value in enumerate(VALUES) for n in (1, 2)]
    feed = readings(*rows, (1, 30.5, 90.0))
    ticks = [Tick(len(feed), START + minute * MINUTE) for minute in range(len(VALUES), 180)]
    judged(dsn, town(2), load([rule_file(tmp_path_factory.mktemp("rules"), 10)]), (feed, ticks))
    yield dsn
    postgres.drop_database("backtest")


def run(dsn: str, rules: Path | None = None, since: int = START - 1, until: int = END) -> Backtest:
    return asyncio.run(backtest(dsn, since, until, rules, lambda share: None))


def test_the_rules_that_held_would_say_the_same_again(dsn: str) -> None:
    done = run(dsn)
    assert done.counts == {"same": 3, "new": 0, "gone": 0, "changed": 0}
    assert (done.readings, done.late) == (2 * len(VALUES), 1)
    assert done.differences == ()


def test_a_higher_limit_loses_the_small_one_and_finds_the_leak_later(dsn: str, tmp_path: Path) -> None:
    done = run(dsn, rule_file(tmp_path, 20))
    assert done.counts == {"same": 1, "new": 0, "gone": 1, "changed": 1}
    changed, gone = done.differences
    assert (changed.what, gone.what) == ("changed", "gone")
    assert changed.recorded is not None
    assert changed.found is not None
    assert changed.found.start - changed.recorded.start == MINUTE
    assert changed.found.level == changed.recorded.level
    assert gone.recorded is not None
    assert gone.recorded.start == START + 45 * MINUTE


def test_a_lower_limit_joins_what_were_two(dsn: str, tmp_path: Path) -> None:
    done = run(dsn, rule_file(tmp_path, 1))
    assert done.counts == {"same": 1, "new": 0, "gone": 0, "changed": 2}
    assert {each.found for each in done.differences} == {done.differences[0].found}


def test_only_what_touches_the_stretch_is_compared(dsn: str, tmp_path: Path) -> None:
    done = run(dsn, rule_file(tmp_path, 20), since=START + 40 * MINUTE, until=START + 60 * MINUTE)
    assert done.counts == {"same": 0, "new": 0, "gone": 1, "changed": 0}
    assert done.warmed_from < START + 40 * MINUTE


def test_nothing_is_written(dsn: str, tmp_path: Path) -> None:
    tables = ("transitions", "risk_changes", "alerts", "alert_events", "journal", "rule_sets")
    counts = " union all ".join(f"select count(*) from {table}" for table in tables)
    with psycopg.connect(dsn) as db:
        before = db.execute(counts.encode()).fetchall()
        run(dsn, rule_file(tmp_path, 20))
        assert db.execute(counts.encode()).fetchall() == before


def test_no_time_between_the_moments_is_a_mistake(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="--to: expected a moment after --from"):
        run(dsn, since=END, until=END)


def test_what_a_worker_said_live_is_said_again(
    prefix: Prefix, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with temporary_services(prefix, tmp_path_factory.mktemp("services")) as services:
        dsn = services.postgres.create_database("live")
        migrate(dsn)
        settle(dsn, town(3), rules(), purpose="replay")
        values = [2.0, 12.0, 13.0, 25.0, 26.0, 60.0, 61.0, *[3.0] * 30, 12.0, 14.0, *[2.0] * 20]
        settings = {"dsn": dsn, "mqtt_url": services.mosquitto.url, "linger_ms": 1}
        with (
            Lifeline(tmp_path, "worker", "--clock", "feed", **settings) as worker,
            device(services.mosquitto.port) as sender,
        ):
            worker.until("subscribed")
            for minute, value in enumerate(values):
                t = START // 1000 + minute * 60_000
                sender.say("lifeline/clock", {"t": t})
                for n in range(3 if minute < 40 else 2):
                    sender.say(f"lifeline/gas/east/d{n}/telemetry", {"t": t, "v": {"ch4": value / (n + 1)}})
            wanted = 3 * 40 + 2 * (len(values) - 40)
            stored = "select count(*) from readings"
            with psycopg.connect(dsn, autocommit=True) as db:
                until(lambda: db.execute(stored).fetchone() == (wanted,), f"{wanted} readings")
            assert worker.stop() == 0
        asyncio.run(claim(dsn))
        done = run(dsn, until=START + len(values) * MINUTE)
        assert done.differences == ()
        assert done.counts["same"] >= 3


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_command_tells_it(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: list[str]
) -> None:
    monkeypatch.setenv("LIFELINE_DSN", dsn)
    monkeypatch.setenv("COLUMNS", "200")
    moments = [datetime.fromtimestamp(each / SECOND, UTC).isoformat() for each in (START, END)]
    options = ["--from", moments[0], "--to", moments[1], "--rules", str(rule_file(tmp_path, 20))]
    result = CliRunner().invoke(app, ["rules", "backtest", *options, *form], catch_exceptions=False)
    assert result.exit_code == 0
    if form:
        assert msgspec.json.decode(result.stdout)["counts"]["gone"] == 1
    else:
        assert "1 same, 0 new, 1 gone, 1 changed" in result.stdout
