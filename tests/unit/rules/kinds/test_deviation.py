"""deviation: away from what is usual for the sensor."""

import msgspec
import numpy as np
import pytest

from rules.bind import parse_parameters
from rules.kinds.deviation import Deviation, DeviationParameters
from rules.kinds.window import median, quantile
from sensors.local import local
from sensors.readings import HOUR
from tests.unit.rules.kinds.stage import kind, show, shown, state

FENCE = {"bands": [{"above": 2}], "window": "1h", "percentile": 10}
SPREADS = {"bands": [{"above": 4}, {"below": -4}], "window": "2h", "least_spread": 0.1}


def every_minute(values: list[float], start: int = 0) -> list[tuple[float, float]]:
    return [(60 * (start + n), value) for n, value in enumerate(values)]


def test_what_comes_on_top_of_the_low_level_is_evidence() -> None:
    assert shown(kind("deviation", FENCE), every_minute([2.0] * 60 + [3.9, 4.0, 5.0, 3.9])) == [
        (61 * 60, 1),
        (63 * 60, 0),
    ]


def test_half_a_window_and_five_readings_must_be_known() -> None:
    assert shown(kind("deviation", FENCE), every_minute([2.0] * 30 + [9.0])) == []
    assert shown(kind("deviation", FENCE), every_minute([2.0] * 31 + [9.0])) == [(31 * 60, 1)]
    sparse = [(900.0 * n, 2.0) for n in range(10)]
    assert shown(kind("deviation", FENCE), [*sparse, (9000, 9.0)]) == []
    assert shown(kind("deviation", {**FENCE, "window": "2h"}), [*sparse, (9000, 9.0)]) == [(9000, 1)]


def test_the_baseline_forgets_what_is_older_than_its_window() -> None:
    deviation = kind("deviation", FENCE)
    assert shown(deviation, every_minute([9.0] * 60 + [2.0] * 90 + [5.0])) == [(150 * 60, 1)]


def test_no_reading_may_be_withheld_for_it_moves_the_baseline() -> None:
    assert kind("deviation", FENCE).stirring(np.array([0]), np.array([2.0])) is None


def test_after_a_gap_longer_than_the_window_nothing_is_usual() -> None:
    deviation = kind("deviation", FENCE)
    assert shown(deviation, every_minute([2.0] * 60) + every_minute([9.0] * 10, start=180)) == []
    assert deviation.explain(0, 0, 9.0) == "has no usual value yet, now 9"


def test_evidence_holds_the_baseline_for_as_long_as_it_may() -> None:
    level = every_minute([2.0] * 60 + [6.0] * 600 + [2.0] * 5)
    assert shown(kind("deviation", FENCE), level) == [(60 * 60, 1), (660 * 60, 0)]
    (_, begin), (end, ended) = shown(kind("deviation", {**FENCE, "freeze": "2h"}), level)
    assert (begin, ended) == (1, 0)
    assert 3 * 3600 < end < 4.5 * 3600


def test_a_window_that_was_held_goes_on_where_it_stood() -> None:
    """What was usual before an evidence of hours is usual after it."""
    deviation = kind("deviation", FENCE)
    shown(deviation, every_minute([2.0] * 60 + [6.0] * 600 + [2.0]))
    assert show(deviation, 661 * 60, 5.0) == [(661 * 60, 1)]


def test_in_spreads_a_noisy_sensor_is_allowed_more() -> None:
    noise = np.random.default_rng(4).normal(0.0, 1.0, 200).clip(-3, 3).tolist()
    for scale, beyond in ((1.0, 6.0), (5.0, 30.0), (0.001, 0.6)):
        deviation = kind("deviation", SPREADS)
        assert shown(deviation, every_minute([scale * each for each in noise])) == []
        show(deviation, 200 * 60, beyond / 3)
        assert state(deviation) == 0
        show(deviation, 201 * 60, -beyond)
        assert state(deviation) == 2


def test_a_calm_hour_of_a_restless_sensor_is_judged_by_its_days() -> None:
    restless = np.random.default_rng(4).normal(0.0, 1.0, 600).clip(-3, 3).tolist()
    calm = [0.0, 0.01, -0.01] * 60
    for over, states in (({}, 1), ({"spread_over": "1d"}, 0)):
        deviation = kind("deviation", {**SPREADS, **over})
        assert shown(deviation, every_minute([*restless, *calm])) == []
        show(deviation, 780 * 60, 2.0)
        assert state(deviation) == states
        show(deviation, 781 * 60, 9.0)
        assert state(deviation) == 1


def test_with_a_long_spread_nothing_is_judged_before_twenty_readings_told_it() -> None:
    deviation = kind("deviation", {**SPREADS, "window": "10min", "spread_over": "1d"})
    assert shown(deviation, every_minute([0.0, 0.2] * 9 + [50.0])) == []
    assert shown(deviation, every_minute([0.0, 0.2] * 20 + [50.0], 20)) == [(60 * 60, 1)]


def test_how_often_a_sensor_reports_makes_no_difference_to_what_is_usual() -> None:
    ramp = {second: 2.0 + second / 3600 for second in range(0, 7200, 10)}
    usual = []
    for every in (10, 60):
        deviation = kind("deviation", {**FENCE, "bands": [{"above": 50}], "points": 30})
        shown(deviation, [(second, value) for second, value in ramp.items() if second % every == 0])
        usual.append(deviation.remember()["_baseline"][0])
    assert usual[0] == pytest.approx(usual[1], abs=0.02)


def test_it_tells_an_operator_what_is_usual() -> None:
    fence, spreads = kind("deviation", FENCE), kind("deviation", SPREADS)
    for each in (fence, spreads):
        shown(each, every_minute([2.0] * 90))
    assert fence.explain(0, 1, 5.0) == "5 is 3 above its usual 2"
    assert fence.explain(0, 0, 2.5) == "is back to usual: 2.5 is 0.5 above its usual 2"
    assert spreads.explain(0, 2, 1.5) == "1.5 is 5 spreads below its usual 2"


def hourly(weeks: int, zone: str = "UTC") -> tuple[np.ndarray, np.ndarray]:
    """Four readings an hour from a Thursday on: a wave a day but on Sundays, by the clock on the wall."""
    time = np.arange(weeks * 7 * 24 * 4) * (HOUR // 4)
    hour = local(time, zone) // HOUR
    busy = (hour // 24 + 4) % 7 != 0
    noise = np.random.default_rng(7).normal(0, 0.2, len(time))
    return time, 10 + 5 * busy * np.sin(2 * np.pi * hour / 24) + noise


def weekly(zone: str = "UTC", **parameters: object) -> Deviation:
    given = {"bands": [{"above": 3}, {"below": -3}], "baseline": "week", "zone": zone, **parameters}
    told = parse_parameters("deviation", given)
    assert isinstance(told, DeviationParameters)
    learned = Deviation.learn(told, zone, *hourly(4, zone))
    return Deviation([msgspec.structs.replace(told, learned=learned)])


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/St_Johns"])
def test_a_week_is_learned_hour_by_hour_of_the_city_s_own_time(zone: str) -> None:
    """The week after is as usual; a Sunday as busy as a Monday is not."""
    time, value = hourly(6, zone)
    after = time >= 5 * 7 * 24 * HOUR
    week = [(t / 1e6, v) for t, v in zip(time[after].tolist(), value[after].tolist(), strict=True)]
    assert shown(weekly(zone), week) == []
    monday = {round(t - 24 * 3600): v for t, v in week}
    sunday = [(t, monday.get(round(t), v)) for t, v in week]
    found = shown(weekly(zone), sunday)
    assert found
    days = {(local(np.array([round(t * 1e6)]), zone)[0] // (24 * HOUR) + 4) % 7 for t, _ in found}
    assert 0 in days


def test_what_a_week_taught_is_not_moved_by_evidence() -> None:
    deviation = weekly()
    usual = deviation.explain(0, 1, 30.0)
    shown(deviation, [(3600.0 * n, 30.0) for n in range(24 * 14)])
    assert state(deviation) == 1
    assert usual == "has no usual value yet, now 30"
    assert deviation.explain(0, 1, 30.0).startswith("30 is ")


def test_a_day_is_enough_where_the_week_does_not_matter() -> None:
    given = parse_parameters("deviation", {"bands": [{"above": 3}], "baseline": "day"})
    assert isinstance(given, DeviationParameters)
    time, value = hourly(1)
    assert len(Deviation.learn(given, "UTC", time, value)) == 48
    with pytest.raises(ValueError, match="which 20 of 24 do not have"):
        Deviation.learn(given, "UTC", time[:16], value[:16])


def test_who_has_learned_nothing_says_nothing() -> None:
    assert Deviation.must_learn(DeviationParameters(bands=(), baseline="week"))
    assert not Deviation.must_learn(DeviationParameters(bands=()))
    silent = kind("deviation", {"bands": [{"above": 3}], "baseline": "week"})
    assert shown(silent, every_minute([1.0] * 500 + [99.0])) == []


def test_quantiles_are_those_of_numpy() -> None:
    draw = np.random.default_rng(5)
    for count in range(1, 8):
        row = np.append(draw.normal(size=count), [np.nan] * (8 - count))
        for share in (0.0, 0.1, 0.5, 1.0):
            found = quantile(np.sort(row)[None], np.array([count]), share)[0]
            assert found == pytest.approx(np.quantile(row[:count], share))
    assert np.isnan(median(np.full((1, 3), np.nan), np.array([0]))[0])


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"window": "0s"}, "window"),
        ({"percentile": 101}, "percentile"),
        ({"points": 4}, "points"),
        ({"points": 10_000}, "points"),
        ({"least_spread": 0}, "least_spread"),
        ({"bands": []}, "bands"),
    ],
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("deviation", {**FENCE, **parameters}).mistake()
    assert wrong is not None
    assert wrong[0] == where
