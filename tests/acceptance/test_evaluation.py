"""The labelled feeds that are quick to evaluate: nothing looks ahead, and what was reached is not lost again.

The figures are those of docs/evaluation.md. They are no proof of the method, which only a set that it was not
tried on can give, but a change of a kind that loses them should be noticed.
"""

import os
from pathlib import Path

import pytest

from lifeline.evaluate.figures import Figures
from lifeline.evaluate.passage import play_through
from lifeline.evaluate.run import evaluate
from lifeline.replay.play import read
from sensors.readings import DAY, HOUR
from simulator.feed import find

pytestmark = [pytest.mark.data, pytest.mark.timeout(300)]

DATA = Path(os.environ.get("LIFELINE_DATA", "../shared/data"))


def figures(name: str, folder: str) -> Figures:
    if not (DATA / folder).is_dir():
        pytest.skip(f"the data set {folder} is not in {DATA} (LIFELINE_DATA)")
    return evaluate(find(name), DATA)


def test_all_releases_of_gas_are_found_in_minutes() -> None:
    found = figures("gas_metec", "gas_metec")

    assert (found.detected, found.events, found.unobserved) == (16, 16, 1)
    assert (found.delay_median_min or 99) <= 5
    assert found.false_episodes <= 3


def test_all_floods_are_foreseen_and_a_quiet_fortnight_is_quiet() -> None:
    gamma = figures("drainage_pystorms_gamma", "drainage_pystorms")
    epsilon = figures("drainage_pystorms_epsilon", "drainage_pystorms")

    assert (gamma.detected, gamma.events) == (8, 8)
    assert (gamma.delay_median_min or 0) <= -20
    assert gamma.false_assets <= 2
    assert epsilon.alarm_share == 0


def test_settlements_are_graded_as_bad_as_they_are() -> None:
    found = figures("bridge_munich", "bridge_munich")

    assert found.levels == ("general", "serious", "major")
    assert found.false_episodes == 0


@pytest.mark.parametrize("hours", [30, 61, 100, 143])
def test_a_feed_that_was_cut_off_says_the_same_up_to_there(hours: int) -> None:
    if not (DATA / "gas_metec").is_dir():
        pytest.skip(f"the data set gas_metec is not in {DATA} (LIFELINE_DATA)")
    path = find("gas_metec")
    whole = read(path, DATA)
    cut = read(path, DATA, whole.extent.start + hours * HOUR)

    said, so_far = play_through(whole), play_through(cut)

    assert cut.extent.end - cut.extent.start == hours * HOUR
    assert whole.extent.end - whole.extent.start > 6 * DAY
    assert so_far.transitions
    assert said.transitions[: len(so_far.transitions)] == so_far.transitions
    assert said.risk_changes[: len(so_far.risk_changes)] == so_far.risk_changes
    assert all(each.time >= cut.extent.end for each in said.transitions[len(so_far.transitions) :])
