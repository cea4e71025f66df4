"""accumulation: a chamber that fills, from what source and until when."""

import numpy as np
import pytest

from rules.bind import parse_parameters
from rules.kinds.accumulation import AccumulationParameters, fill
from rules.kinds.window import Window
from sensors.readings import MINUTE
from tests.unit.rules.kinds.stage import kind, shown
from tests.unit.rules.town import asset

CHAMBER = {"volume_m3": 3}
Q, EXCHANGE, VOLUME = 0.2, 0.5, 3.0


def filling(minutes: int, q: float = Q, noise: float = 0.0, seed: int = 0) -> list[tuple[float, float]]:
    """%LEL each minute in a chamber of 3 m3 with half an air change an hour, the source on from the start."""
    a = EXCHANGE + q / VOLUME
    time = np.arange(minutes)
    lel = 2000 * q / VOLUME / a * (1 - np.exp(-a * time / 60))
    values = lel + np.random.default_rng(seed).normal(0, noise, minutes)
    return [(60.0 * minute, float(value)) for minute, value in zip(time, values, strict=True)]


def fitted(readings: list[tuple[float, float]]) -> tuple[float, float, list[float]]:
    """Source in m3/h, air changes an hour, and the minutes to 20, 50 and 100 %LEL."""
    window = Window([len(readings)], [len(readings) * MINUTE])
    for second, value in readings:
        window.keep(np.array([0]), np.array([round(second * 1e6)]), np.array([value]))
    found = fill(window.view(np.array([0]), np.array([round(readings[-1][0] * 1e6)])))
    source = float(found.source[0]) * 0.0005
    minutes = (found.hours_to(np.array([[20.0, 50.0, 100.0]]))[0] * 60).tolist()
    return source * VOLUME, float(found.loss[0]) - source, minutes


def test_the_fit_finds_source_and_exchange() -> None:
    q, exchange, _ = fitted(filling(20))
    assert q == pytest.approx(Q, rel=0.02)
    assert exchange == pytest.approx(EXCHANGE, abs=0.05)
    q, exchange, _ = fitted(filling(40, noise=1.0))
    assert q == pytest.approx(Q, rel=0.1)
    assert exchange == pytest.approx(EXCHANGE, abs=0.25)


def test_the_times_are_those_of_the_formula() -> None:
    """From 6 min on: 20, 50 and 100 %LEL are reached 9, 25 and 59 min after the start."""
    _, _, minutes = fitted(filling(7))
    assert [6 + each for each in minutes] == pytest.approx([9.4, 25, 59.5], abs=2.0)


def test_a_source_that_cannot_reach_a_level_never_does() -> None:
    _, _, minutes = fitted(filling(60, q=0.05))
    assert minutes[2] == np.inf


def test_it_warns_before_the_levels_are_there_and_ends_when_it_gathers_no_more() -> None:
    gathering = filling(40)
    steady = [(60.0 * minute, gathering[-1][1]) for minute in range(40, 80)]
    changes = shown(kind("accumulation", {**CHAMBER, "response": "20min"}), [*gathering, *steady])
    assert changes[:2] == [(240, 1), (360, 2)]
    assert changes[-1][1] == 0


def test_a_weak_source_far_below_the_levels_is_no_evidence() -> None:
    assert shown(kind("accumulation", CHAMBER), filling(60, q=0.01)) == []


def test_neither_noise_nor_a_high_but_steady_concentration_is() -> None:
    steady = [(60.0 * n, 45 + v) for n, v in enumerate(np.random.default_rng(9).normal(0, 1, 300))]
    assert shown(kind("accumulation", CHAMBER), steady) == []


def test_the_volume_is_the_asset_s_own_unless_it_is_given() -> None:
    here = asset("chamber")
    assert AccumulationParameters().at(here, 60).volume_m3 == 0
    here.attributes["volume_m3"] = 6.5
    assert AccumulationParameters().at(here, 60).volume_m3 == 6.5
    assert AccumulationParameters(volume_m3=2.0).at(here, 60).volume_m3 == 2.0


def test_it_tells_an_operator_the_source_and_the_times() -> None:
    known, unknown = kind("accumulation", CHAMBER), kind("accumulation", {})
    for each in (known, unknown):
        shown(each, filling(10))
    assert known.explain(0, 2, 17.0) == (
        "a source of 0.2 m3/h against 0.48 air changes/h: 20 in 0 min, 50 in 16 min, now 17"
    )
    assert unknown.explain(0, 2, 17.0).startswith("a source of 0.067 volumes/h against")
    assert known.explain(0, 0, 3.0) == "gathers no more, now 3"


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({"levels": []}, "levels"),
        ({"levels": [50, 20]}, "levels"),
        ({"levels": [0, 20]}, "levels"),
        ({"response": "0s"}, "response"),
        ({"least_rise": 0}, "least_rise"),
        ({"unit_fraction": 0}, "unit_fraction"),
        ({"points": 4}, "points"),
        ({"volume_m3": -1}, "volume_m3"),
    ],
)
def test_parameters_that_cannot_be_are_named(parameters: dict[str, object], where: str) -> None:
    wrong = parse_parameters("accumulation", parameters).mistake()
    assert wrong is not None
    assert wrong[0] == where
