"""A rule file's own cases: played through the engine, and held against what they expect."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from lifeline.cases import cases_of, try_case
from lifeline.cli import app
from rules.case import Case
from rules.load import DEMO_RULES, load, load_with_cases
from sensors.errors import Mistakes

RULES, CASES = load_with_cases([DEMO_RULES])

FILE = """
[[rule]]
name = "methane"
kind = "limit"
hazard = "gas-leak"
title = "甲烷"
title_en = "Methane"
source = "a test"
select = {{ quantity = "methane_lel" }}
parameters = {{ bands = [{{ above = 10.0 }}, {{ above = 20.0 }}] }}
evidence = [{{ llr = 2.0 }}, {{ likelihood = 4 }}]

[[case]]
name = "it climbs"
asset = [{{ id = "chamber", kind = "valve-chamber", domain = "gas" }}]
sensor = [{{ id = "probe", key = "ch4", asset = "chamber", quantity = "methane_lel", values = {values} }}]
expect = {expect}
{more}
"""


def file(folder: Path, values: str, expect: str, more: str = "") -> Path:
    path = folder / "rules.toml"
    path.write_text(FILE.format(values=values, expect=expect, more=more), encoding="utf-8")
    return path


def told(folder: Path, values: str, expect: str, more: str = "") -> tuple[list[str], list[str]]:
    rules, (case,) = load_with_cases([file(folder, values, expect, more)])
    tried = try_case(case, rules)
    return list(tried.missing), list(tried.unexpected)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_demo_rules_do_what_their_cases_say(case: Case) -> None:
    tried = try_case(case, RULES)
    assert tried.passed, tried


def test_a_case_that_holds_has_no_difference(tmp_path: Path) -> None:
    assert told(tmp_path, "[1.0, 12.0]", '[{ at = "1min", state = 1 }]') == ([], [])


def test_what_was_not_said_and_what_was_not_expected_are_told_apart(tmp_path: Path) -> None:
    expect = '[{ at = "1min", state = 2, subject = "probe" }]'
    assert told(tmp_path, "[1.0, 12.0]", expect) == (
        ["1min: probe/ch4: state 2"],
        ["1min: methane at probe/ch4: state 1 (12 is at or above 10)"],
    )


def test_each_said_transition_meets_one_that_is_expected(tmp_path: Path) -> None:
    missing, unexpected = told(
        tmp_path, "[1.0, 12.0]", '[{ at = "1min", state = 1 }, { at = "1min", state = 1 }]'
    )
    assert (len(missing), unexpected) == (1, [])


def test_a_run_of_values_may_climb(tmp_path: Path) -> None:
    climb = "[{ value = 0.0, to = 20.0, count = 21 }]"
    expect = '[{ at = "10min", state = 1 }, { at = "20min", state = 2 }]'
    assert told(tmp_path, climb, expect) == ([], [])


def test_levels_are_compared_where_they_are_given(tmp_path: Path) -> None:
    expect = '[{ at = "1min", state = 2 }]'
    assert told(tmp_path, "[1.0, 30.0]", expect, 'level = [{ at = "1min", level = "general" }]') == ([], [])
    assert told(tmp_path, "[1.0, 30.0]", expect, "level = []") == (
        [],
        ["1min: gas-leak at chamber: general (likelihood 4, consequence 1)"],
    )


def test_time_goes_on_after_the_values_as_long_as_the_case_lasts(tmp_path: Path) -> None:
    more = 'lasts = "15min"\nlevel = [{ at = "1min", level = "general" }, { at = "12min", level = "none" }]'
    expect = '[{ at = "1min", state = 2 }, { at = "2min", state = 0 }]'
    assert told(tmp_path, "[1.0, 30.0, 1.0]", expect, more) == ([], [])


def test_a_value_that_was_measured_earlier_comes_late_and_is_not_judged(tmp_path: Path) -> None:
    late = 'values = [1.0, 1.0, 30.0], times = ["0s", "2min", "1min"]'
    path = file(tmp_path, "[1.0]", "[]")
    path.write_text(path.read_text(encoding="utf-8").replace("values = [1.0]", late), encoding="utf-8")
    rules, (case,) = load_with_cases([path])
    assert try_case(case, rules).passed


def test_a_rule_that_cannot_be_bound_to_the_case_s_assets_fails_it(tmp_path: Path) -> None:
    path = file(tmp_path, "[1.0]", "[]")
    text = path.read_text(encoding="utf-8").replace("20.0 }] }", '20.0 }], relative_to = "depth_m" }')
    path.write_text(text, encoding="utf-8")
    rules, (case,) = load_with_cases([path])
    assert try_case(case, rules).missing == (
        "methane cannot be bound: chamber has no number 'depth_m' among its attributes",
    )


def test_cases_are_no_part_of_the_version(tmp_path: Path) -> None:
    versions = {load([file(tmp_path, values, "[]")]).version for values in ("[1.0]", "[2.0, nan]")}
    assert len(versions) == 1


@pytest.mark.parametrize(("state", "code"), [(1, 0), (2, 1)])
def test_the_command_ends_with_1_where_a_case_fails(tmp_path: Path, state: int, code: int) -> None:
    path = file(tmp_path, "[1.0, 12.0]", f'[{{ at = "1min", state = {state} }}]')
    result = CliRunner().invoke(app, ["rules", "test", str(path)])
    assert result.exit_code == code
    assert f"{1 - code} of 1 cases pass" in result.output


def test_a_file_that_needs_others_of_its_folder_is_read_with_them_and_tries_its_own_cases() -> None:
    rules, cases = cases_of([DEMO_RULES / "tunnel.toml"])
    assert rules.version == RULES.version
    assert [case.name for case in cases] == ["oxygen falls out of its band in two steps"]


def test_what_is_wrong_alone_and_with_its_folder_is_told_of_it_alone(tmp_path: Path) -> None:
    path = file(tmp_path, "[1.0]", "[]")
    path.write_text(path.read_text(encoding="utf-8").replace('"limit"', '"limits"'), encoding="utf-8")
    with pytest.raises(Mistakes, match="kind: expected one of"):
        cases_of([path])
