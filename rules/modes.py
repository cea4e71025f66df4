"""Natural frequencies of a structure from how it shakes by itself: covariance-driven stochastic subspaces.

SSI-COV (Peeters and De Roeck, Mech. Syst. Signal Process. 13(6) (1999) 855): the covariances of the shaking
at lags 1, 2, ... are those of the structure's free vibration. Laid out as a block Toeplitz matrix T they
fall into T = O C; with O from T's singular vectors, the least-squares A of O[:-1] A = O[1:] has the
eigenvalues exp(mu / rate), f = |mu| / 2 pi, damping = -Re mu / |mu|.

Covariances of blocks are sums, so many short blocks say as much as a long one that they are cut from.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ORDER = 20
"""Most poles that are looked for: 10 modes."""

MOST_DAMPING = 0.2
"""Of the critical; no structure's mode is damped so much, what is so is noise."""


@dataclass(frozen=True, slots=True)
class Covariances:
    """The feature of a block: sums of products of its samples, less their mean, at all lags up to span_s."""

    span_s: float

    def lags(self, rate: float) -> int:
        """How many lags there are besides 0."""
        return math.ceil(self.span_s * rate)

    def __call__(self, samples: Floats, rate: float) -> Floats | None:
        """Sums over t of x[t + k] x[t]', [lag, channel, channel] in one row."""
        lags, count = self.lags(rate), samples.shape[1]
        if count <= lags:
            return None
        size = 1 << (count + lags).bit_length()
        spectrum = np.fft.rfft(samples - samples.mean(axis=1, keepdims=True), size)
        sums = np.fft.irfft(spectrum[:, None] * spectrum.conj()[None, :], size)[..., : lags + 1]
        return np.ascontiguousarray(np.moveaxis(sums, -1, 0)).ravel()


@dataclass(frozen=True, slots=True)
class Poles:
    """What was found with each number of poles looked for.

    order, frequency (Hz), damping (share of the critical): [p]. shape: complex [p, channels].
    """

    order: NDArray[np.intp]
    frequency: Floats
    damping: Floats
    shape: NDArray[np.complex128]

    def near(self, frequency: float, tolerance: float, shape: Floats | None = None, mac: float = 0) -> float:
        """The frequency of the mode within ``tolerance`` (a share) of one that is expected; NaN = none.

        A mode is what most orders show; with a ``shape`` [channels] its MAC with it must reach ``mac``.
        """
        off = np.abs(self.frequency / frequency - 1)
        fits = off <= tolerance
        if shape is not None:
            fits &= _mac(self.shape, shape) >= mac
        orders = np.unique(self.order[fits])
        if not len(orders) or 2 * len(orders) < ORDER // 2:
            return math.nan
        best = [np.flatnonzero(fits & (self.order == each)) for each in orders]
        return float(np.median([self.frequency[each[off[each].argmin()]] for each in best]))


def poles(covariances: Floats, rate: float) -> Poles:
    """All poles of orders 2, 4... of covariances [lags + 1, channels, channels] at ``rate`` Hz."""
    half, channels = (len(covariances) - 1) // 2, covariances.shape[1]
    row = np.arange(half)
    toeplitz = covariances[half + row[:, None] - row].transpose(0, 2, 1, 3)
    left, strength, _ = np.linalg.svd(toeplitz.reshape(half * channels, half * channels))
    observed = left * np.sqrt(strength)
    found = [_of_order(observed, order, channels) for order in range(2, min(ORDER, half * channels) + 1, 2)]
    order, value, shape = (np.concatenate(column) for column in zip(*found, strict=True))
    root = np.log(value) * rate
    size = np.abs(root)
    damping = -root.real / size
    keep = (root.imag > 0) & (damping > 0) & (damping < MOST_DAMPING)
    return Poles(order[keep], size[keep] / (2 * np.pi), damping[keep], shape[keep])


def _of_order(observed: Floats, order: int, channels: int) -> tuple[Any, Any, Any]:
    part = observed[:, :order]
    value, vector = np.linalg.eig(np.linalg.lstsq(part[:-channels], part[channels:], rcond=None)[0])
    nonzero = value != 0
    shape = (part[:channels] @ vector).T
    return np.full(nonzero.sum(), order), value[nonzero].astype(np.complex128), shape[nonzero].astype(complex)


def _mac(shapes: NDArray[np.complex128], shape: Floats) -> Floats:
    """Modal assurance criterion of each shape with one: 1 = the same form, 0 = orthogonal."""
    power = (np.abs(shapes) ** 2).sum(axis=1) * (shape**2).sum()
    found: Floats = np.abs(shapes.conj() @ shape) ** 2 / np.where(power > 0, power, 1.0)
    return found
