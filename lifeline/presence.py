"""How many sensors of each domain are heard of, for a worker's metrics."""

import time

import numpy as np
from numpy.typing import NDArray

from ingest.metrics import Metrics
from ingest.partition import Partition
from sensors.model import Registry
from sensors.readings import SECOND

INTERVALS = 3
"""Who has not been heard of for so many upload intervals is not online."""

_EVERY_S = 5.0


class Presence:
    """The sensors of one partition by domain, with how long each may be silent."""

    def __init__(self, registry: Registry, partition: Partition) -> None:
        self.registry = registry
        uploads = {kind.id: kind.upload_s for kind in registry.device_types}
        devices = {each.id: each for each in registry.devices if partition.holds(each.district)}
        sensors = [each for each in registry.sensors if each.device in devices]
        self._ids = np.array([each.id for each in sensors], dtype=np.int32)
        patience = [INTERVALS * uploads[devices[each.device].type] * SECOND for each in sensors]
        self._patience = np.array(patience, dtype=np.int64)
        domains = [devices[each.device].domain for each in sensors]
        self._names, self._domain = np.unique(np.array(domains, dtype=str), return_inverse=True)
        self._told = 0.0

    def tell(self, metrics: Metrics, last: NDArray[np.int64], now: int) -> None:
        """Set the gauges, every few seconds. last: newest event time by sensor id; now: us since 1970."""
        if time.monotonic() < self._told + _EVERY_S:
            return
        self._told = time.monotonic()
        online = now - self._patience <= last[self._ids]
        heard = np.bincount(self._domain[online], minlength=len(self._names))
        declared = np.bincount(self._domain, minlength=len(self._names))
        for name, all_, some in zip(self._names, declared, heard, strict=True):
            metrics.sensors.labels(str(name)).set(int(all_))
            metrics.online.labels(str(name)).set(int(some))
