"""Measured ratios: how they are made, and how rules take them from a file."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rules.calibration import Calibration, Counts, ratios, read, version
from rules.load import load
from rules.model import Override, RuleSet, Selector
from rules.risk import Strength
from sensors.errors import Mistakes

RULE = """
[[rule]]
name = "methane"
kind = "limit"
hazard = "gas-leak"
title = "甲烷超限"
title_en = "Methane"
source = "a test"
select = { quantity = "methane_lel" }
parameters = { bands = [{ above = 10 }, { above = 20 }] }
evidence = [{ llr_file = "a.llr.json" }, { likelihood = 4 }]
"""


def written(folder: Path, text: str = RULE, **counts: object) -> Path:
    """A rule file, and beside it a calibration of its rule."""
    path = folder / "rules.toml"
    path.write_text(text.replace('{ llr_file = "a.llr.json" }', "{ llr = 1.0 }"), encoding="utf-8")
    (rule,) = load([path]).rules
    found = Counts(
        rule_version=version(rule), hazard="gas-leak", events=9, event=(1, 3, 7), clean=(90, 1, 0),
        llr=(1.234, 2.5),
    )  # fmt: skip
    made = Calibration(
        scenario="t",
        city="t",
        sample_s=600,
        hours=24,
        seeds=(1, 2),
        rules={"methane": replace(found, **counts)},
    )
    (folder / "a.llr.json").write_bytes(made.encode())
    path.write_text(text, encoding="utf-8")
    return path


def mistake(path: Path) -> str:
    with pytest.raises(Mistakes) as caught:
        load([path])
    (wrong,) = caught.value.mistakes
    return str(wrong).removeprefix(str(path))


def test_a_ratio_is_the_log_of_the_shares_with_half_an_event_added_to_both() -> None:
    (found,) = ratios((4, 6), (990, 10), 8)
    assert found == pytest.approx(math.log((0.6 + 1 / 16) / (0.01 + 1 / 16)), abs=0.001)


def test_what_was_never_seen_says_nothing_however_unequal_the_samples() -> None:
    assert ratios((10, 0), (100_000, 0), 3) == (0.0,)
    assert abs(ratios((10, 0), (100_000, 1), 3)[0]) < 0.001


@given(
    st.integers(0, 1000),
    st.integers(0, 1000),
    st.integers(0, 10**6),
    st.integers(0, 1000),
    st.integers(1, 200),
)
def test_no_ratio_is_surer_than_so_many_events_allow(
    quiet: int, seen: int, clean: int, false: int, events: int
) -> None:
    (found,) = ratios((quiet, seen), (clean, false), events)
    assert abs(found) <= math.log(1 + 2 * events) + 0.001


def test_a_rule_takes_its_ratio_from_the_file_it_names_and_the_set_holds_it(tmp_path: Path) -> None:
    found = load([written(tmp_path)])
    strength = Strength(llr=1.234, llr_file="a.llr.json")
    assert found.rules[0].evidence == (strength, Strength(likelihood=4))
    assert RuleSet.decode(found.encode()) == found


def test_a_set_with_other_ratios_is_another_version(tmp_path: Path) -> None:
    one = load([written(tmp_path)]).version
    assert load([written(tmp_path, llr=(1.3, 2.5))]).version != one


def test_a_file_that_is_not_there_or_none_is_a_mistake_on_the_rule_s_line(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "a.llr.json").unlink()
    assert mistake(path).startswith(":11: rule[0].evidence[0].llr_file: expected a file that can be read")
    (tmp_path / "a.llr.json").write_text("{}")
    assert "expected a file that `lifeline evaluate --calibrate` wrote" in mistake(path)


def test_ratios_of_another_rule_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(RULE.replace('"methane"', '"other"'), encoding="utf-8")
    assert mistake(path).endswith("expected a file with 'other', not only methane")


def test_ratios_of_another_version_of_the_rule_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(RULE.replace("above = 10", "above = 11"), encoding="utf-8")
    assert "expected the rule as it was calibrated" in mistake(path)


def test_a_ratio_of_its_own_beside_the_file_is_a_mistake(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_text(RULE.replace('"a.llr.json"', '"a.llr.json", llr = 1.0'), encoding="utf-8")
    assert mistake(path).endswith("expected no llr beside it, the file has it")


def test_the_version_of_a_rule_is_of_what_decides_its_states_and_nothing_else(tmp_path: Path) -> None:
    path = written(tmp_path)
    (rule,) = load([path]).rules
    assert version(replace(rule, title="other", source="other", group="g", evidence=())) == version(rule)
    override = Override(select=Selector(tag="school"), parameters={"bands": [{"above": 5}, {"above": 10}]})
    for other in (
        replace(rule, select=Selector(quantity="oxygen")),
        replace(rule, parameters={"bands": [{"above": 11}]}),
        replace(rule, override=(override,)),
    ):
        assert version(other) != version(rule)


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    written(tmp_path)
    found = read(tmp_path / "a.llr.json")
    assert found.rules["methane"].llr == (1.234, 2.5)
    assert found.encode() == (tmp_path / "a.llr.json").read_bytes()


def test_rules_that_are_yet_to_be_calibrated_are_read_without_their_file(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "a.llr.json").unlink()
    (rule,) = load([path], measured=False).rules
    assert rule.evidence[0] == Strength(llr_file="a.llr.json")


def test_the_version_is_the_same_in_every_process_whatever_keys_rules_may_have_one_day(
    tmp_path: Path,
) -> None:
    (rule,) = load([written(tmp_path)]).rules
    assert version(rule) == "e9444e7f2894d4be"
