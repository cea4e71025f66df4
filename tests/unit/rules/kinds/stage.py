"""One subject shown one reading after the other, for the kinds' tests."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rules.bind import parse_parameters
from rules.kinds import SENSOR_KINDS
from rules.kinds.base import Changes, Kind
from sensors.readings import SECOND

SUBJECT = np.array([0])


def kind(name: str, *parameters: dict[str, Any]) -> Kind[Any]:
    """The kind over a subject for each set of parameters."""
    return SENSOR_KINDS[name]([parse_parameters(name, each) for each in parameters])


def show(kind: Kind[Any], second: float, value: float) -> list[tuple[float, int]]:
    """Show the first subject a reading: (second, state) of each change."""
    changes = kind.update(SUBJECT, np.array([round(second * SECOND)]), np.array([value]))
    return [*told(changes)]


def told(changes: Iterable[Changes]) -> list[tuple[float, int]]:
    return [
        (time / SECOND, state)
        for each in changes
        for time, state in zip(each.time.tolist(), each.state.tolist(), strict=True)
    ]


def shown(kind: Kind[Any], readings: Sequence[tuple[float, float]]) -> list[tuple[float, int]]:
    """All changes that the readings (second, value) made."""
    return [change for second, value in readings for change in show(kind, second, value)]


def state(kind: Kind[Any]) -> int:
    return int(kind.state[0])
