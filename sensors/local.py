"""Local time of many moments at once: what rules nights, hours of the week and duty hours."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sensors.readings import HOUR, SECOND

_CHANGES = HOUR // 4
"""Offsets change at quarters of an hour UTC, wherever they change."""


def local(time: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """The clock on the wall, as us since 1970-01-01T00:00 on that wall: int64, the shape of ``time``."""
    quarter, where = np.unique(time // _CHANGES, return_inverse=True)
    offset = np.array([_offset(each, zone) for each in quarter.tolist()], np.int64)
    there: NDArray[np.int64] = time + offset[where].reshape(time.shape)
    return there


@lru_cache(maxsize=100_000)
def _offset(quarter: int, zone: str) -> int:
    moment = datetime.fromtimestamp(quarter * _CHANGES // SECOND, UTC).astimezone(ZoneInfo(zone))
    offset = moment.utcoffset()
    assert offset is not None
    return round(offset.total_seconds()) * SECOND
