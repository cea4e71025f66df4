"""What spectrum and cable have in common: windows of shaking, their modes, and bands that must last."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from rules.duration import Duration, lasting
from rules.kinds.base import Changes, Measured, Subjects, of_each
from rules.kinds.waveform import Block, WaveformKind, WaveformParameters
from rules.modes import Covariances, Poles, poles
from sensors.readings import SECOND

PERIODS = 3.0
"""Of the slowest mode: how far the covariances reach."""

COVERED = 0.5
"""Of a window that must have come for it to be judged."""


class ModalParameters(WaveformParameters, frozen=True, kw_only=True):
    """Windows, and how many in a row it takes."""

    window: Duration = lasting("10min")
    """Windows follow on one another from 1970 on, so it is all one when a rule began to look."""
    windows: int = 3
    """So many windows in a row must say it before evidence begins, worsens or ends."""

    def slowest(self) -> float:
        """The lowest frequency that is looked for, Hz."""
        raise NotImplementedError

    def feature(self) -> Covariances:
        return Covariances(PERIODS / self.slowest())

    def mistake(self) -> tuple[str, str] | None:
        if self.window <= 0:
            return "window", "expected more than 0"
        if self.windows < 1:
            return "windows", f"expected 1 or more, not {self.windows}"
        return None


P = TypeVar("P", bound=ModalParameters)


class Modal(WaveformKind[P]):
    """Sums covariances over windows and judges their modes; arrays are [subjects, ...]."""

    kept: ClassVar = (
        "figure",
        "_number",
        "_rate",
        "_samples",
        "_blocks",
        "_size",
        "_sums",
        "_entered",
        "_run",
    )

    def __init__(self, parameters: Sequence[P]) -> None:
        super().__init__(parameters)
        self._parameters, count = tuple(parameters), len(parameters)
        self._window = of_each(parameters, "window", np.int64)
        self.figure = np.full(count, np.nan)
        """What was last judged; NaN = nothing yet."""
        self._number = np.full(count, -1, np.int64)
        """Of the window under way, counted from 1970."""
        self._rate = np.zeros(count)
        self._samples, self._blocks = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self._size, self._sums = np.zeros(count, np.int64), np.zeros((count, 0))
        shape = (count, max((each.states for each in parameters), default=1))
        self._entered, self._run = np.zeros(shape, np.bool_), np.zeros(shape, np.int16)
        """Which bands stand, and for how many windows in a row the opposite was seen."""

    @abstractmethod
    def judge(self, subject: int, found: Poles, beside: float) -> tuple[float, NDArray[np.bool_]] | None:
        """The figure of a window and the bands [states] that it meets; None = it says nothing."""

    def observe(self, subject: int, block: Block, beside: float) -> Iterator[Changes]:
        begins = block.time - round((block.samples - 1) * SECOND / block.rate)
        window = int(self._window[subject])
        if begins // window != self._number[subject] or block.rate != self._rate[subject]:
            yield from self._close(subject, block.time, beside)
            self._number[subject], self._rate[subject] = begins // window, block.rate
        self._gather(subject, block)
        if block.time + SECOND / block.rate >= (begins // window + 1) * window:
            yield from self._close(subject, block.time, beside)

    def memory(self) -> int:
        return max((each.window * (each.windows + 1) for each in self._parameters), default=0)

    def recall(self, memory: dict[str, NDArray[Any]], old: Subjects, new: Subjects) -> None:
        self._widen(memory["_sums"].shape[1])
        super().recall(memory, old, new)

    def _gather(self, subject: int, block: Block) -> None:
        self._widen(len(block.feature))
        self._sums[subject, : len(block.feature)] += block.feature
        self._size[subject] = len(block.feature)
        self._samples[subject] += block.samples
        self._blocks[subject] += 1

    def _close(self, subject: int, time: int, beside: float) -> Iterator[Changes]:
        """Judge what has come of the window, if that is enough, and begin anew."""
        came = self._samples[subject] * SECOND
        if came and came >= COVERED * self._window[subject] * self._rate[subject]:
            verdict = self.judge(subject, poles(self._covariances(subject), self._rate[subject]), beside)
            if verdict is not None:
                self.figure[subject], met = verdict
                self.measured.append(Measured(subject, self._ends(subject), float(self.figure[subject])))
                state = self._judged(subject, met)
                yield from self._settle(subject, time, state, float(self.figure[subject]))
        self._samples[subject] = self._blocks[subject] = 0
        self._sums[subject] = 0.0

    def _ends(self, subject: int) -> int:
        """Event time (us) of the end of the window under way."""
        return int((self._number[subject] + 1) * self._window[subject])

    def _covariances(self, subject: int) -> NDArray[np.float64]:
        """Mean products [lags + 1, channels, channels]; a block has fewer pairs of samples at longer lags."""
        lag = np.arange(self._parameters[subject].feature().lags(self._rate[subject]) + 1)
        pairs = self._samples[subject] - lag * self._blocks[subject]
        size = int(self._size[subject])
        channels = math.isqrt(size // len(lag))
        sums = self._sums[subject, :size].reshape(len(lag), channels, channels)
        means: NDArray[np.float64] = sums / pairs[:, None, None]
        return means

    def _widen(self, width: int) -> None:
        more = width - self._sums.shape[1]
        if more > 0:
            self._sums = np.pad(self._sums, ((0, 0), (0, more)))

    def _judged(self, subject: int, met: NDArray[np.bool_]) -> int:
        """The state after a window that meets these bands."""
        bands = slice(len(met))
        entered, run = self._entered[subject, bands], self._run[subject, bands]
        moving = met != entered
        run[:] = np.where(moving, run + 1, 0)
        turned = run >= self._parameters[subject].windows
        entered ^= turned
        run[turned] = 0
        return int((entered * np.arange(1, len(met) + 1)).max())
