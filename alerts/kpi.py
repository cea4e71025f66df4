"""How the alarm system does by the figures of ISA-18.2 and EEMUA 191, per operator position. Pure.

Counted is what is annunciated: an alarm that begins to sound, or sounds again. Acknowledgements, returns, low
cases, and what is shelved, suppressed, out of service or found in late data are none. Targets are those of
secondary sources (the standards' texts are paid): docs/kpi.md names them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

BUCKET = timedelta(minutes=10)
FLOOD_BEGINS, FLOOD_ENDS = 10, 5
"""Alarms in ten minutes: more than the first begin a flood, fewer than the second end it."""
CHATTERS = 3
"""Alarms of one asset and hazard within a minute."""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TOP = 10
A_DAY = 144
"""Alarms a day that one position can take: one in ten minutes."""
SOUND = 30
"""Days below which the figures are too few to judge by."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One activation: what sounded, how bad it was, when."""

    asset_id: str
    hazard: str
    level: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Life:
    """How long a case took: from when it first sounded to what came; None = it has not come.

    returned: its evidence was first gone. standing_since: it is still live, and sounded then.
    """

    sounded_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    returned_at: datetime | None
    standing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. met: None where there is no target."""

    name: str
    value: float | None
    unit: str
    target: str | None = None
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Contributor:
    """What sounded most."""

    asset_id: str
    hazard: str
    alarms: int
    share: float


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of a period; sound: it is long enough to judge by."""

    since: datetime
    until: datetime
    positions: int
    sound: bool
    figures: tuple[Figure, ...]
    top: tuple[Contributor, ...]


def report(
    alarms: Sequence[Alarm], lives: Sequence[Life], since: datetime, until: datetime, positions: int
) -> Report:
    """The figures of since <= time < until; the order of what is given does not matter."""
    inside = sorted((each for each in alarms if since <= each.at < until), key=lambda each: each.at)
    begun = [each for each in lives if since <= each.sounded_at < until]
    buckets = counts(inside, since, until) / positions
    return Report(
        since=since,
        until=until,
        positions=positions,
        sound=until - since >= SOUND * DAY,
        figures=(
            *_rates(len(inside), since, until, positions, buckets),
            *_floods(buckets),
            *_nuisance(inside, begun, lives, until),
            *_mix(inside),
            *_times(begun),
        ),
        top=_top(inside),
    )


def counts(alarms: Sequence[Alarm], since: datetime, until: datetime) -> NDArray[np.float64]:
    """Alarms in each ten minutes of the wall that the period touches, empty ones included."""
    first = since.astimezone(UTC).timestamp() // BUCKET.total_seconds()
    last = (until.timestamp() - 1e-6) // BUCKET.total_seconds()
    at = [each.at.timestamp() // BUCKET.total_seconds() - first for each in alarms]
    return np.bincount(np.array(at, np.int64), minlength=max(int(last - first) + 1, 1)).astype(np.float64)


def floods(buckets: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The floods as first and last bucket: from more than ten alarms until fewer than five."""
    found: list[tuple[int, int]] = []
    begun: int | None = None
    for index, count in enumerate(buckets):
        if begun is None and count > FLOOD_BEGINS:
            begun = index
        elif begun is not None and count < FLOOD_ENDS:
            found.append((begun, index - 1))
            begun = None
    return found if begun is None else [*found, (begun, len(buckets) - 1)]


def _rates(
    alarms: int, since: datetime, until: datetime, positions: int, buckets: NDArray[np.float64]
) -> tuple[Figure, ...]:
    days = (until - since) / DAY
    a_day = alarms / positions / days if days else 0.0
    few, most, each = a_day <= A_DAY, float(buckets.max()), "per position"
    return (
        Figure("alarms", alarms, "alarms"),
        Figure("alarms a day", a_day, each, "144 or fewer; manageable 288", few),
        Figure("alarms an hour", a_day / 24, each, "6 or fewer; manageable 12", few),
        Figure("alarms in ten minutes", a_day / 144, each, "1 or fewer; manageable 2", few),
        Figure("most in ten minutes", most, each, "10 or fewer", most <= FLOOD_BEGINS),
    )


def _floods(buckets: NDArray[np.float64]) -> tuple[Figure, ...]:
    found = floods(buckets)
    share = sum(last - first + 1 for first, last in found) / len(buckets)
    return (
        Figure("floods", len(found), "floods"),
        Figure("time in flood", 100 * share, "%", "less than 1", share < 0.01),  # noqa: PLR2004
    )


def _nuisance(
    alarms: Sequence[Alarm], begun: Sequence[Life], lives: Sequence[Life], until: datetime
) -> tuple[Figure, ...]:
    chattering = sum(_chatters(each) for each in _by_source(alarms).values())
    fleeting = sum(
        each.returned_at is not None
        and each.returned_at - each.sounded_at < MINUTE
        and (each.acknowledged_at is None or each.acknowledged_at > each.returned_at)
        for each in begun
    )
    stale = sum(each.standing_since is not None and until - each.standing_since > DAY for each in lives)
    return (
        Figure("chattering", chattering, "sources", "none", chattering == 0),
        Figure("fleeting", fleeting, "alarms", "none", fleeting == 0),
        Figure("stale", stale, "alarms", "fewer than 5", stale < 5),  # noqa: PLR2004
    )


def _chatters(times: Sequence[datetime]) -> bool:
    return any(
        later - earlier <= MINUTE for earlier, later in zip(times, times[CHATTERS - 1 :], strict=False)
    )


def _mix(alarms: Sequence[Alarm]) -> tuple[Figure, ...]:
    levels = Counter(each.level for each in alarms)
    wanted = ((3, "general", "about 80"), (2, "serious", "about 15"), (1, "major", "about 5"))
    return tuple(
        Figure(f"share of {name}", 100 * levels[level] / len(alarms) if alarms else None, "%", target)
        for level, name, target in wanted
    )


def _times(begun: Sequence[Life]) -> tuple[Figure, ...]:
    made = []
    for name, end in (("acknowledge", "acknowledged_at"), ("resolve", "resolved_at")):
        ends = [(each.sounded_at, getattr(each, end)) for each in begun]
        took = [(came - sounded) / MINUTE for sounded, came in ends if came is not None]
        made += [
            Figure(f"mean time to {name}", float(np.mean(took)) if took else None, "min"),
            Figure(f"nine of ten {name}d within", float(np.percentile(took, 90)) if took else None, "min"),
        ]
    return tuple(made)


def _top(alarms: Sequence[Alarm]) -> tuple[Contributor, ...]:
    by_source = Counter((each.asset_id, each.hazard) for each in alarms)
    most = sorted(by_source.items(), key=lambda each: (-each[1], each[0]))[:TOP]
    return tuple(Contributor(*source, count, count / len(alarms)) for source, count in most)


def _by_source(alarms: Sequence[Alarm]) -> dict[tuple[str, str], list[datetime]]:
    by_source: dict[tuple[str, str], list[datetime]] = {}
    for each in alarms:
        by_source.setdefault((each.asset_id, each.hazard), []).append(each.at)
    return by_source
