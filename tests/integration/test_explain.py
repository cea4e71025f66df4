"""``lifeline rules explain``: from an id to all that led there, as it was stored."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from typer.testing import CliRunner

from lifeline.cli import app
from lifeline.explain.plot import draw
from lifeline.explain.read import read
from lifeline.migrate import migrate
from lifeline.runtime.postgres import Postgres
from rules.engine import Tick
from sensors.errors import ConfigurationError
from sensors.readings import MINUTE
from tests.support.judged import judged
from tests.unit.rules.test_engine import START, readings
from tests.unit.rules.town import LIMIT, VOTE, rules, town

SET = rules(LIMIT, VOTE)
CLIMB = [1.0, 2.0, 12.0, 13.0, 25.0, 26.0, 27.0, 26.0, 3.0, 2.0, 2.0, 2.0, 2.0]


@pytest.fixture(scope="module")
def dsn(postgres: Postgres) -> Iterator[str]:
    """Two probes in one chamber: the first climbs through two limits, the second follows a little."""
    dsn = postgres.create_database("explain")
    migrate(dsn)
    feed = readings(
        *((n, minute, value / n) for minute, value in enumerate(CLIMB) for n in (1, 2)), (1, 4.5, 99.0)
    )
    judged(dsn, town(2), SET, (feed, [Tick(len(feed), START + 60 * MINUTE)]))
    yield dsn
    postgres.drop_database("explain")


def one(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn) as db:
        (value,) = db.execute(query.encode()).fetchone() or (None,)
    return value


def explain(dsn: str, *more: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.setenv("LIFELINE_DSN", dsn)
    monkeypatch.setenv("COLUMNS", "160")
    result = CliRunner().invoke(app, ["rules", "explain", *more], catch_exceptions=False)
    return result.exit_code, result.output


def test_an_alert_is_explained_by_the_change_that_first_made_it_as_bad_as_it_was(dsn: str) -> None:
    alert = str(one(dsn, "select alert_id from alerts where hazard = 'gas-leak'"))
    account = read(dsn, alert)
    worst = one(dsn, "select min(level) from risk_changes where hazard = 'gas-leak'")
    assert account.grade is not None
    assert (account.asked, account.grade.level) == ("alert", worst)
    assert (account.asset.id, account.hazard.name_en) == ("chamber", "gas leak")
    methane = next(piece for piece in account.evidence if piece.rule.name == "methane")
    assert (methane.subject, methane.state, methane.reason) == (
        "d0/ch4", 2, "26 is at or above 20 for 1min",
    )  # fmt: skip
    assert methane.rule.parameters["bands"] == [{"above": 10.0}, {"above": 20.0}, {"above": 50.0}]
    assert methane.rule.parameters["on_delay"] == "1min"
    assert methane.rule.source == "test"


def test_weights_likelihood_consequence_and_cell_are_those_that_were_stored(dsn: str) -> None:
    first = one(dsn, "select min(risk_change_id) from risk_changes")
    account = read(dsn, str(first))
    assert account.grade is not None
    assert account.grade.probability == one(
        dsn, f"select (inputs->>'probability')::float8 from risk_changes where risk_change_id = {first}"
    )
    assert (account.grade.consequence, account.grade.matrix) == (3, SET.matrix.version)
    assert account.grade.level == SET.matrix.level(account.grade.likelihood, account.grade.consequence)
    assert account.rules_version == SET.version
    assert account.cause is not None
    assert all(piece.weight is not None for piece in account.evidence)


def test_the_window_holds_the_sensors_readings_with_their_thresholds(dsn: str) -> None:
    transition = str(one(dsn, "select transition_id from transitions where rule = 'methane' order by time"))
    account = read(dsn, transition)
    window = next(window for window in account.windows if window.sensor == "d0/ch4")
    assert window.thresholds == (10.0, 20.0, 50.0)
    assert len(window.values) == len(CLIMB) + 1
    assert window.late.count(True) == 1
    assert account.asked == "transition"


def test_a_vote_shows_all_its_members(dsn: str) -> None:
    transition = one(dsn, "select transition_id from transitions where rule = 'two-of-n'")
    account = read(dsn, str(transition))
    assert {window.sensor for window in account.windows} == {"d0/ch4", "d1/ch4"}


@pytest.mark.parametrize("given", ["999999", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_id_of_nothing_is_a_clear_line(dsn: str, given: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no alert, risk change or transition '{given}'"):
        read(dsn, given)


def test_the_words_name_all_that_counts(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    alert = str(one(dsn, "select alert_id from alerts where hazard = 'gas-leak'"))
    code, text = explain(dsn, alert, monkeypatch=monkeypatch)
    assert code == 0
    for said in (
        "燃气泄漏 / gas leak",
        "较大风险 / serious",
        "4 of 5, probability",
        "matrix A-2025[likelihood 4][consequence 3]",
        "26 is at or above 20",
    ):
        assert said in text, said


def test_the_json_is_one_object_with_all_readings(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, text = explain(dsn, "1", "--json", monkeypatch=monkeypatch)
    assert code == 0
    account = msgspec.json.decode(text)
    assert account["asked"] == "risk change"
    assert len(account["windows"][0]["values"]) == len(account["windows"][0]["times"]) > 0


def test_the_picture_is_a_png(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alert = str(one(dsn, "select alert_id from alerts where hazard = 'gas-leak'"))
    code, _ = explain(dsn, alert, "--plot", str(tmp_path / "why.png"), monkeypatch=monkeypatch)
    assert code == 0
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_a_clear_line_says_how_to_get_it(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = read(dsn, "1")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigurationError, match=r"needs matplotlib: pip install 'lifeline\[plot\]'"):
        draw(account, tmp_path / "why.png")
