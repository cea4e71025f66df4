"""A feed through the engine in one process, and that nothing in it looks ahead."""

from pathlib import Path

import numpy as np
import pytest

from lifeline.evaluate.passage import Passage, play_through
from lifeline.evaluate.run import evaluate
from lifeline.replay.play import read
from rules.levels import RiskLevel
from rules.model import RiskChange
from sensors.errors import Mistake
from sensors.readings import MINUTE
from simulator.feed_labels import Label
from tests.support.replaying import CHAMBERS, FEEDS


def played(until: int | None = None) -> Passage:
    return play_through(read(CHAMBERS, FEEDS, until))


def test_a_leak_is_found_nine_minutes_after_it_began() -> None:
    found = evaluate(CHAMBERS, FEEDS)

    assert (found.feed, found.hazard) == ("chambers", "gas-leak")
    assert (found.events, found.detected, found.delay_median_min) == (1, 1, 9.0)
    assert (found.false_episodes, found.unobserved, found.missed) == (0, 0, ())


@pytest.mark.parametrize("minutes", [10, 41, 50, 51, 77, 100, 119])
def test_nothing_looks_ahead(minutes: int) -> None:
    whole = played()
    cut = played(int(whole.times[0]) + minutes * MINUTE)

    assert len(cut.times) == minutes
    assert whole.transitions[: len(cut.transitions)] == cut.transitions
    assert whole.risk_changes[: len(cut.risk_changes)] == cut.risk_changes
    end = int(cut.times[-1]) + MINUTE
    assert all(each.time >= end for each in whole.transitions[len(cut.transitions) :])


def test_other_rules_may_judge_it(tmp_path: Path) -> None:
    text = (FEEDS / "chambers.rules.toml").read_text(encoding="utf-8")
    (rules := tmp_path / "r.toml").write_text(text.replace("above = 20", "above = 45"))

    found = evaluate(CHAMBERS, FEEDS, rules)

    assert found.detected == 1
    assert (found.delay_median_min or 0) > 9


def test_what_is_still_on_ends_with_the_feed() -> None:
    whole = played()
    end = int(whole.times[-1]) + MINUTE

    assert {alarm.asset for alarm in whole.alarms(RiskLevel.GENERAL, end)} == {"VC-1"}


def test_a_feed_without_labels_cannot_be_evaluated(tmp_path: Path) -> None:
    text = CHAMBERS.read_text(encoding="utf-8").partition("[labels]")[0]
    (path := tmp_path / "f.toml").write_text(text.replace('"chambers', f'"{FEEDS}/chambers'))

    with pytest.raises(Mistake, match="labels: expected to be given"):
        evaluate(path, FEEDS)


def change(time: int, level: int | None, asset: str = "A") -> RiskChange:
    return RiskChange(
        asset=asset, hazard="burst", time=time, level=level, previous=None, likelihood=1, consequence=1,
        probability=0.0, evidence=(), weights=(), cause=None,
    )  # fmt: skip


def test_an_event_is_as_bad_as_the_worst_level_that_stood_or_came_while_it_went_on() -> None:
    passage = Passage(np.array([0]), (), (change(10, 3), change(20, 1), change(30, 2), change(40, None)))

    def worst(start: int, end: int, asset: str | None = "A") -> RiskLevel | None:
        return passage.worst(Label("1", "burst", asset, start, end))

    assert worst(0, 10) is None
    assert worst(12, 18) == RiskLevel.GENERAL
    assert worst(12, 25) == worst(25, 35) == RiskLevel.MAJOR
    assert worst(30, 35) == RiskLevel.SERIOUS
    assert worst(41, 50) is None
    assert worst(12, 25, "B") is None
    assert worst(12, 25, None) == RiskLevel.MAJOR
