"""Which numbered messages never came: what got lost on the way is known to be missing. Pure.

A device counts its messages from 0 at each boot. The first that is ever heard of a device says nothing of
those before it; a new boot is a restart and not a gap, but what it skipped since its 0 is one.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from ingest.batch import Numbered

Range = tuple[int, int]
"""First number, and the first after the last."""

MOST_RANGES = 1000
"""Gaps of a device that are kept in memory; the oldest beyond are only in the database, and not asked for."""


class _Device(msgspec.Struct):
    boot: int
    next: int
    missing: list[tuple[int, int, int]] = []
    """(boot, first, after the last), oldest first."""
    forgotten: tuple[int, int] = (-1, -1)
    """(boot, number): of what was before, the database alone knows whether it is missing."""

    def remember(self, place: int, old: int, ranges: Iterable[tuple[int, int, int]]) -> None:
        """Put the ranges in the place of ``old`` others."""
        self.missing[place : place + old] = [each for each in ranges if each[1] < each[2]]
        if beyond := self.missing[:-MOST_RANGES]:
            boot, _, end = beyond[-1]
            self.forgotten = boot, end
            del self.missing[: len(beyond)]


@dataclass(frozen=True, slots=True)
class GapChange:
    """What a batch did to the gaps of one boot of one device."""

    device: str
    boot: int
    noticed: list[Range] = field(default_factory=list)
    filled: list[Range] = field(default_factory=list)


class Sequences:
    """The next number expected of every device, and what is missing."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}

    def observe(self, numbered: Iterable[Numbered]) -> list[GapChange]:
        """Take the numbers in order of arrival; what that changed, by device and boot."""
        noticed: dict[tuple[str, int], list[Range]] = defaultdict(list)
        filled: dict[tuple[str, int], list[Range]] = defaultdict(list)
        for each in numbered:
            known = self._devices.get(each.device)
            if known is None:
                self._devices[each.device] = _Device(each.boot, each.number + 1)
            elif each.boot == known.boot and each.number == known.next:
                known.next += 1
            elif each.boot < known.boot or (each.boot == known.boot and each.number < known.next):
                if _fill(known, each):
                    filled[each.device, each.boot].append((each.number, each.number + 1))
            else:
                first = known.next if each.boot == known.boot else 0
                if first < each.number:
                    known.remember(len(known.missing), 0, [(each.boot, first, each.number)])
                    noticed[each.device, each.boot].append((first, each.number))
                known.boot, known.next = each.boot, each.number + 1
        return [GapChange(*key, noticed[key], filled[key]) for key in sorted({*noticed, *filled})]

    def missing(self, device: str) -> list[tuple[int, int, int]]:
        """What is missing of a device: (boot, first, after the last)."""
        known = self._devices.get(device)
        return list(known.missing) if known is not None else []

    def incomplete(self) -> list[str]:
        """The devices of which something is missing."""
        return [device for device, known in self._devices.items() if known.missing]

    def encode(self) -> bytes:
        """Everything that is known, for a snapshot."""
        return msgspec.msgpack.encode(self._devices)

    @classmethod
    def decode(cls, content: bytes) -> "Sequences":
        """What ``encode`` wrote."""
        sequences = cls()
        sequences._devices = msgspec.msgpack.decode(content, type=dict[str, _Device])
        return sequences


def _fill(device: _Device, came: Numbered) -> bool:
    """Take a number out of what is missing; False if it was not missing, so a duplicate."""
    for place, (boot, first, end) in enumerate(device.missing):
        if boot == came.boot and first <= came.number < end:
            device.remember(place, 1, [(boot, first, came.number), (boot, came.number + 1, end)])
            return True
    return (came.boot, came.number) < device.forgotten
