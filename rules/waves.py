"""Waveforms on their way through the engine: features of blocks, and the kinds that they are shown to."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.bank import Bank, Found
from rules.event import Event, observed
from rules.kinds.base import Values
from rules.kinds.waveform import Block, Feature, WaveformParameters
from rules.order import Mask
from sensors.model import Flag
from sensors.readings import Readings
from sensors.waveforms import NO_FEATURES, Features, Waveform


@dataclass(frozen=True, slots=True)
class _Tap:
    """A feature of some channels; equal ones are one."""

    channels: tuple[int, ...]
    feature: Feature


@dataclass(frozen=True, slots=True)
class Shown:
    """f features, each at a row of readings, in their order; the rest as in ``Features``."""

    row: NDArray[np.int64]
    tap: NDArray[np.int32]
    rate: NDArray[np.float64]
    samples: NDArray[np.int64]
    size: NDArray[np.int64]
    values: NDArray[np.float64]

    def part(self, start: int, end: int) -> "Shown":
        """Those at rows ``start`` to ``end``, counted from ``start``."""
        first, last = np.searchsorted(self.row, [start, end]).tolist()
        offset = np.concatenate([[0], np.cumsum(self.size)])
        some = slice(first, last)
        values = self.values[offset[first] : offset[last]]
        return Shown(
            self.row[some] - start,
            self.tap[some],
            self.rate[some],
            self.samples[some],
            self.size[some],
            values,
        )

    def each(self) -> Iterator[tuple[int, int, float, int, Values]]:
        """Row, tap, rate, samples and values of each."""
        columns = (self.row.tolist(), self.tap.tolist(), self.rate.tolist(), self.samples.tolist())
        ends = np.cumsum(self.size)
        parts = [self.values[end - size : end] for size, end in zip(self.size, ends, strict=True)]
        return zip(*columns, parts, strict=True)


@dataclass(frozen=True, slots=True)
class Woven:
    """A batch in which each block stands in its place, heard as a reading without a value.

    heard: bool, which of the readings are such. cuts: the rows at which it must be cut, 0 and its end among
    them. ticks: (how many of the readings came before it, time in us).
    """

    readings: Readings
    heard: Mask
    cuts: tuple[int, ...]
    ticks: tuple[tuple[int, int], ...]
    shown: Shown

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """The ticks after some of the rows from ``start`` to ``end``, and those before all others."""
        return [tick for tick in self.ticks if start < tick[0] <= end or tick[0] == start == 0]


def weave(readings: Readings, ticks: Sequence[tuple[int, int]], features: Features) -> Woven:
    """Put the blocks into their places among the readings.

    A kind that takes both is shown the readings of a part before its blocks: where a sensor sent both, the
    batch is cut at its blocks.
    """
    count = len(features)
    missing = np.full(count, np.nan), np.full(count, Flag.MISSING, np.int8)
    blocks = Readings(features.sensor, features.time, *missing)
    row = features.position + np.arange(count)
    heard = np.zeros(len(readings) + count, np.bool_)
    heard[row] = True
    place = np.empty(len(heard), np.intp)
    place[~heard], place[row] = np.arange(len(readings)), len(readings) + np.arange(count)
    whole = Readings.concatenate([readings, blocks])[place]
    mixed = row[np.isin(features.sensor, readings.sensor)]
    before = np.searchsorted(features.ticks, np.arange(len(ticks)), side="right").tolist()
    return Woven(
        whole,
        heard,
        tuple(sorted({0, len(whole), *mixed.tolist(), *(mixed + 1).tolist()})),
        tuple((position + more, time) for (position, time), more in zip(ticks, before, strict=True)),
        Shown(
            row[features.block], features.tap, features.rate, features.samples, features.size, features.values
        ),
    )


class Waves:
    """All pairs over waveforms, by the taps that feed them."""

    def __init__(self, banks: Sequence[Bank]) -> None:
        self._listeners: dict[_Tap, list[tuple[Bank, int]]] = defaultdict(list)
        for bank in banks:
            for subject, pair in enumerate(bank.pairs):
                if isinstance(pair.parameters, WaveformParameters):
                    tap = _Tap(pair.channels, pair.parameters.feature())
                    self._listeners[tap].append((bank, subject))
        self._taps = tuple(self._listeners)
        self._by_first: dict[int, list[int]] = defaultdict(list)
        for number, tap in enumerate(self._taps):
            self._by_first[tap.channels[0]].append(number)

    def features(self, waveforms: Sequence[Waveform]) -> Features:
        """What the engine's step takes of blocks in their order of arrival. Pure.

        Channels of a device are one block where they came in one message with as many samples each. A block
        of which a feature cannot be computed has 0 samples in it, at which the rules that wait for it fail.
        """
        if not waveforms:
            return NO_FEATURES
        together = {(each.message, each.sensor): each for each in waveforms}
        found = [
            (number, row, each.rate, *feature)
            for row, each in enumerate(waveforms)
            for number in self._by_first.get(each.sensor, ())
            if (feature := _computed(self._taps[number], each, together)) is not None
        ]
        tap, block, rate, samples, values = zip(*found, strict=True) if found else ((),) * 5
        return Features(
            sensor=np.array([each.sensor for each in waveforms], np.int32),
            time=np.array([each.end for each in waveforms], np.int64),
            position=np.array([each.position for each in waveforms], np.int64),
            ticks=np.array([each.ticks for each in waveforms], np.int64),
            tap=np.array(tap, np.int32),
            block=np.array(block, np.int64),
            rate=np.array(rate, np.float64),
            samples=np.array(samples, np.int64),
            size=np.array([len(each) for each in values], np.int64),
            values=np.concatenate([np.empty(0), *values]),
        )

    def take(
        self, shown: Shown, readings: Readings, late: Mask, last_value: NDArray[np.float64]
    ) -> Iterator[Event]:
        """Show the features of blocks that are not late.

        readings: with the blocks among them. last_value: the last trusted ones before, by sensor id.
        """
        for row, tap, rate, samples, values in shown.each():
            if not late[row]:
                block = Block(int(readings.time[row]), rate, samples, values)
                for bank, subject in self._listeners[self._taps[tap]]:
                    sensor = bank.pairs[subject].beside
                    beside = np.nan if sensor is None else _before(row, sensor, readings, late, last_value)
                    for changes in bank.kind.observe(subject, row, block, beside):
                        nothing = np.full(len(changes.row), np.nan)
                        figure = nothing if changes.figure is None else changes.figure
                        yield from observed(Found(bank, changes, changes.row, figure))


def _before(row: int, sensor: int, readings: Readings, late: Mask, last_value: NDArray[np.float64]) -> float:
    """The last trusted value of a sensor before a row; NaN if its last reading cannot be trusted."""
    mine = np.flatnonzero((readings.sensor[:row] == sensor) & ~late[:row])
    if not len(mine):
        return float(last_value[sensor])
    return float(readings.value[mine[-1]]) if readings.flag[mine[-1]] < Flag.FAIL else np.nan


def _computed(
    tap: _Tap, first: Waveform, together: dict[tuple[int, int], Waveform]
) -> tuple[int, Values] | None:
    """How many samples a channel had, and the feature; None where there is none."""
    blocks = [together.get((first.message, sensor)) for sensor in tap.channels]
    channels = [each for each in blocks if each is not None and each.flag <= Flag.SUSPECT]
    if len(channels) < len(blocks) or len({len(each.samples) for each in channels}) > 1:
        return None
    samples = np.stack([each.samples for each in channels]).astype(np.float64)
    try:
        feature = tap.feature(samples, first.rate)
    except Exception:  # noqa: BLE001, whatever a feature may do wrong
        return 0, np.empty(0)
    return None if feature is None else (samples.shape[1], feature)
