"""Which devices are dead, which are cut off, and what changes about it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from sensors.model import Registry
from sensors.readings import SECOND
from simulator.incidents import DeviceIncident, Incident
from simulator.surroundings import Moment

Mask = NDArray[np.bool_]


class Silent(DeviceIncident, frozen=True, kw_only=True, tag="silent"):
    """A device is dead: it measures and sends nothing, and when it comes back it has booted anew.

    What speaks through it has no network meanwhile.
    """

    excludes = "link"


class Battery(Silent, frozen=True, kw_only=True, tag="battery"):
    """A battery runs empty: the device goes down for ever longer, boots anew in between, and dies.

    It is up for all of the first quarter of the time, for half of the middle, and never in the last quarter.
    """

    spell_s: float = 1800.0
    """From one time that it goes down to the next."""

    def down(self, since_s: float) -> bool:
        """Whether it is down so long after the start."""
        spent = since_s * SECOND / self.duration
        return since_s % self.spell_s < self.spell_s * min(1.0, max(0.0, 2 * spent - 0.5))


class Outage(DeviceIncident, frozen=True, kw_only=True, tag="outage"):
    """A device or gateway has no network, and neither has what speaks through it.

    What has a buffer sends everything afterwards; what has none loses it.
    """

    excludes = "link"


@dataclass(frozen=True, slots=True)
class Change:
    """What changed, as devices' places in the registry.

    gone: their connection broke, so the broker speaks their will. booted: back from death. connected:
    their own connection is there again. freed: what they kept meanwhile can be sent now.
    """

    gone: tuple[int, ...] = ()
    booted: tuple[int, ...] = ()
    connected: tuple[int, ...] = ()
    cut: tuple[int, ...] = ()
    freed: tuple[int, ...] = ()


class Links:
    """silent, cut: bool by device; a cut device measures and numbers its messages but none goes out."""

    def __init__(self, registry: Registry) -> None:
        self._index = {device.id: index for index, device in enumerate(registry.devices)}
        self._behind: dict[int, list[int]] = defaultdict(list)
        for index, device in enumerate(registry.devices):
            if device.gateway is not None:
                self._behind[self._index[device.gateway]].append(index)
        self._faults: frozenset[Incident] = frozenset()
        self._disconnected = self._mask(())
        self.silent = self._mask(())
        self.cut = self._mask(())

    def change(self, moment: Moment) -> Change:
        """Take on what the live incidents say of devices."""
        faults = frozenset(
            fault
            for fault, since in moment.of(DeviceIncident)
            if not isinstance(fault, Battery) or fault.down(since)
        )
        if faults == self._faults:
            return Change()
        self._faults = faults
        dead = [self._index[fault.device] for fault in faults if isinstance(fault, Silent)]
        apart = [self._index[fault.device] for fault in faults if isinstance(fault, Outage)]
        silent, disconnected = self._mask(dead), self._mask(apart)
        cut = self._mask(chain(apart, *(self._behind[gateway] for gateway in (*dead, *apart))))
        change = Change(
            gone=_where((silent | disconnected) & ~(self.silent | self._disconnected)),
            booted=_where(self.silent & ~silent),
            connected=_where(self._disconnected & ~disconnected),
            cut=_where(cut & ~self.cut),
            freed=_where(self.cut & ~cut),
        )
        self.silent, self.cut, self._disconnected = silent, cut, disconnected
        return change

    def _mask(self, indices: Iterable[int]) -> Mask:
        mask = np.zeros(len(self._index), np.bool_)
        mask[list(indices)] = True
        return mask


def _where(mask: Mask) -> tuple[int, ...]:
    return tuple(np.flatnonzero(mask).tolist())
