"""The figures of an evaluation, by hand."""

import numpy as np
import pytest

from lifeline.evaluate.figures import Truth, competition, figures
from lifeline.scoring import Alarm
from rules.levels import RiskLevel
from sensors.readings import DAY, HOUR
from simulator.feed_labels import Label

TIMES = np.arange(0, 10 * HOUR, HOUR)


def label(start: int, end: int, name: str = "1") -> Label:
    return Label(name, "burst", None, start * HOUR, end * HOUR)


def alarm(start: float, end: float, hazard: str = "burst") -> Alarm:
    times = round(start * HOUR), round(end * HOUR)
    return Alarm("A", hazard, RiskLevel.GENERAL, *times, times[:1])


def test_s_of_the_competition_is_the_mean_of_timeliness_and_of_the_classes() -> None:
    # Found after 1 of 4 h: S_TTD = 0.75. TPR = 3/4, TNR = 5/6.
    found = competition([label(2, 6)], [alarm(3, 7)], TIMES)

    assert found == pytest.approx(0.5 * 0.75 + 0.5 * (3 / 4 + 5 / 6) / 2)


def test_an_event_that_is_not_found_counts_as_found_at_its_end() -> None:
    assert competition([label(2, 6)], [], TIMES) == pytest.approx(0.5 * 0 + 0.5 * (0 + 1) / 2)
    both = competition([label(1, 2), label(4, 6, "2")], [alarm(4, 6)], TIMES)
    assert both == pytest.approx(0.5 * 0.5 + 0.5 * (2 / 3 + 1) / 2)


def test_an_alarm_that_was_on_before_the_event_finds_it_at_once() -> None:
    assert competition([label(2, 6)], [alarm(0, 6)], TIMES) == pytest.approx(0.5 + 0.5 * (1 + 4 / 6) / 2)


def test_without_events_there_is_no_s() -> None:
    assert competition([], [alarm(1, 2)], TIMES) is None
    assert competition([label(0, 10)], [], TIMES) is None


def test_events_of_the_warm_up_count_and_its_false_alarms_do_not() -> None:
    labels = [label(2, 4, "early"), label(40, 44, "late"), label(60, 61, "beyond")]
    alarms = [alarm(3, 4), alarm(10, 11), alarm(30, 31), alarm(41, 42), alarm(47, 48, "data-loss")]
    found = figures(
        "f", Truth("burst", labels), alarms, TIMES, observed=[(0, 2 * DAY)], steady=[(DAY, 2 * DAY)]
    )

    assert (found.events, found.detected, found.steady_events, found.steady_detected) == (2, 2, 1, 1)
    assert (found.unobserved, found.missed) == (1, ())
    assert (found.delay_median_min, found.delay_p90_min) == (60.0, 60.0)
    assert (found.false_episodes, found.false_assets) == (1, 1)
    assert found.false_per_clean_day == pytest.approx(1 / (19 / 24), abs=1e-4)
    assert found.alarm_share == pytest.approx(2 / 24, abs=1e-5)
