"""Whole scenarios in the demo city, heard through decoding and engine."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lifeline.check import ear
from lifeline.check.page import as_json, line, remarks
from lifeline.check.run import Checked, check
from lifeline.cli import app
from rules.load import DEMO_RULES
from sensors.errors import ConfigurationError
from sensors.load import DEMO_CITY, read_city

HEAD = 'name = "test"\nduration = "20min"\ndomains = ["gas"]\n'
LEAK = """
[[incident]]
kind = "gas-leak"
asset = "VC-102"
start = "2min"
duration = "18min"
leak_m3h = 2.0
"""
EXPECT = '[[incident.expect]]\nasset = "VC-102"\nhazard = "gas-leak"\nlevel = "serious"\nwithin = "18min"\n'
FORBID = "[[forbid]]\n"


def tried(text: str, folder: Path, **given: int) -> Checked:
    (folder / "s.toml").write_text(HEAD + text, encoding="utf-8")
    return check(folder / "s.toml", read_city(DEMO_CITY), DEMO_RULES, **given)


def test_a_leak_is_found_and_nothing_else(tmp_path: Path) -> None:
    checked = tried(LEAK + EXPECT + FORBID, tmp_path)
    assert checked.passed
    assert [(each.kind, each.held) for each in checked.verdicts] == [("expect", True), ("forbid", True)]
    assert [(each.kind, each.place, each.start_s) for each in checked.truth] == [("gas-leak", "VC-102", 120)]
    assert checked.alerts["gas-leak"]["serious"] + checked.alerts["gas-leak"]["major"] == 1
    assert checked.readings > 700
    assert checked.sensors_in_alarm == 1


def test_without_the_leak_the_expectation_does_not_hold(tmp_path: Path) -> None:
    checked = tried(EXPECT.replace("incident.", "").replace('within = "18min"', ""), tmp_path)
    assert not checked.passed
    assert "1 failed" in line(checked)


def test_the_same_seed_and_start_give_the_same(tmp_path: Path) -> None:
    once, again, other = (tried(LEAK, tmp_path, seed=seed) for seed in (3, 3, 4))
    assert json.loads(as_json(once)) | {"seconds": 0} == json.loads(as_json(again)) | {"seconds": 0}
    assert once.readings == other.readings


def test_how_the_messages_are_cut_into_batches_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tried(LEAK + EXPECT, tmp_path)
    monkeypatch.setattr(ear, "BATCH", 7)
    cut = tried(LEAK + EXPECT, tmp_path)
    assert json.loads(as_json(cut)) | {"seconds": 0} == json.loads(as_json(whole)) | {"seconds": 0}


def test_an_expectation_known_not_to_hold_passes_and_is_told_also_when_it_holds(tmp_path: Path) -> None:
    known = 'known = "so it is"\n'
    off = tried(EXPECT.replace("incident.", "").replace('within = "18min"\n', known), tmp_path)
    on = tried(LEAK + EXPECT + known, tmp_path)
    assert off.passed
    assert remarks(off) == ["known: VC-102 gas-leak: so it is"]
    assert remarks(on) == ["known: VC-102 gas-leak: so it is (and yet it held now: take the mark away)"]


def test_rules_can_be_left_out_and_that_is_told(tmp_path: Path) -> None:
    out = '[leave_out]\nchamber-methane = "to see what the others find"\n'
    checked = tried(LEAK.replace("[[incident]]", f"{out}[[incident]]"), tmp_path)
    assert remarks(checked) == ["left out: chamber-methane: to see what the others find"]
    with pytest.raises(ConfigurationError, match=r"leave_out: expected rules of the set, not no-such-rule"):
        tried(out.replace("chamber-methane", "no-such-rule"), tmp_path)


def test_an_unknown_hazard_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigurationError, match=r"s.toml:13: incident\[0\].expect\[0\].hazard: expected one"
    ):
        tried(LEAK + EXPECT.replace('"gas-leak"', '"leek"'), tmp_path)


@pytest.mark.parametrize(("text", "code"), [(FORBID, 0), (EXPECT.replace("incident.", "")[:-18], 1)])
def test_the_command_ends_with_1_if_an_expectation_did_not_hold(text: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(HEAD.replace("20", "3") + text, encoding="utf-8")
    ran = CliRunner().invoke(app, ["simulate", "--check", str(tmp_path / "s.toml"), "--json"])
    assert ran.exit_code == code, ran.output
    assert json.loads(ran.output)["passed"] is (code == 0)
