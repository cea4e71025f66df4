"""cusum: small departures that add up."""

import numpy as np
import pytest

from rules.bind import parse_parameters
from tests.unit.rules.kinds.stage import kind, shown

GIVEN = {"mean": 10, "spread": 1, "slack": 0.5, "height": 5}


def every_minute(values: list[float]) -> list[tuple[float, float]]:
    return [(60 * n, value) for n, value in enumerate(values)]


def onsets_apart(phi: float, **parameters: object) -> float:
    """How many readings of AR(1) noise there are to one onset."""
    draw = np.random.default_rng(3)
    subjects, readings, begun = np.arange(400), 1500, 0
    cusum = kind("cusum", *[{"mean": 0, "spread": 1, "height": 8, **parameters}] * len(subjects))
    noise = draw.normal(size=len(subjects))
    for minute in range(readings):
        noise = phi * noise + np.sqrt(1 - phi**2) * draw.normal(size=len(subjects))
        for changes in cusum.update(subjects, np.full(len(subjects), minute * 60_000_000), noise):
            begun += int(changes.state.sum())
    return len(subjects) * readings / max(begun, 1)


def test_a_shift_of_one_spread_is_found_after_height_over_shift_less_slack() -> None:
    assert shown(kind("cusum", GIVEN), every_minute([10.0] * 50 + [11.0] * 10)) == [(59 * 60, 1)]
    assert shown(kind("cusum", GIVEN), every_minute([10.0] * 50 + [9.0] * 10)) == [(59 * 60, 1)]


def test_a_shift_within_the_slack_never_is() -> None:
    assert shown(kind("cusum", GIVEN), every_minute([10.5] * 1000)) == []


def test_one_reading_alone_is_nothing_however_far_out() -> None:
    assert shown(kind("cusum", GIVEN), every_minute([10.0] * 9 + [1e9] + [10.0] * 9)) == []


def test_a_long_shift_winds_nothing_up_and_ends_as_soon_as_a_short_one() -> None:
    for long in (10, 1000):
        changes = shown(kind("cusum", GIVEN), every_minute([11.0] * long + [10.0] * 20))
        assert changes == [(9 * 60, 1), ((long + 9) * 60, 0)]


def test_a_shift_to_the_other_side_is_found_as_the_first_was() -> None:
    cusum = kind("cusum", GIVEN)
    assert shown(cusum, every_minute([12.0] * 10 + [8.0] * 10)) == [(180, 1), (660, 0), (780, 1)]
    assert cusum.explain(0, 1, 8.0) == "has shifted down from 10, by more than 0.5, now 8"


def test_only_the_side_asked_for_counts() -> None:
    for side, there, other in (("high", 13.0, 7.0), ("low", 7.0, 13.0)):
        assert shown(kind("cusum", {**GIVEN, "side": side}), every_minute([there] * 10))
        assert not shown(kind("cusum", {**GIVEN, "side": side}), every_minute([other] * 10))


def test_correlated_noise_costs_a_hundred_times_the_false_alarms_unless_it_is_whitened() -> None:
    minute = -60 / np.log(0.9)
    assert onsets_apart(0.0) > 5000
    assert onsets_apart(0.9) < 100
    assert onsets_apart(0.9, correlation=f"{minute:.0f}s") > 5000


def test_it_tells_an_operator_where_to_and_from_where() -> None:
    cusum = kind("cusum", GIVEN)
    shown(cusum, every_minute([12.0] * 10))
    assert cusum.explain(0, 1, 12.0) == "has shifted up from 10, by more than 0.5, now 12"
    assert cusum.explain(0, 0, 10.0) == "is back at 10, now 10"


@pytest.mark.parametrize(
    ("parameters", "where"), [({"slack": 0}, "slack"), ({"height": -1}, "height"), ({"clip": 0.4}, "clip")]
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("cusum", {"mean": 0, "spread": 1, **parameters}).mistake()
    assert wrong is not None
    assert wrong[0] == where
