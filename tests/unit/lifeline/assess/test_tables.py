"""A table that cannot be right is refused, with line, key and what was expected."""

from pathlib import Path

import pytest

from lifeline.assess.tables import TABLES, default_tables, read_tables
from sensors.errors import Mistakes
from sensors.load import DEMO_CITY, read_city

TEXT = TABLES.read_text(encoding="utf-8")


def test_the_projects_tables_have_a_source_for_everything() -> None:
    tables = default_tables()
    sources = [
        tables.source,
        tables.likelihood.source,
        tables.review.source,
        *(factor.source for factor in tables.factor.values()),
        *(source for kind in tables.kind.values() for source in (kind.source, kind.watch_source)),
    ]
    assert all(sources)


def test_the_demo_city_has_no_kind_that_they_do_not_know() -> None:
    assert {asset.kind for asset in read_city(DEMO_CITY).assets} == default_tables().kind.keys()


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ("steps = [0.02, 0.1, 0.2, 1.0]", "steps = [0.02, 0.2, 0.1, 1.0]", "expected four ascending rates"),
        ("[[1.0, 0.3], [2.0, 0.6]", "[[1.0, 0.3], [2.0, 0.1]", "more condition is never better"),
        ("[[1.0, 0.3], [2.0, 0.6]", "[[1.0, 0.3], [1.0, 0.6]", "expected ascending values"),
        ("[[1.0, 0.3], [2.0, 0.6]", "[[1.0, 0.3], [2.0, 0]", "expected `float` > 0"),
        ("ductile-iron = 1.0, cast-iron = 6.3", "ductile-iron = 1.0, cast-iron = inf", "finite numbers"),
        ("unknown = 1.9", "unknown = 1.1", "not to know is no merit"),
        ('hazards = ["heat-leak"]', 'hazards = ["frost"]', "not 'frost'"),
        ('hazards = ["heat-leak"]', "hazards = []", "at least one hazard"),
        ('factors = ["heat-age",', 'factors = ["heat-aeg",', "not 'heat-aeg'"),
        ('watch = [["rain_intensity"]]', 'watch = [["rain"]]', "not 'rain'"),
        ('watch = [["rain_intensity"]]', "watch = [[]]", "at least one quantity"),
        ("months = 3\n", "months = 0\n", "expected `int` >= 1"),
        ("[factor.age]", "[factor.age]\nsize = 1", "expected no such field"),
        ('version = "2025-1"', 'version = "2025-1', ""),
    ],
)
def test_a_mistake_is_shown_where_it_stands(tmp_path: Path, there: str, instead: str, said: str) -> None:
    assert TEXT.count(there) >= 1
    wrong = tmp_path / "tables.toml"
    wrong.write_text(TEXT.replace(there, instead, 1), encoding="utf-8")

    with pytest.raises(Mistakes, match=f"(?s){wrong.name}:\\d+: .*") as refused:
        read_tables(wrong)
    assert said in str(refused.value)


def test_tables_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match=r"nowhere\.toml: file: expected a file that can be read"):
        read_tables(tmp_path / "nowhere.toml")
