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
from sensors.waveforms import NO_FEATURES, Features, Waveform


@dataclass(frozen=True, slots=True)
class _Tap:
    """A feature of some channels; equal ones are one."""

    channels: tuple[int, ...]
    feature: Feature


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

        Channels of a device are one block where they came in one message with as many samples each.
        """
        if not waveforms:
            return NO_FEATURES
        together = {(each.message, each.sensor): each for each in waveforms}
        found = [
            (number, row, each.rate, len(each.samples), feature)
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

    def take(self, features: Features, late: Mask, last_value: NDArray[np.float64]) -> Iterator[Event]:
        """Show the features of blocks that are not late, beside the last trusted values by sensor id."""
        parts = np.split(features.values, np.cumsum(features.size)[:-1])
        for number, row, rate, samples, values in zip(
            features.tap.tolist(), features.block.tolist(), features.rate.tolist(),
            features.samples.tolist(), parts, strict=False,
        ):  # fmt: skip
            if not late[row]:
                block = Block(int(features.time[row]), rate, samples, values)
                for bank, subject in self._listeners[self._taps[number]]:
                    yield from _shown(bank, subject, row, block, last_value)


def _computed(tap: _Tap, first: Waveform, together: dict[tuple[int, int], Waveform]) -> Values | None:
    blocks = [together.get((first.message, sensor)) for sensor in tap.channels]
    channels = [each for each in blocks if each is not None and each.flag <= Flag.SUSPECT]
    if len(channels) < len(blocks) or len({len(each.samples) for each in channels}) > 1:
        return None
    return tap.feature(np.stack([each.samples for each in channels]).astype(np.float64), first.rate)


def _shown(
    bank: Bank, subject: int, row: int, block: Block, last_value: NDArray[np.float64]
) -> Iterator[Event]:
    pair = bank.pairs[subject]
    beside = np.nan if pair.beside is None else float(last_value[pair.beside])
    for changes in bank.kind.observe(subject, row, block, beside):
        nothing = np.full(len(changes.row), np.nan)
        figure = nothing if changes.figure is None else changes.figure
        yield from observed(Found(bank, changes, changes.row, figure))
