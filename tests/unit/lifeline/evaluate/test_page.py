"""The figures as people and programs read them."""

import json
from pathlib import Path

import pytest

from lifeline.evaluate.page import BEGIN, END, as_json, markdown, write
from lifeline.evaluate.run import evaluate
from sensors.errors import ConfigurationError
from tests.support.replaying import CHAMBERS, FEEDS


def test_the_figures_are_one_json_object() -> None:
    found = json.loads(as_json(evaluate(CHAMBERS, FEEDS)))

    assert {"feed": "chambers", "events": 1, "detected": 1, "delay_median_min": 9.0}.items() <= found.items()
    assert found.keys() >= {"delay_p90_min", "false_per_clean_day", "false_episodes", "alarm_share", "S"}
    assert found["levels"] == ["major"]
    assert 0 < found["row_found"] < 1


def test_they_take_the_place_of_those_that_the_page_holds(tmp_path: Path) -> None:
    (page := tmp_path / "p.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")

    write(page, markdown([evaluate(CHAMBERS, FEEDS)], {"chambers": "a floor"}))

    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"before\n{BEGIN}\n\n| feed |")
    assert "| `chambers` | 1 of 1 | 9.0 min, 9.0 min |" in text
    assert text.endswith(f" | a floor |\n\n{END}\nafter\n")
    assert "old" not in text


def test_a_page_without_a_place_for_them_is_refused(tmp_path: Path) -> None:
    (page := tmp_path / "p.md").write_text("nothing", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"p\.md: expected a line"):
        write(page, "x")
    with pytest.raises(ConfigurationError, match="No such file"):
        write(tmp_path / "none.md", "x")
