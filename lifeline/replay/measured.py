"""What the rows of a feed say, as readings in the quantities' own units: what a worker would decode."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ingest import validate
from ingest.index import Index
from rules.engine import Tick
from sensors.model import Registry
from sensors.readings import Readings
from simulator.feed import Channel
from simulator.feed_rows import Rows

BATCH = 256
"""Rows in a batch; how many changes no verdict."""


def measured(
    rows: Iterable[Rows], channels: tuple[Channel, ...], registry: Registry
) -> Iterator[tuple[Readings, list[Tick]]]:
    """The rows in batches, each row after a tick of the feed's clock at its time."""
    index, order = Index(registry), _speaking(channels)
    sensor = np.array([channels[place].sensor.id for place in order], np.int32)
    for chunk in rows:
        for start in range(0, len(chunk), BATCH):
            yield _batch(chunk[start : start + BATCH], order, sensor, index)


def _batch(
    rows: Rows, order: list[int], sensors: NDArray[np.int32], index: Index
) -> tuple[Readings, list[Tick]]:
    value = rows.value[:, order]
    there = ~np.isnan(value)
    row, place = np.nonzero(there)
    sensor = sensors[place]
    scaled = value[there] * index.factor[sensor] + index.offset[sensor]
    flag = validate.flags(scaled, index.low[sensor], index.high[sensor])
    before = np.cumsum(there.sum(axis=1)) - there.sum(axis=1)
    ticks = [Tick(*each) for each in zip(before.tolist(), rows.time.tolist(), strict=True)]
    return Readings(sensor, rows.time[row], scaled, flag), ticks


def _speaking(channels: tuple[Channel, ...]) -> list[int]:
    """The columns in the order in which their devices speak: one after the other, each all it measured."""
    devices = list(dict.fromkeys(channel.sensor.device for channel in channels))
    return sorted(range(len(channels)), key=lambda place: devices.index(channels[place].sensor.device))
