"""trend: on its way to a threshold, surely and soon."""

import numpy as np
import pytest
from scipy.stats import theilslopes

from rules.bind import parse_parameters
from rules.kinds.slope import theil_sen
from tests.unit.rules.kinds.stage import kind, shown

RISING = {"above": 10, "window": "10min", "points": 10, "response": "30min"}


def line(start: float, by: float, minutes: int, first: int = 0) -> list[tuple[float, float]]:
    """A straight line, ``by`` a minute."""
    return [(60 * (first + n), start + by * n) for n in range(minutes)]


def test_a_line_is_evidence_once_it_is_there_within_the_response_time() -> None:
    ((second, state),) = shown(kind("trend", {**RISING, "above": 10.05}), line(0, 0.1, 100))
    assert (second, state) == (71 * 60, 1)
    ((second, state),) = shown(kind("trend", {**RISING, "above": None, "below": -10.05}), line(0, -0.1, 100))
    assert (second, state) == (71 * 60, 1)


def test_a_line_away_from_the_threshold_is_none_however_near() -> None:
    assert shown(kind("trend", RISING), line(9.9, -0.1, 60)) == []
    assert shown(kind("trend", {**RISING, "above": None, "below": 0}), line(0.1, 0.1, 60)) == []


def test_five_readings_over_half_a_window_are_needed() -> None:
    assert shown(kind("trend", RISING), line(9, 0.1, 5)) == []
    assert shown(kind("trend", RISING), line(9, 0.1, 6)) == [(300, 1)]
    assert shown(kind("trend", RISING), [(150.0 * n, 9 + 0.1 * n) for n in range(4)]) == []


def test_it_must_last_to_begin_and_to_end() -> None:
    there_and_flat = [*line(0, 0.2, 40), *line(8.0, 0.0, 40, first=40)]
    (begin, _), (end, _) = shown(kind("trend", RISING), there_and_flat)
    delayed = shown(kind("trend", {**RISING, "on_delay": "3min", "off_delay": "4min"}), there_and_flat)
    assert delayed == [(begin + 180, 1), (end + 240, 0)]


def test_one_outlier_makes_no_trend_and_hides_none() -> None:
    flat = line(5, 0.0, 30)
    assert shown(kind("trend", RISING), [*flat[:15], (900, 9.9), *flat[16:]]) == []
    rising = line(7, 0.1, 20)
    assert shown(kind("trend", RISING), [*rising[:8], (480, -50.0), *rising[9:]])


def test_a_slope_that_noise_could_make_is_none() -> None:
    noise = np.random.default_rng(7).normal(0, 1, 200)
    assert shown(kind("trend", {**RISING, "above": 9}), [(60 * n, v) for n, v in enumerate(noise)]) == []


def test_readings_within_a_slot_are_left_out_and_change_nothing() -> None:
    sparse = line(0, 0.1, 100)
    dense = sorted([*sparse, *((second + 7, 1e6) for second, _ in sparse)])
    assert shown(kind("trend", RISING), dense) == shown(kind("trend", RISING), sparse)


def test_slope_and_band_are_those_of_scipy() -> None:
    draw = np.random.default_rng(8)
    for count in (5, 9, 15):
        time = np.sort(draw.uniform(0, 100, count))
        value = 0.3 * time + draw.normal(0, 5, count)
        pad = np.full(15 - count, np.nan)
        found = theil_sen(np.append(100 - time, pad)[None], np.append(value, pad)[None], np.array([count]))
        slope, _, low, high = theilslopes(value, time, 0.9)
        assert found.slope[0] == pytest.approx(slope)
        ranked = np.sort(
            [(value[j] - value[i]) / (time[j] - time[i]) for i in range(count) for j in range(i)]
        )
        for mine, theirs in ((found.low[0], low), (found.high[0], high)):
            near = np.searchsorted(ranked, theirs)
            assert ranked[max(near - 1, 0)] <= mine <= ranked[min(near + 1, len(ranked) - 1)]


def test_it_tells_an_operator_when_and_how_sure() -> None:
    trend = kind("trend", RISING)
    shown(trend, line(5, 0.25, 11))
    assert trend.explain(0, 1, 7.5) == (
        "reaches 10 in 10 min (90 %: 10 to 10 min), rising by 15 an hour, now 7.5"
    )
    assert trend.explain(0, 0, 7.0) == "is no longer on its way to 10, now 7"


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"above": None}, "above"),
        ({"below": 0}, "above"),
        ({"response": "0s"}, "response"),
        ({"window": "0s"}, "window"),
        ({"points": 4}, "points"),
        ({"points": 61}, "points"),
    ],
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("trend", {**RISING, **parameters}).mistake()
    assert wrong is not None
    assert wrong[0] == where
