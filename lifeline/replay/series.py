"""What sensors measured in the course of a replay, as little of it as a picture shows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.decode import Window, decode
from ingest.index import Index
from ingest.message import Message
from lifeline.replay.measured import measured
from lifeline.replay.play import Play
from lifeline.replay.source import Source
from sensors.readings import Readings
from simulator.messages import CLOCK_TOPIC, MILLISECOND, clock

BINS = 600
"""Stretches of time that are told from each other."""

_MOST = 2000


@dataclass(frozen=True, slots=True)
class Course:
    """The lowest and the highest value in each of the bins; NaN where there is none."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]


def courses(source: Source, sensors: Iterable[int]) -> Mapping[int, Course]:
    """The courses of some sensors over the whole of a source, by sensor id."""
    wanted = sorted(set(sensors))
    row = np.full(max([*wanted, *(sensor.id for sensor in source.registry.sensors)], default=0) + 1, -1)
    row[wanted] = np.arange(len(wanted))
    low, high = np.full((len(wanted), BINS), np.inf), np.full((len(wanted), BINS), -np.inf)
    start, length = source.extent.start, max(1, source.extent.end - source.extent.start)
    for readings in _readings(source):
        place = (readings.time - start) * BINS // length
        mine = np.flatnonzero((row[readings.sensor] >= 0) & (place >= 0) & (place < BINS))
        at = row[readings.sensor[mine]], place[mine]
        np.fmin.at(low, at, readings.value[mine])
        np.fmax.at(high, at, readings.value[mine])
    low[~np.isfinite(low)] = high[~np.isfinite(high)] = np.nan
    return {sensor: Course(low[place], high[place]) for place, sensor in enumerate(wanted)}


def _readings(source: Source) -> Iterator[Readings]:
    if isinstance(source, Play):
        yield from (part for part, _ in measured(source.rows(), source.channels, source.registry))
        return
    index, waiting, now = Index(source.registry), list[Message](), None
    for instant in source.instants():
        waiting.append(Message(CLOCK_TOPIC, clock(instant.time // MILLISECOND)))
        waiting += [Message(*each) for each in instant.messages]
        if len(waiting) >= _MOST:
            yield decode(waiting, index, Window(), now).readings
            waiting, now = [], instant.time
    yield decode(waiting, index, Window(), now).readings
