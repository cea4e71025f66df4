"""cable: the force of a cable, from how fast it swings, stands in a band beyond a threshold.

Formula: taut string, T = 4 m L^2 (f_n / n)^2 in N, with m in kg/m and L in m of the asset, n = ``order`` and
f_n the mode (SSI-COV, rules/modes.py, over each ``window``) within ``tolerance`` of what the design force
would give. Evidence state k while T / design force >= above_k (or <= below_k) for ``windows`` in a row.

Will not fire on: a force so far off that the mode leaves ``tolerance`` (force goes with f^2: 0.2 in f is
0.64 to 1.44 in force), a cable that does not swing, a window less than half of which came.
Caution: the taut string knows no bending and no sag. Where xi = L sqrt(T / EI) is under 6.9 (``bending_nm2``
= EI given) a rule is refused; sag spoils the first mode of long cables: take ``order`` 2, whose sag
term vanishes. A damper or a hanger shortens L.
False alarms: T scatters twice as much as f; 0.3 % of f is 0.6 % of T, so bands at 10 % are 15 sigma away.
Live load and temperature move T by some 5 %: no band inside that.
Siblings: ``limit`` on a force that is measured, ``spectrum`` for spans.

>>> import numpy as np
>>> from rules.kinds.waveform import Block
>>> each = CableParameters(mass_kg_m=60.0, length_m=120.0, force_kn=3456.0, bands=(Band(below=0.85),),
...                        window=Duration.parse("10s"), windows=1)
>>> kind = Cable([each])
>>> rate, t = 50.0, np.arange(500) / 50.0
>>> for minute, f in enumerate([1.0, 0.9]):
...     block = Block(minute * 60_000_000, rate, 500, each.feature()(np.sin(2 * np.pi * f * t)[None], rate))
...     changes = list(kind.observe(0, block, np.nan))
...     print(round(float(kind.figure[0]), -1), kind.state[0])
3460.0 0
2800.0 1

Reference: T = 4 m L^2 (f_n / n)^2 and its limits: Ren, Chen and Hu (2005); Buildings 14(4) (2024) 1012.
"""

import math
from typing import ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration
from rules.kinds.base import attribute
from rules.kinds.limit import Band
from rules.kinds.modal import Modal, ModalParameters
from rules.modes import Poles
from sensors.model import Asset

__all__ = ["Band", "Cable", "CableParameters", "Duration"]

LEAST_XI = 6.9
"""Below it the ends and the bending count, and no taut string will do."""


class CableParameters(ModalParameters, frozen=True, kw_only=True):
    """The cable, and the bands of its force; what is 0 is the asset's attribute of the same name."""

    mass_kg_m: float = 0.0
    length_m: float = 0.0
    force_kn: float = 0.0
    """Design force."""
    bending_nm2: float | None = None
    """EI; none = not known, and the taut string is taken on trust."""
    order: int = 1
    """Which of its modes is looked for."""
    tolerance: float = 0.2
    """Share by which the mode may be off what the design force gives."""
    bands: tuple[Band, ...]
    """Multiples of the design force, the mildest first."""

    @property
    def states(self) -> int:
        return len(self.bands)

    def slowest(self) -> float:
        return self.frequency()

    def frequency(self) -> float:
        """That of the mode at the design force, Hz."""
        return self.order / (2 * self.length_m) * math.sqrt(1e3 * self.force_kn / self.mass_kg_m)

    def force(self, frequency: float) -> float:
        """The force at a frequency of the mode, kN."""
        return 4e-3 * self.mass_kg_m * (self.length_m * frequency / self.order) ** 2

    def mistake(self) -> tuple[str, str] | None:
        for name in ("mass_kg_m", "length_m", "force_kn"):
            if getattr(self, name) < 0:
                return name, f"expected more than 0, not {getattr(self, name)}"
        if self.order < 1:
            return "order", f"expected 1 or more, not {self.order}"
        if not 0 < self.tolerance < 1:
            return "tolerance", f"expected more than 0 and less than 1, not {self.tolerance}"
        return self._no_band() or self._no_string() or super().mistake()

    def _no_band(self) -> tuple[str, str] | None:
        if not self.bands:
            return "bands", "expected at least one band"
        least, most = (1 - self.tolerance) ** 2, (1 + self.tolerance) ** 2
        for number, band in enumerate(self.bands):
            if (band.above is None) == (band.below is None):
                return f"bands[{number}]", "expected either above or below"
            if not least < (band.above or band.below or 0.0) < most:
                return f"bands[{number}]", f"expected {least:.3g} to {most:.3g}, what the tolerance lets in"
        return None

    def _no_string(self) -> tuple[str, str] | None:
        if self.bending_nm2 is None or not self.length_m or not self.force_kn:
            return None
        xi = self.length_m * math.sqrt(1e3 * self.force_kn / self.bending_nm2)
        if xi >= LEAST_XI:
            return None
        return "bending_nm2", f"expected L sqrt(T/EI) of {LEAST_XI} or more, not {xi:.3g}: no taut string"

    def at(self, asset: Asset, upload_s: float) -> Self:
        del upload_s
        unknown = [name for name in ("mass_kg_m", "length_m", "force_kn") if not getattr(self, name)]
        return msgspec.structs.replace(self, **{name: attribute(asset, name) for name in unknown})


class Cable(Modal[CableParameters]):
    """Force from frequency against bands."""

    name: ClassVar = "cable"
    parameters: ClassVar = CableParameters

    def judge(self, subject: int, found: Poles, beside: float) -> tuple[float, NDArray[np.bool_]] | None:
        del beside
        each = self._parameters[subject]
        force = each.force(found.near(each.frequency(), each.tolerance))
        if math.isnan(force):
            return None
        share = force / each.force_kn
        met = [
            share >= band.above if band.above is not None else share <= (band.below or 0.0)
            for band in each.bands
        ]
        return force, np.array(met)

    def explain(self, subject: int, state: int, value: float) -> str:
        share = value / self._parameters[subject].force_kn
        if state == 0:
            return f"{value:.4g} kN, {share:.0%} of the design force, is back inside the limits"
        band = self._parameters[subject].bands[state - 1]
        side = f"above {band.above:.0%}" if band.above is not None else f"below {band.below:.0%}"
        return f"{value:.4g} kN is {share:.0%} of the design force, {side} of it"
