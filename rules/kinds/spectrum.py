"""spectrum: a natural frequency is no longer where it was.

Formula: SSI-COV (rules/modes.py) over each ``window``; a mode is matched to its reference f0 where
|f/e - 1| <= ``tolerance`` (and MAC >= ``mac`` where ``shapes`` are given), with e = f0 (1 + per_k (T - at_c))
and T the last temperature ``beside``. Residual r = |f/e - 1| / ``sigma``, the worst mode counts. Evidence
state k while r >= ``limits``[k-1] for ``windows`` in a row. df/f = dk/2k: a tenth of the stiffness is 5 %.

Will not fire on: a mode that is shifted beyond ``tolerance`` or not excited any more (the window is not
judged), a window less than half of which came, one without a temperature where ``per_k`` needs it, damage
that leaves the global modes alone (a crack, a bearing), blocks shorter than three periods of the lowest mode.
False alarms: with ``sigma`` the true scatter of f between windows, 0.27 % of windows at 3 sigma, so with
three in a row none in a century; but a temperature that is not compensated moves f by up to some 5 % a year,
for days in the same direction: without ``per_k`` set the limit beyond that.
Siblings: ``cable`` for the force of a cable, ``limit`` on deflection for loads.

>>> import numpy as np
>>> from rules.kinds.waveform import Block
>>> each = SpectrumParameters(frequencies=(2.0,), window=Duration.parse("10s"), windows=1)
>>> kind = Spectrum([each])
>>> rate, t = 50.0, np.arange(500) / 50.0
>>> for minute, f in enumerate([2.0, 1.95]):
...     block = Block(minute * 60_000_000, rate, 500, each.feature()(np.sin(2 * np.pi * f * t)[None], rate))
...     changes = list(kind.observe(0, block, np.nan))
...     print(round(float(kind.figure[0]), 2), kind.state[0])
2.0 0
1.95 1

Reference: Peeters and De Roeck, MSSP 13(6) (1999) 855; matching by 5 % and MAC 0.9 as is usual in
operational modal analysis; scatter of f1 over 5-min windows 0.06 % in simulation, more in the field.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration
from rules.kinds.base import attribute
from rules.kinds.modal import Modal, ModalParameters
from rules.modes import Poles
from sensors.model import Asset

__all__ = ["Duration", "Spectrum", "SpectrumParameters"]


class SpectrumParameters(ModalParameters, frozen=True, kw_only=True):
    """Where the modes are when all is well, and how far they may move."""

    frequencies: tuple[float, ...]
    """Hz, of the modes at ``at_c``."""
    relative_to: str | None = None
    """An attribute of the asset that ``frequencies`` are multiples of, such as a span's frequency_hz."""
    tolerance: float = 0.05
    """Share by which a mode may be off and still be taken for the same."""
    shapes: tuple[tuple[float, ...], ...] = ()
    """Beside ``frequencies``: each mode's shape at the channels, by sensor id; empty = not looked at."""
    mac: float = 0.9
    per_k: float = 0.0
    """Share by which a frequency changes for a degree, negative where it falls with warmth."""
    at_c: float = 15.0
    sigma: float = 0.003
    """Standard deviation of a frequency between windows, as a share of it."""
    limits: tuple[float, ...] = (3.0,)
    """Multiples of sigma, the mildest first."""

    @property
    def states(self) -> int:
        return len(self.limits)

    def slowest(self) -> float:
        return min(self.frequencies)

    def mistake(self) -> tuple[str, str] | None:
        if not self.frequencies or min(self.frequencies) <= 0:
            return "frequencies", "expected at least one, all more than 0"
        if self.shapes and len(self.shapes) != len(self.frequencies):
            return "shapes", f"expected {len(self.frequencies)}, one for each frequency"
        if not 0 <= self.mac <= 1:
            return "mac", f"expected 0 to 1, not {self.mac}"
        if self.per_k and self.beside is None:
            return "beside", "expected the quantity that tells the temperature per_k is for"
        return self._no_limit() or super().mistake()

    def _no_limit(self) -> tuple[str, str] | None:
        if self.sigma <= 0:
            return "sigma", f"expected more than 0, not {self.sigma}"
        if not self.limits or self.limits[0] <= 0 or list(self.limits) != sorted(set(self.limits)):
            return "limits", "expected at least one, more than 0 and the mildest first"
        if not self.limits[-1] * self.sigma < self.tolerance < 1:
            return (
                "tolerance",
                f"expected less than 1 and more than {self.limits[-1] * self.sigma:g}, the limit",
            )
        return None

    def unfit(self, channels: int) -> tuple[str, str] | None:
        wrong = next((n for n, shape in enumerate(self.shapes) if len(shape) != channels), None)
        return None if wrong is None else (f"shapes[{wrong}]", f"expected {channels}, one for each channel")

    def at(self, asset: Asset, upload_s: float) -> Self:
        del upload_s
        if self.relative_to is None:
            return self
        factor = attribute(asset, self.relative_to)
        frequencies = tuple(each * factor for each in self.frequencies)
        return msgspec.structs.replace(self, frequencies=frequencies, relative_to=None)


class Spectrum(Modal[SpectrumParameters]):
    """Natural frequencies against their references."""

    name: ClassVar = "spectrum"
    parameters: ClassVar = SpectrumParameters

    def __init__(self, parameters: Sequence[SpectrumParameters]) -> None:
        super().__init__(parameters)
        self._shapes = [[*_shapes(each)] for each in parameters]

    def judge(self, subject: int, found: Poles, beside: float) -> tuple[float, NDArray[np.bool_]] | None:
        each = self._parameters[subject]
        warmth = 1 + each.per_k * (beside - each.at_c) if each.per_k else 1.0
        expected = np.array(each.frequencies) * warmth
        if not np.isfinite(warmth):
            return None
        matched = zip(expected.tolist(), self._shapes[subject], strict=True)
        measured = np.array([found.near(f, each.tolerance, shape, each.mac) for f, shape in matched])
        residual = np.abs(measured / expected - 1) / each.sigma
        if np.isnan(residual).all():
            return None
        worst = int(np.nanargmax(residual))
        return float(measured[worst]), residual[worst] >= np.array(each.limits)

    def explain(self, subject: int, state: int, value: float) -> str:
        each = self._parameters[subject]
        if state == 0:
            return f"{value:.3g} Hz is where it should be again"
        off = each.limits[state - 1] * each.sigma
        return f"a natural frequency of {value:.4g} Hz is {off:.1%} or more away from its reference"


def _shapes(each: SpectrumParameters) -> Iterator[NDArray[np.float64] | None]:
    for number in range(len(each.frequencies)):
        yield np.array(each.shapes[number]) if each.shapes else None
