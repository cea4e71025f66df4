"""ewma: the smoothed value against its reference."""

import numpy as np
import pytest

from rules.bind import parse_parameters
from tests.unit.rules.kinds.stage import kind, shown

GIVEN = {"mean": 10, "spread": 1, "tau": "5min"}
FOLLOWING = {"spread": 0.1, "follow": "1h", "tau": "5min"}


def every_minute(values: list[float], start: int = 0) -> list[tuple[float, float]]:
    return [(60 * (start + n), value) for n, value in enumerate(values)]


def test_a_shift_smaller_than_the_noise_of_one_reading_is_found_once_it_lasted() -> None:
    assert shown(kind("ewma", GIVEN), every_minute([10.0] * 30 + [11.5] * 30)) == [(34 * 60, 1)]


def test_however_far_out_one_reading_alone_is_nothing() -> None:
    assert shown(kind("ewma", GIVEN), every_minute([10.0] * 9 + [1e9] + [10.0] * 9)) == []
    assert shown(kind("ewma", GIVEN), [(0, 1e9)]) == []
    assert shown(kind("ewma", GIVEN), [(0, 10.0), (1e6, 1e9)]) == []


def test_it_ends_well_inside_the_bound_and_not_at_it() -> None:
    readings = every_minute([13.0] * 10 + [10.0] * 20)
    (begin, _), (end, _) = shown(kind("ewma", {**GIVEN, "release": 1}), readings)
    (_, _), (later, _) = shown(kind("ewma", GIVEN), readings)
    assert begin < end < later


def test_only_the_side_asked_for_counts() -> None:
    low, high = every_minute([5.0] * 20), every_minute([15.0] * 20)
    for side, there, other in (("high", high, low), ("low", low, high)):
        assert shown(kind("ewma", {**GIVEN, "side": side}), there)
        assert not shown(kind("ewma", {**GIVEN, "side": side}), other)


def test_readings_twice_as_often_weigh_half_as_much() -> None:
    """What was smoothed is the same, however densely a level was reported."""
    sparse, dense = kind("ewma", GIVEN), kind("ewma", GIVEN)
    shown(sparse, [(0, 10.0), *((120.0 * n, 11.0) for n in range(1, 6))])
    shown(dense, [(0, 10.0), *((60.0 * n, 11.0) for n in range(1, 11))])
    assert sparse.remember()["_smooth"][0] == pytest.approx(dense.remember()["_smooth"][0], rel=1e-6)


def test_white_noise_makes_the_false_alarms_that_the_text_says() -> None:
    noise = np.random.default_rng(1)
    subjects, readings, begun = np.arange(400), 1000, 0
    ewma = kind("ewma", *[{"mean": 0, "spread": 1, "tau": "10min"}] * len(subjects))
    for minute in range(readings):
        time = np.full(len(subjects), minute * 60_000_000)
        for changes in ewma.update(subjects, time, noise.normal(size=len(subjects))):
            begun += int(changes.state.sum())
    assert 700 < len(subjects) * readings / begun < 1200


def test_a_reference_that_follows_judges_nothing_before_it_has_followed_for_its_time() -> None:
    assert shown(kind("ewma", FOLLOWING), every_minute([5.0] * 30 + [50.0] * 30)) == []
    assert shown(kind("ewma", FOLLOWING), every_minute([5.0] * 61 + [6.0] * 9)) == [(62 * 60, 1)]


def test_it_learns_the_spread_as_well() -> None:
    noise = np.random.default_rng(2).normal(5.0, 1.0, 600)
    ewma = kind("ewma", {**FOLLOWING, "follow": "2h", "width": 4, "clip": 4})
    assert shown(ewma, every_minute(noise.tolist())) == []
    assert 0.8 < 1 / ewma.remember()["_precision"][0] < 1.2


def test_evidence_holds_the_reference_until_it_has_lasted_too_long() -> None:
    level = every_minute([5.0] * 90 + [7.0] * 600)
    assert shown(kind("ewma", FOLLOWING), level) == [(91 * 60, 1)]
    (_, begin), (end, state) = shown(kind("ewma", {**FOLLOWING, "freeze": "2h"}), level)
    assert (begin, state) == (1, 0)
    assert end > (90 + 120) * 60


def test_after_a_gap_longer_than_its_time_the_reference_is_learned_anew() -> None:
    readings = every_minute([5.0] * 90) + every_minute([9.0] * 50, start=300)
    assert shown(kind("ewma", FOLLOWING), readings) == []


def test_it_tells_an_operator_how_far_and_where() -> None:
    ewma = kind("ewma", GIVEN)
    shown(ewma, every_minute([7.0] * 10))
    assert ewma.explain(0, 1, 7.0) == "smoothed 7 is 8.5 of its spreads below 10, now 7"
    assert ewma.explain(0, 0, 10.1) == "is back near 10, now 10.1"


@pytest.mark.parametrize("name", ["ewma", "cusum"])
@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"spread": 1}, "mean"),
        ({"spread": 1, "mean": 1, "follow": "1h"}, "mean"),
        ({"spread": 0, "mean": 1}, "spread"),
        ({"spread": 1, "follow": "0s"}, "follow"),
        ({"spread": 1, "mean": 0, "clip": 0}, "clip"),
    ],
)
def test_parameters_that_cannot_be_are_named(name: str, parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters(name, parameters).mistake()
    assert wrong is not None
    assert wrong[0] == where


@pytest.mark.parametrize(
    ("parameters", "where"), [({"tau": "0s"}, "tau"), ({"width": 0}, "width"), ({"release": 2}, "release")]
)
def test_its_own_parameters_as_well(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("ewma", {"mean": 0, "spread": 1, **parameters}).mistake()
    assert wrong is not None
    assert wrong[0] == where
