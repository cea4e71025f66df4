"""rate: the value changes faster than it should.

Formula: r = (v - v0) / (t - t0), with (t0, v0) the first reading at least ``window`` before t that is
still kept; it is taken anew each time it has served. Evidence while r >= ``rise`` or r <= -``fall``, and
for ``hold`` after.

Will not fire on: a slow change, a step that is back within the window, the first reading after silence
longer than ``max_gap`` (a difference over a gap says little).
False alarms: white noise of standard deviation s gives r a spread of 1.4 s / window; set the limit at
five of them. One spike gives at most one episode as long as a window.
Siblings: ``limit`` for how far.

>>> import numpy as np
>>> kind = Rate([RateParameters(rise_per_s=0.01, window=Duration.parse("60s"))])
>>> for second, value in [(0, 1.0), (60, 1.1), (120, 2.3), (180, 2.4)]:
...     changes = list(kind.update(np.array([0]), np.array([second * 1_000_000]), np.array([value])))
...     print(second, kind.state[0])
0 0
60 0
120 1
180 0

Reference: rate-of-change alarm, ISA-18.2; rise rates of level in reference tables of vendors.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import msgspec
import numpy as np

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Kind, Parameters, Subjects, Times, Values, attribute, of_each
from sensors.model import Asset
from sensors.readings import SECOND

_NEVER = np.iinfo(np.int64).min // 2


class RateParameters(Parameters, frozen=True, kw_only=True):
    """Limits in the quantity's own unit per second."""

    rise_per_s: float | None = None
    fall_per_s: float | None = None
    window: Duration = lasting("60s")
    max_gap: Duration = lasting("1h")
    hold: Duration = lasting("0s")
    """How long the evidence of a change stands after it, so that others can bear it out."""
    relative_to: str | None = None
    """An attribute of the asset that the limits are multiples of, such as a DMA's base_flow_m3h."""

    def mistake(self) -> tuple[str, str] | None:
        if self.rise_per_s is None and self.fall_per_s is None:
            return "rise_per_s", "expected rise_per_s, fall_per_s or both"
        for name in ("rise_per_s", "fall_per_s"):
            limit = getattr(self, name)
            if limit is not None and limit <= 0:
                return name, f"expected more than 0, not {limit}"
        if not 0 < self.window <= self.max_gap:
            return "window", "expected more than 0 and at most max_gap"
        return None

    def at(self, asset: Asset, upload_s: float) -> Self:
        del upload_s
        if self.relative_to is None:
            return self
        factor = attribute(asset, self.relative_to)
        rise, fall = (each and each * factor for each in (self.rise_per_s, self.fall_per_s))
        return msgspec.structs.replace(self, rise_per_s=rise, fall_per_s=fall, relative_to=None)


class Rate(Kind[RateParameters]):
    """Slope between a reading and one at least a window before it."""

    name: ClassVar = "rate"
    parameters: ClassVar = RateParameters
    kept: ClassVar = ("_anchor_time", "_anchor_value", "_fast", "_held_until")

    def __init__(self, parameters: Sequence[RateParameters]) -> None:
        super().__init__(parameters)
        none = (
            [each.rise_per_s or np.inf for each in parameters],
            [each.fall_per_s or np.inf for each in parameters],
        )
        self._rise, self._fall = np.array(none[0], np.float64), np.array(none[1], np.float64)
        names = ("window", "max_gap", "hold")
        self._window, self._max_gap, self._hold = (of_each(parameters, name, np.int64) for name in names)
        self._anchor_time = np.full(len(parameters), _NEVER, np.int64)
        self._anchor_value = np.full(len(parameters), np.nan)
        self._fast = np.zeros(len(parameters), np.bool_)
        self._held_until = np.full(len(parameters), _NEVER, np.int64)

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        elapsed = time - self._anchor_time[subject]
        ripe = elapsed >= self._window[subject]
        rate = (value - self._anchor_value[subject]) / (elapsed / SECOND)
        fast = (rate >= self._rise[subject]) | (rate <= -self._fall[subject])
        known = elapsed <= self._max_gap[subject]
        changed = np.where(ripe, fast & known, self._fast[subject])
        self._fast[subject] = changed
        held = subject[changed]
        self._held_until[held] = time[changed] + self._hold[held]
        state = (changed | (time < self._held_until[subject])).astype(np.int8)
        served = subject[ripe]
        self._anchor_time[served], self._anchor_value[served] = time[ripe], value[ripe]
        yield from self._change(np.arange(len(subject)), subject, time, state)

    def memory(self) -> int:
        return int((self._max_gap + self._hold).max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        if state == 0:
            return f"changes no faster than it should, now {value:g}"
        rise, fall = self._rise[subject], self._fall[subject]
        bounds = [f"rises by {rise:g}/s or more"] * bool(np.isfinite(rise))
        bounds += [f"falls by {fall:g}/s or more"] * bool(np.isfinite(fall))
        return f"{' or '.join(bounds)}, now {value:g}"
