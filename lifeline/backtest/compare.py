"""Spells of live risk, said now and on record, held against each other. Pure.

A spell is a time in which an (asset, hazard) had a level without a break, whoever acknowledged what: cases
depend on people, spells on readings alone. Spells of the two sides that touch each other are the same one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

Key = tuple[str, str]
"""Asset and hazard."""

Step = tuple[str, str, int, int | None]
"""Asset, hazard, time (us since 1970 UTC), and the level from then on; in order within an (asset, hazard)."""

What = Literal["same", "new", "gone", "changed"]


class Spell(msgspec.Struct, frozen=True, kw_only=True):
    """When a level stood (us since 1970 UTC), and the worst it was; end None = it still stood at the end."""

    start: int
    end: int | None
    level: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One spell, as it is on record and as it would be."""

    what: What
    asset: str
    hazard: str
    recorded: Spell | None
    found: Spell | None


def spells(steps: Iterable[Step], since: int, until: int) -> dict[Key, list[Spell]]:
    """The spells between two moments, of each (asset, hazard) in order; what began before begins there."""
    levels: dict[Key, list[tuple[int, int | None]]] = defaultdict(list)
    for asset, hazard, time, level in steps:
        if time < until:
            mine = levels[asset, hazard]
            if mine and mine[-1][0] <= since and time <= since:
                mine.pop()
            mine.append((max(time, since), level))
    found = {key: list(_spells(mine)) for key, mine in levels.items()}
    return {key: mine for key, mine in found.items() if mine}


def compare(recorded: dict[Key, list[Spell]], found: dict[Key, list[Spell]]) -> list[Difference]:
    """Each spell of either side once, by when it began."""
    told = [
        Difference(what=_what(before, now), asset=key[0], hazard=key[1], recorded=before, found=now)
        for key in recorded.keys() | found.keys()
        for before, now in _matched(recorded.get(key, []), found.get(key, []))
    ]
    return sorted(told, key=lambda each: (_began(each), each.asset, each.hazard))


def _spells(levels: Sequence[tuple[int, int | None]]) -> Iterator[Spell]:
    start, worst = 0, None
    for time, level in levels:
        if level is None and worst is not None:
            yield Spell(start=start, end=time, level=worst)
            worst = None
        elif level is not None:
            start, worst = (time, level) if worst is None else (start, min(worst, level))
    if worst is not None:
        yield Spell(start=start, end=None, level=worst)


def _matched(
    recorded: Sequence[Spell], found: Sequence[Spell]
) -> Iterator[tuple[Spell | None, Spell | None]]:
    """Each with what it touches on the other side; with several where they were joined or split."""
    left = list(found)
    for before in recorded:
        touching = [each for each in found if _touch(before, each)]
        now = next((each for each in touching if each in left), touching[0] if touching else None)
        if now in left:
            left.remove(now)
        yield before, now
    for each in left:
        yield next((before for before in recorded if _touch(before, each)), None), each


def _touch(one: Spell, other: Spell) -> bool:
    return (other.end is None or one.start <= other.end) and (one.end is None or other.start <= one.end)


def _what(recorded: Spell | None, found: Spell | None) -> What:
    if recorded is None:
        return "new"
    if found is None:
        return "gone"
    return "same" if recorded == found else "changed"


def _began(difference: Difference) -> int:
    return min(each.start for each in (difference.recorded, difference.found) if each is not None)
