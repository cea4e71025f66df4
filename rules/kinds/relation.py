"""relation: a sensor leaves the relation that it has with others.

Formula: y = b0 + sum b_i x_i (+ sum c_i x_i^2 with ``squares``, + ``daily`` pairs of sine and cosine of the
day's time), where y is the subject's mean over ``every``, or its change since the sample before with
``of = "change"``, and x_i those of the ``others``. Coefficients are learned from a quiet stretch by least
squares with a small ridge, the spread s from its residuals (1.4826 MAD). z = (y - fit) / s, no further out
than ``clip``, goes into a CUSUM: C = min(H, max(0, C + z - ``slack``)), and one with -z. H is
``height``, or ``margin`` times the largest sum that the quiet stretch itself reached, where that is more: so
correlated residuals raise their own limit. Evidence from C = H on, until both sums are below H / 2.

Will not fire on: what moves all of them alike (a common cause), what its own history did as far, a sample
in which one of the others is unknown.
False alarms: by the limit, none in the stretch that it learned from; a season, a new pump or valve position
is a departure too: learn from a stretch that has them, or learn anew.
Siblings: ``cusum`` for one sensor alone, ``drift`` over days, ``balance`` where the sum is known by physics.

>>> import numpy as np
>>> minutes = np.arange(200) * 60_000_000
>>> x = np.sin(np.arange(200) / 9)
>>> quiet = np.column_stack([2 + 3 * x + 0.1 * np.cos(np.arange(200) * 2.4), x])
>>> parameters = RelationParameters(height=5.0)
>>> learned = Relation.learn(parameters, "UTC", minutes, quiet)
>>> [round(value, 2) for value in learned[2:4]]
[2.0, 3.0]
>>> kind = Relation([RelationParameters(height=5.0, learned=learned)], [("", "others")])
>>> for minute, y in enumerate([5.0, 5.1, 6.0, 6.0, 6.0]):
...     for change in kind.update(np.array([0]), np.array([minute * 60_000_000]), np.array([[y, 1.0]])):
...         print(minute, kind.explain(0, int(change.state[0]), float(change.figure[0])))
2 has left what another says, now by +1

Reference: pairwise regression and CUSUM as for leaks in LILA (Steffelbauer et al. 2022, Water Research 226);
limits from fault-free history as in MSPC.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import numpy as np

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Subjects, Times, Values, of_each
from rules.kinds.joint import JointKind, JointParameters
from sensors.readings import DAY

_RIDGE = 1e-3
"""Of the variance of a standardised regressor: enough that twins share a coefficient."""

_LEAST = 4
"""Samples a coefficient that a stretch must have."""

_MOST_DAILY = 12

_SETTLED = DAY
"""A healthy sum has been back at 0 many times within it."""


class RelationParameters(JointParameters, frozen=True, kw_only=True):
    """What the relation is made of, and how far it may be left, in spreads."""

    of: Literal["value", "change"] = "value"
    squares: bool = False
    daily: int = 0
    """Harmonics of the day, for what follows the hour besides the others."""
    slack: float = 0.5
    height: float = 8.0
    margin: float = 1.2
    """How much more than the quiet stretch's largest sum is evidence."""
    clip: float = 6.0
    max_gap: Duration = lasting("6h")
    """After a longer one a change says nothing."""

    def mistake(self) -> tuple[str, str] | None:
        for name in ("slack", "height", "margin"):
            if getattr(self, name) <= 0:
                return name, "expected more than 0"
        if self.clip <= self.slack:
            return "clip", f"expected more than slack, not {self.clip}"
        if not 0 <= self.daily <= _MOST_DAILY:
            return "daily", f"expected 0 to {_MOST_DAILY}, not {self.daily}"
        return super().mistake()


class Relation(JointKind[RelationParameters]):
    """Coefficients, and two bounded sums of what they leave."""

    name: ClassVar = "relation"
    parameters: ClassVar = RelationParameters
    needs: ClassVar = ("others",)
    learns: ClassVar = True
    kept: ClassVar = ("_up", "_down", "_y", "_time")

    def __init__(self, parameters: Sequence[RelationParameters], roles: Sequence[Sequence[str]]) -> None:
        super().__init__(parameters, roles)
        size, width = len(parameters), max((len(each) for each in roles), default=1)
        self._slack, self._clip, self._max_gap = (
            of_each(parameters, name, np.float64) for name in ("slack", "clip", "max_gap")
        )
        self._of_change = np.array([each.of == "change" for each in parameters], np.bool_)
        self._daily = max((each.daily for each in parameters), default=0)
        self._spread, self._height = np.full(size, np.nan), np.ones(size)
        self._weight = np.zeros((size, 1 + 2 * (width - 1) + 2 * self._daily))
        for subject, each in enumerate(parameters):
            if each.learned:
                self._spread[subject], largest, *weights = each.learned
                self._height[subject] = max(each.height, each.margin * largest)
                self._weight[subject, _columns(each, len(roles[subject]), width, self._daily)] = weights
        self._up, self._down = np.zeros(size), np.zeros(size)
        self._y = np.full(size, np.nan)
        self._time = np.zeros(size, np.int64)

    @classmethod
    def learn(
        cls, parameters: RelationParameters, zone: str, time: Times, value: Values
    ) -> tuple[float, ...]:
        del zone
        width = value.shape[1]
        y = _differences(time, value[:, 0], parameters.max_gap) if parameters.of == "change" else value[:, 0]
        columns = _columns(parameters, width, width, parameters.daily)
        features = _features(time, value[:, 1:], parameters.daily)[:, columns]
        known = ~np.isnan(y) & ~np.isnan(features).any(axis=1)
        if np.count_nonzero(known) < _LEAST * len(columns):
            raise ValueError(f"{np.count_nonzero(known)} whole samples; {_LEAST * len(columns)} are needed")
        weights = _ridge(features[known], y[known])
        residual = y[known] - features[known] @ weights
        spread = 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
        spread = max(spread, float(residual.std()) / 3, 1e-9)
        z = np.clip(residual / spread, -parameters.clip, parameters.clip)
        largest = max(_largest(z, parameters.slack), _largest(-z, parameters.slack))
        return (spread, largest, *weights.tolist())

    def update(self, subject: Subjects, time: Times, value: Values) -> Iterator[Changes]:
        y = value[:, 0]
        fresh = time - self._time[subject] <= self._max_gap[subject]
        change = y - np.where(fresh, self._y[subject], np.nan)
        heard = ~np.isnan(y)
        self._y[subject[heard]], self._time[subject[heard]] = y[heard], time[heard]
        weight = self._weight[subject]
        features = np.where(weight != 0, _features(time, value[:, 1:], self._daily), 0.0)
        residual = np.where(self._of_change[subject], change, y) - (features * weight).sum(axis=1)
        z = residual / self._spread[subject]
        known = np.flatnonzero(~np.isnan(z))
        if len(known):
            yield from self._judge(known, subject[known], time[known], z[known], residual[known])

    def memory(self) -> int:
        return _SETTLED * bool(len(self.state))

    def explain(self, subject: int, state: int, value: float) -> str:
        others = len(self._roles[subject]) - 1
        said = "another says" if others == 1 else f"{others} others say"
        if state == 0:
            return f"is again what {said}, but for {abs(value):.3g}"
        return f"has left what {said}, now by {value:+.3g}"

    def _judge(
        self, row: Subjects, subject: Subjects, time: Times, z: Values, residual: Values
    ) -> Iterator[Changes]:
        z = np.clip(z, -self._clip[subject], self._clip[subject])
        height, slack = self._height[subject], self._slack[subject]
        up = np.clip(self._up[subject] + z - slack, 0.0, height)
        down = np.clip(self._down[subject] - z - slack, 0.0, height)
        self._up[subject], self._down[subject] = up, down
        most = np.maximum(up, down)
        on = (most >= height) | ((self.state[subject] > 0) & (most > height / 2))
        yield from self._change(row, subject, time, on.astype(np.int8), residual)


def _columns(parameters: RelationParameters, seats: int, width: int, daily: int) -> list[int]:
    """Which columns of the features a subject with so many seats has weights for."""
    others = range(seats - 1)
    return [
        0,
        *(1 + each for each in others),
        *(width + each for each in others if parameters.squares),
        *(2 * width - 1 + each for each in range(parameters.daily)),
        *(2 * width - 1 + daily + each for each in range(parameters.daily)),
    ]


def _features(time: Times, others: Values, daily: int) -> Values:
    """A one, the others, their squares, and harmonics of the day: float64 [m, 1 + 2 others + 2 daily]."""
    angle = (time % DAY)[:, None] * (2 * np.pi / DAY) * np.arange(1, daily + 1)
    return np.column_stack([np.ones(len(time)), others, others**2, np.sin(angle), np.cos(angle)])


def _differences(time: Times, y: Values, max_gap: int) -> Values:
    change = np.full(len(y), np.nan)
    heard = np.flatnonzero(~np.isnan(y))
    near = np.diff(time[heard]) <= max_gap
    change[heard[1:][near]] = np.diff(y[heard])[near]
    return change


def _ridge(features: Values, y: Values) -> Values:
    """Least squares with a ridge on standardised regressors; the constant is free."""
    mean, scale = features[:, 1:].mean(axis=0), features[:, 1:].std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    x = (features[:, 1:] - mean) / scale
    penalty = _RIDGE * len(x) * np.eye(x.shape[1])
    slope = np.linalg.solve(x.T @ x + penalty, x.T @ (y - y.mean())) / scale
    return np.concatenate([[y.mean() - mean @ slope], slope])


def _largest(z: Values, slack: float) -> float:
    """The largest sum that a one-sided, unbounded CUSUM reached."""
    walk = np.concatenate([[0.0], np.cumsum(z - slack)])
    return float((walk - np.minimum.accumulate(walk)).max())
