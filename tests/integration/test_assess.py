"""``lifeline assess`` over the loaded city: what it stores, and what the views then show."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from lifeline.assess.survey import assess
from lifeline.assess.tables import default_tables
from lifeline.cli import app
from rules import store as rule_store
from rules.model import RuleSet
from rules.risk import default_matrix
from sensors import store as city_store
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city

Connection = psycopg.Connection[tuple[object, ...]]

DEMO = read_city(DEMO_CITY)
EXPECTED = {
    risk.asset.id: risk.level.value
    for risk in assess(DEMO, default_tables(), default_matrix(), date(2060, 1, 1)).risks
}
"""Levels of a day on which many assets have grown old, so that they differ from those in the city's files."""


@pytest.fixture
def conn(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("LIFELINE_DSN", database)
    with psycopg.connect(database, autocommit=True) as conn:
        city_store.load(conn, DEMO)
        rule_store.load(conn, RuleSet(rules=(), groups=(), matrix=default_matrix()))
        yield conn


def run(*arguments: str) -> None:
    result = CliRunner().invoke(app, ["assess", "--date", "2060-01-01", *arguments])
    if result.exception is not None:
        raise result.exception


def inherent(conn: Connection) -> dict[object, object]:
    return dict(conn.execute("select asset_id, inherent_level from grafana.current_assets"))  # type: ignore[arg-type]


def test_an_asset_shows_the_level_of_its_assessment_and_no_alert_is_made_of_it(
    conn: Connection, tmp_path: Path
) -> None:
    before = inherent(conn)
    assert None not in before.values()
    run("--to", str(tmp_path))

    assert inherent(conn) == EXPECTED != before
    shown = conn.execute("select distinct assessed_on, live_level from grafana.current_assets").fetchall()
    assert shown == [(date(2060, 1, 1), None)]
    for table in ("risk_states", "risk_changes", "alerts"):
        assert conn.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_the_shown_level_is_the_worse_of_inherent_and_live(conn: Connection, tmp_path: Path) -> None:
    run("--to", str(tmp_path))
    low = next(asset for asset, level in EXPECTED.items() if level == 4)
    red = next(asset for asset, level in EXPECTED.items() if level == 1)
    conn.cursor().executemany(
        "insert into risk_states values (%s, 'gas-leak', %s, 3, 3, now())", [(low, 2), (red, 3)]
    )
    query = "select asset_id, level from grafana.current_assets where asset_id = any(%s)"
    assert dict(conn.execute(query, ([low, red],)).fetchall()) == {low: 2, red: 1}  # type: ignore[arg-type]


def test_a_second_assessment_takes_the_place_of_the_first(conn: Connection, tmp_path: Path) -> None:
    run("--to", str(tmp_path))
    run("--to", str(tmp_path))
    assert conn.execute("select count(*) from inherent_risks").fetchone() == (len(DEMO.assets),)


def test_nothing_is_stored_when_only_a_report_is_wanted(conn: Connection, tmp_path: Path) -> None:
    run("--to", str(tmp_path), "--no-store")
    assert conn.execute("select count(*) from inherent_risks").fetchone() == (0,)
    assert (tmp_path / "report.zh.html").exists()


def test_the_loaded_city_gives_the_files_that_its_own_files_give(conn: Connection, tmp_path: Path) -> None:
    run("--to", str(tmp_path / "loaded"))
    run(str(DEMO_CITY), "--to", str(tmp_path / "files"))
    for path in (tmp_path / "files").iterdir():
        assert (tmp_path / "loaded" / path.name).read_bytes() == path.read_bytes()


def test_without_a_city_it_says_what_to_do(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIFELINE_DSN", database)
    with pytest.raises(ConfigurationError, match="call `lifeline city load`"):
        run("--to", str(tmp_path))
