"""``lifeline evaluate`` says in one process what ``lifeline replay`` says through broker and database."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lifeline.evaluate.passage import Passage, play_through, steps
from lifeline.replay.play import read
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.postgres import Postgres
from tests.support.replaying import ALERTS, CHAMBERS, FEEDS, TRANSITIONS, Replay, rows, run


@pytest.fixture
def replay(
    empty_database: str,
    postgres: Postgres,
    broker: Mosquitto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Replay]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    replay = Replay(empty_database, broker.url, tmp_path)
    yield replay
    for name in replay.databases():
        postgres.drop_database(name)


def said(passage: Passage) -> list[tuple[Any, ...]]:
    found = [
        (
            str(each.id),
            each.rule,
            each.subject,
            _moment(each.time),
            each.state,
            each.previous,
            each.value,
            each.reason,
        )
        for each in passage.transitions
    ]
    return sorted(found, key=lambda row: (row[3], row[1], row[2], row[4]))


def _moment(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1e6, UTC)


def test_the_transitions_and_the_alerts_are_those_of_a_replay(replay: Replay) -> None:
    ran = replay("--keep")
    database = replay.kept(ran)

    passage = play_through(read(CHAMBERS, FEEDS))

    assert said(passage) == rows(database, TRANSITIONS) != []
    mine = [
        (case, asset, hazard, _moment(time), level)
        for case, asset, hazard, time, level in steps(passage.risk_changes)
    ]
    theirs = [(row[0], row[1], row[2], row[4], row[5]) for row in rows(database, ALERTS)]
    assert mine == theirs != []
    evaluated = run(replay.folder, "evaluate", str(CHAMBERS), "--json").figures
    score = ran.figures["score"]
    assert evaluated["detected"] == score["found"]
    assert evaluated["delay_median_min"] * 60 == score["delay_median_s"]
    assert evaluated["false_episodes"] == score["false_episodes"]


def test_it_prints_an_object_a_feed(tmp_path: Path) -> None:
    ran = run(tmp_path, "evaluate", str(CHAMBERS), str(CHAMBERS), "--json")

    first, second = (json.loads(line) for line in ran.text.splitlines())
    assert first == second
    assert first.keys() >= {
        "feed", "events", "detected", "delay_median_min", "delay_p90_min", "false_per_clean_day",
        "false_episodes", "alarm_share", "S",
    }  # fmt: skip


def test_without_json_it_is_a_table(tmp_path: Path) -> None:
    shown = run(tmp_path, "evaluate", str(CHAMBERS))

    assert shown.code == 0
    assert "1 of 1" in shown.text
