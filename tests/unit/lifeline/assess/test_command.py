"""``lifeline assess`` over a city's files."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lifeline.cli import app
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY

DEMO = str(DEMO_CITY)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["assess", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_it_writes_the_files_of_the_language_that_was_asked_for(tmp_path: Path) -> None:
    said = run(DEMO, "--to", str(tmp_path / "new" / "folder"), "--date", "2026-01-31", "--language", "zh")
    assert said.startswith("Yunlan, 2026-01-31: ")
    assert {path.name for path in (tmp_path / "new" / "folder").iterdir()} == {
        "map.geojson", "report.zh.html", "report.zh.md", "risks.zh.csv", "coverage.zh.csv", "gaps.zh.csv",
    }  # fmt: skip


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31"])
def test_a_day_that_is_none_is_refused(tmp_path: Path, day: str) -> None:
    with pytest.raises(ConfigurationError, match="--date: expected a day such as 2026-01-31"):
        run(DEMO, "--to", str(tmp_path), "--date", day)


def test_levels_of_files_are_not_stored(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="--store: expected no CITY"):
        run(DEMO, "--to", str(tmp_path), "--store")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"--to: .*file.*"):
        run(DEMO, "--to", str(tmp_path / "file" / "inside"))


def test_tables_with_a_mistake_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "tables.toml").write_text('version = "1"\n')
    with pytest.raises(ConfigurationError, match=r"tables\.toml:1: .*expected to be given"):
        run(DEMO, "--to", str(tmp_path / "out"), "--tables", str(tmp_path / "tables.toml"))
    assert not (tmp_path / "out").exists()
