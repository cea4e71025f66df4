"""accumulation: gas gathers in a chamber, and at this rate it will be dangerous before anybody is there.

Formula: V dC/dt = q (1 - C) - Qv C, so C(t) = C0 e + s (1 - e) / a with e = exp(-a t), s = q / V and a = (q +
Qv) / V. Over the last ``window``, thinned to ``points`` readings, C0 and s are fitted by least squares for
each a of a grid from 0 to 12 an hour, and the best is taken. Source q = s V in m3/h; exchange = a - s in air
changes an hour; the time to a level L from C now is ln((s - a C) / (s - a L)) / a, never if L >= s / a.
Evidence k while the first k ``levels`` are reached within ``response``, and for ``hold`` after; only if the
fit rises by ``least_rise`` at least over the window, still rises, and explains the window far better than a
constant does (F >= 10).

Will not fire on: an even concentration however high (``limit``); gas that blows away as it came; a source
so weak that s / a stays below the levels; the first five readings of a rise.
False alarms: white noise alone, with ``least_rise`` 5 of its spreads, none in 120,000 readings (simulated).
With that noise the source of the example is found 3 min before 20 %LEL and 15 before 50; its rate is within
10 % of the truth in 80 of 100 cases after 20 min, the exchange within 0.12 an hour only after 40. A gust that
carries gas in looks like a source for as long as it rises: with others in a k_of_n, or ``hold`` 0.
Siblings: ``limit`` for what is there already, ``trend`` for values that fill nothing.

>>> import numpy as np
>>> kind = Accumulation([AccumulationParameters(volume_m3=3.0)])
>>> q, exchange = 0.2, 0.5
>>> a = exchange + q / 3.0
>>> for minute in range(12):
...     lel = 100 / 0.05 * q / 3.0 / a * (1 - np.exp(-a * minute / 60))
...     for change in kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([lel])):
...         print(minute, kind.explain(0, int(change.state[0]), round(lel, 1)))
4 a source of 0.2 m3/h against 0.48 air changes/h: 20 in 5 min, 50 in 21 min, now 8.7

Reference: the well-mixed room of ventilation practice; a source of 0.2 m3/h into 3 m3 at half an air change
an hour makes 20 %LEL in 9 min, 50 in 25, 100 in 59 (our own computation).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Kind, Parameters, Subjects, Times, Values, of_each
from rules.kinds.reference import NEVER
from rules.kinds.window import View, Window
from sensors.model import Asset
from sensors.readings import HOUR, MINUTE

_LEAST, _MOST = 5, 60
_SIGNIFICANT = 10.0
_LOSSES = np.append(1e-6, np.geomspace(0.05, 12.0, 24))
"""What a is sought among, an hour; the first stands for none."""


class AccumulationParameters(Parameters, frozen=True, kw_only=True):
    """The chamber, the levels that count there, and how much warning is too little."""

    levels: tuple[float, ...] = (20.0, 50.0)
    """The mildest first, in the quantity's own unit; 20 and 50 %LEL."""
    response: Duration = lasting("30min")
    """How long it takes until somebody is there and can do something."""
    window: Duration = lasting("20min")
    points: int = 20
    least_rise: float = 5.0
    """The smallest rise over the window that counts, in the quantity's own unit: five times its noise."""
    hold: Duration = lasting("5min")
    volume_m3: float = 0.0
    """The chamber's volume; 0 = its attribute volume_m3. Where it has none, sources are told in volumes."""
    unit_fraction: float = 0.0005
    """The volume fraction that one unit is; 0.0005 for %LEL of methane, 1e-6 for ppm."""

    @property
    def states(self) -> int:
        return len(self.levels)

    def mistake(self) -> tuple[str, str] | None:
        if not self.levels or list(self.levels) != sorted({*self.levels}) or self.levels[0] <= 0:
            return "levels", "expected at least one, more than 0, the mildest first"
        for name in ("response", "window", "least_rise", "unit_fraction"):
            if getattr(self, name) <= 0:
                return name, "expected more than 0"
        if not _LEAST <= self.points <= _MOST:
            return "points", f"expected {_LEAST} to {_MOST}, not {self.points}"
        if self.volume_m3 < 0:
            return "volume_m3", f"expected 0 or more, not {self.volume_m3}"
        return None

    def at(self, asset: Asset, upload_s: float) -> Self:
        del upload_s
        known = asset.attributes.get("volume_m3")
        volume = float(known) if isinstance(known, int | float) else 0.0
        return msgspec.structs.replace(self, volume_m3=self.volume_m3 or volume)


@dataclass(frozen=True, slots=True)
class Filling:
    """What fills m chambers: source s in units an hour, loss a an hour, level now, rise over the window.

    better: F of the fit against a constant.
    """

    source: Values
    loss: Values
    level: Values
    rise: Values
    better: Values

    def hours_to(self, level: Values) -> Values:
        """When each level of [m, k] is reached; infinite if never."""
        source, loss, now = (each[:, None] for each in (self.source, self.loss, self.level))
        speed, then = source - loss * now, source - loss * level
        with np.errstate(divide="ignore", invalid="ignore"):
            hours = np.where(then > 0, np.log(speed / then) / loss, np.inf)
        return np.where(now >= level, 0.0, hours)


def fill(view: View) -> Filling:
    """Fit each window; at least four readings in each."""
    known = ~np.isnan(view.value)
    age = np.where(known, view.age, np.nan) / HOUR
    time = np.where(known, np.nanmax(age, axis=1)[:, None] - age, 0.0)[:, None, :]
    weight, value = known[:, None, :], np.where(known, view.value, 0.0)[:, None, :]
    loss = _LOSSES[None, :, None]
    left = np.exp(-loss * time) * weight
    came = -np.expm1(-loss * time) / loss * weight
    ll, lc, cc = (left * left).sum(axis=2), (left * came).sum(axis=2), (came * came).sum(axis=2)
    lv, cv = (left * value).sum(axis=2), (came * value).sum(axis=2)
    determinant = np.maximum(ll * cc - lc * lc, 1e-300)
    start, source = (lv * cc - cv * lc) / determinant, (cv * ll - lv * lc) / determinant
    error = ((value - start[:, :, None] * left - source[:, :, None] * came) ** 2).sum(axis=2)
    each, best = np.arange(len(error)), error.argmin(axis=1)
    start, source, error, loss = start[each, best], source[each, best], error[each, best], _LOSSES[best]
    end = time[:, 0].max(axis=1)
    level = start * np.exp(-loss * end) - source * np.expm1(-loss * end) / loss
    mean = value.sum(axis=2) / view.count[:, None]
    flat = ((value[:, 0] - mean) ** 2 * known).sum(axis=1)
    better = (flat - error) / 2.0 / np.maximum(error / np.maximum(view.count - 3, 1), 1e-12)
    return Filling(source, loss, level, level - start, better)


class Accumulation(Kind[AccumulationParameters]):
    """Windows, and what was last fitted to them."""

    name: ClassVar = "accumulation"
    parameters: ClassVar = AccumulationParameters
    kept: ClassVar = ("_held_until", "_source", "_exchange", "_hours")

    def __init__(self, parameters: Sequence[AccumulationParameters]) -> None:
        super().__init__(parameters)
        size = len(parameters)
        self._parameters = tuple(parameters)
        self._levels = np.full((size, max((each.states for each in parameters), default=1)), np.inf)
        for row, each in enumerate(parameters):
            self._levels[row, : each.states] = each.levels
        self._length, self._hold = (of_each(parameters, name, np.int64) for name in ("window", "hold"))
        self._response = of_each(parameters, "response", np.float64) / HOUR
        self._rise, self._fraction = (
            of_each(parameters, name, np.float64) for name in ("least_rise", "unit_fraction")
        )
        self._window = Window([each.points for each in parameters], [each.window for each in parameters])
        self._held_until = np.full(size, NEVER)
        self._source, self._exchange = np.zeros(size), np.zeros(size)
        """In volumes an hour."""
        self._hours = np.full(self._levels.shape, np.inf)

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        opening = np.flatnonzero(self._window.opens(subject, time))
        if not len(opening):
            return
        subject, time = subject[opening], time[opening]
        self._window.keep(subject, time, value[opening])
        found, before = self._reached(subject, time), self.state[subject]
        standing = (found > 0) & (found >= before)
        self._held_until[subject[standing]] = time[standing] + self._hold[subject[standing]]
        held = (found < before) & (time < self._held_until[subject])
        yield from self._change(opening, subject, time, np.where(held, before, found).astype(np.int8))

    def memory(self) -> int:
        return int((self._length + self._hold).max(initial=0))

    def explain(self, subject: int, state: int, value: float) -> str:
        if state == 0:
            return f"gathers no more, now {value:g}"
        each, source = self._parameters[subject], self._source[subject]
        told = f"{source * each.volume_m3:.2g} m3/h" if each.volume_m3 else f"{source:.2g} volumes/h"
        when = ", ".join(
            f"{level:g} in {hours * HOUR / MINUTE:.0f} min" if np.isfinite(hours) else f"{level:g} never"
            for level, hours in zip(each.levels, self._hours[subject].tolist(), strict=False)
        )
        against = f"against {self._exchange[subject]:.2g} air changes/h"
        return f"a source of {told} {against}: {when}, now {value:g}"

    def remember(self) -> dict[str, NDArray[Any]]:
        return super().remember() | self._window.remember()

    def _reached(self, subject: Subjects, time: Times) -> NDArray[np.intp]:
        """How many of the levels will be reached within the response time."""
        reached = np.zeros(len(subject), np.intp)
        view = self._window.view(subject, time)
        lowest = np.min(view.value, axis=1, initial=np.inf, where=~np.isnan(view.value))
        highest = np.max(view.value, axis=1, initial=-np.inf, where=~np.isnan(view.value))
        rows = np.flatnonzero((view.count >= _LEAST) & (highest - lowest >= self._rise[subject]))
        if len(rows):
            known = subject[rows]
            found = fill(View(view.age[rows], view.value[rows], view.count[rows], view.span[rows]))
            hours = found.hours_to(self._levels[known])
            rising = (found.rise >= self._rise[known]) & (found.source > found.loss * found.level)
            sure = rising & (found.better >= _SIGNIFICANT)
            reached[rows] = (sure[:, None] & (hours <= self._response[known, None])).sum(axis=1)
            self._source[known] = found.source * self._fraction[known]
            self._exchange[known] = np.maximum(found.loss - self._source[known], 0.0)
            self._hours[known] = hours
        return reached
