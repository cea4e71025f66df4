"""How long the natural frequencies of ten minutes of shaking take to be found."""

import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
from numpy.typing import NDArray

from lifeline.bench.figures import Figure
from lifeline.settings import Settings
from rules.kinds.modal import PERIODS
from rules.modes import Covariances, poles
from sensors.readings import MINUTE, SECOND

Floats = NDArray[np.float64]

RATE = 50.0
CHANNELS = 4
FREQUENCIES = (1.1, 2.7, 4.3)
"""Hz, of a girder of middle length."""
DAMPING = 0.01
_TIMES = 9


def spectrum(settings: Settings, seconds: int = 10 * MINUTE // SECOND) -> Iterator[Figure]:
    """From samples to poles (SSI-COV); beside it the singular values alone, and covariances lag by lag."""
    del settings
    samples = _shaking(round(seconds * RATE))
    feature = Covariances(PERIODS / FREQUENCIES[0])
    lags = feature.lags(RATE)
    toeplitz = np.random.default_rng(2).normal(size=(lags // 2 * CHANNELS,) * 2)

    def whole() -> Floats:
        covariances = feature(samples, RATE)
        assert covariances is not None
        found = poles(covariances.reshape(-1, CHANNELS, CHANNELS), RATE)
        return np.array([found.near(each, 0.05) for each in FREQUENCIES])

    took = {"whole": [0.0] * 0, "svd": [0.0] * 0, "lag_by_lag": [0.0] * 0}
    for _ in range(_TIMES):
        took["whole"].append(_ms(whole))
        took["svd"].append(_ms(lambda: np.linalg.svd(toeplitz)))
        took["lag_by_lag"].append(_ms(lambda: _lag_by_lag(samples, lags)))
    ms = {name: median(each) for name, each in took.items()}
    yield Figure(
        bench="rules",
        case="spectrum",
        value=round(ms["whole"], 1),
        unit=f"ms for {seconds:g} s x {CHANNELS} channels at {RATE:g} Hz",
        goal="at most 50 ms",
        beside={
            "rounds": ", ".join(f"{each:.1f}" for each in took["whole"]),
            "singular_values_alone_ms": round(ms["svd"], 1),
            "of_that": round(ms["whole"] / ms["svd"], 2),
            "covariances_lag_by_lag_ms": round(ms["lag_by_lag"], 1),
            "lags": lags,
            "furthest_off": round(float(np.abs(whole() / FREQUENCIES - 1).max()), 5),
        },
    )


def _ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _shaking(count: int) -> Floats:
    """What a girder does in white wind: its modes, each a damped oscillator, as channels see them."""
    random = np.random.default_rng(1)
    spectrum = np.zeros((CHANNELS, count // 2 + 1), np.complex128)
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    for number, mode in enumerate(FREQUENCIES, 1):
        response = 1 / (mode**2 - frequency**2 + 2j * DAMPING * mode * frequency)
        wind = random.normal(size=(2, len(frequency)))
        shape = np.sin(number * np.pi * np.arange(1, CHANNELS + 1) / (CHANNELS + 1))
        spectrum += shape[:, None] * response * (wind[0] + 1j * wind[1])
    clean = np.fft.irfft(spectrum, count)
    noisy: Floats = clean + 0.1 * clean.std() * random.normal(size=clean.shape)
    return noisy


def _lag_by_lag(samples: Floats, lags: int) -> Floats:
    centred = samples - samples.mean(axis=1, keepdims=True)
    count = samples.shape[1]
    return np.stack([centred[:, lag:] @ centred[:, : count - lag].T for lag in range(lags + 1)])
