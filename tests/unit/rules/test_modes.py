"""Natural frequencies against signals whose modes are known."""

import numpy as np
import pytest

from rules.modes import Covariances, Poles, poles
from tests.unit.rules.bridge import RATE, oscillator

FIRST, SECOND_MODE, DAMPING = 1.2, 4.8, 0.012
SHAPES = np.array([[1.0, 0.8, 0.5, 0.2], [1.0, 0.3, -0.4, -0.9]])
FEATURE = Covariances(3 / FIRST)


def girder(seed: int, count: int = 30_000) -> np.ndarray:
    """Ten minutes of two modes at four places [4, n], with noise a twentieth of the first."""
    rng = np.random.default_rng(seed)
    modes = [oscillator(rng, f, count, DAMPING) for f in (FIRST, SECOND_MODE)]
    return SHAPES.T @ np.stack(modes) + 0.05 * rng.standard_normal((4, count))


def found(samples: np.ndarray) -> Poles:
    sums, lags = FEATURE(samples, RATE), FEATURE.lags(RATE)
    assert sums is not None
    channels, count = samples.shape
    return poles(
        sums.reshape(lags + 1, channels, channels) / (count - np.arange(lags + 1))[:, None, None], RATE
    )


def test_ten_minutes_tell_a_frequency_within_a_seventh_of_a_percent() -> None:
    """What statistics allow: sqrt(damping / (4 pi f T)) is 0.12 %."""
    off = [found(girder(seed)).near(FIRST, 0.05) / FIRST - 1 for seed in range(6)]
    assert abs(np.mean(off)) < 0.0013
    assert np.sqrt(np.mean(np.square(off))) < 0.002


def test_damping_is_found_within_a_third() -> None:
    modes = [found(girder(seed)) for seed in range(4)]
    damping = [np.median(each.damping[np.abs(each.frequency / FIRST - 1) < 0.02]) for each in modes]
    assert np.mean(damping) == pytest.approx(DAMPING, rel=0.33)


def test_a_mode_is_told_by_its_shape_too() -> None:
    modes = found(girder(1))
    assert modes.near(FIRST, 0.05, SHAPES[0], 0.9) == pytest.approx(FIRST, rel=0.005)
    assert modes.near(SECOND_MODE, 0.05, SHAPES[1], 0.9) == pytest.approx(SECOND_MODE, rel=0.005)
    assert np.isnan(modes.near(FIRST, 0.05, SHAPES[1], 0.9))


def test_what_is_not_there_is_not_found() -> None:
    modes = found(girder(2))
    for frequency in (0.9, 2.5, 7.0):
        assert np.isnan(modes.near(frequency, 0.05))
    noise = np.random.default_rng(1).standard_normal((1, 30_000))
    assert np.isnan(found(noise).near(FIRST, 0.02))


def test_many_short_blocks_say_what_the_long_one_does() -> None:
    samples = girder(3)[:1]
    lag = np.arange(FEATURE.lags(RATE) + 1)
    parts = [FEATURE(samples[:, start : start + 500], RATE) for start in range(0, 30_000, 500)]
    means = np.sum([part for part in parts if part is not None], axis=0) / (30_000 - 60 * lag)
    short = poles(means[:, None, None], RATE).near(FIRST, 0.05)
    assert short == pytest.approx(found(samples).near(FIRST, 0.05), rel=0.003)


def test_covariances_are_the_sums_that_they_are_defined_as() -> None:
    samples = np.random.default_rng(4).standard_normal((2, 200))
    sums = Covariances(0.2)(samples, RATE)
    assert sums is not None
    centred = samples - samples.mean(axis=1, keepdims=True)
    expected = [centred[:, lag:] @ centred[:, : 200 - lag].T for lag in range(11)]
    assert sums.reshape(11, 2, 2) == pytest.approx(np.array(expected))


def test_a_block_shorter_than_the_lags_has_no_covariances() -> None:
    assert Covariances(0.2)(np.zeros((1, 10)), RATE) is None
    assert Covariances(0.2)(np.zeros((1, 11)), RATE) is not None
