"""The log of a run: one order and one spelling, whatever order it was said in."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from lifeline.evaluate.passage import play_through
from lifeline.replay.log import encoded, of_engine
from lifeline.replay.play import read
from rules.model import RiskChange, Transition
from sensors.readings import MINUTE
from tests.support.replaying import CHAMBERS, FEEDS, run

FIRST = Transition(
    rule="methane", subject="probe-1/ch4", asset="VC-1", hazard="gas-leak", time=MINUTE, state=1,
    previous=0, sensor=7, value=20.5, reason="20.5 is above 20",
)  # fmt: skip


def change(time: int, level: int | None, previous: int | None, asset: str = "VC-1") -> RiskChange:
    return RiskChange(
        asset=asset, hazard="gas-leak", time=time, level=level, previous=previous, likelihood=4,
        consequence=3, probability=0.9, evidence=(), weights=(), cause=None,
    )  # fmt: skip


def lines(transitions: list[Transition], changes: list[RiskChange]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in encoded(of_engine(transitions, changes)).splitlines()]


def test_a_line_is_canonical_json_with_its_time_in_utc() -> None:
    assert encoded(of_engine([FIRST], [])) == (
        b'{"what":"transition","time":"1970-01-01T00:01:00.000000Z","subject":"probe-1/ch4","rule":"methane",'
        b'"asset":"VC-1","hazard":"gas-leak","state":1,"previous":0,"value":20.5,'
        b'"reason":"20.5 is above 20"}\n'
    )


def test_a_change_of_risk_is_a_level_and_what_it_does_to_the_case() -> None:
    found = lines([], [change(MINUTE, 2, None), change(2 * MINUTE, None, 2)])

    assert [(each["what"], each["level"]) for each in found] == [
        ("level", 2), ("alert", 2), ("level", None), ("alert", None),
    ]  # fmt: skip
    assert [each["kind"] for each in found if each["what"] == "alert"] == ["raised", "cleared"]


def test_order_is_by_time_and_subject_whatever_was_said_first() -> None:
    other = replace(FIRST, subject="probe-0/ch4")
    later = replace(FIRST, time=2 * MINUTE, subject="a", state=0, previous=1)

    assert lines([later, FIRST, other], []) == lines([other, FIRST, later], [])
    assert [each["subject"] for each in lines([later, FIRST, other], [])] == [
        "probe-0/ch4",
        "probe-1/ch4",
        "a",
    ]


def test_what_a_case_came_to_at_one_moment_stays_in_the_order_in_which_it_did() -> None:
    up, down = change(MINUTE, 1, 3), change(MINUTE, 3, 1)

    assert [each["level"] for each in lines([], [up, down]) if each["what"] == "level"] == [1, 3]
    assert [each["level"] for each in lines([], [down, up]) if each["what"] == "level"] == [3, 1]


def test_a_transition_said_again_is_there_once_as_in_the_database() -> None:
    assert lines([FIRST, replace(FIRST, reason="again")], []) == lines([FIRST], [])


def test_the_engine_writes_the_log_of_what_it_said(tmp_path: Path) -> None:
    passage = play_through(read(CHAMBERS, FEEDS))

    ran = run(tmp_path, "replay", str(CHAMBERS), "--engine", "--json", "--log", str(tmp_path / "said.jsonl"))

    said = encoded(of_engine(passage.transitions, passage.risk_changes))
    assert (tmp_path / "said.jsonl").read_bytes() == said != b""
    figures = ran.figures
    assert (figures["rows"], figures["published"], figures["late"]) == (120, 350, 0)
    assert figures["score"]["found"] == 1
    assert figures["alerts"]["gas-leak"]["major"] == 1


@pytest.mark.parametrize("option", [["--keep"], ["--own-services"], ["--speed", "60"]])
def test_what_needs_services_is_refused_beside_the_engine(tmp_path: Path, option: list[str]) -> None:
    refused = run(tmp_path, "replay", str(CHAMBERS), "--engine", *option)

    assert (refused.code, refused.text) == (
        2,
        f"lifeline: {option[0]}: expected nothing of the kind beside --engine\n",
    )
