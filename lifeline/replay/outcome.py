"""What came of a replay, asked of its database."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import msgspec
import psycopg
from psycopg.rows import dict_row

from lifeline.scoring import Alarm, Score
from rules.levels import RiskLevel

_QUIET = RiskLevel.LOW + 1
"""Milder than any level."""

_COUNTS = """
select (select count(*) from readings) as stored,
    (select coalesce(sum(duplicates), 0)::bigint from journal) as duplicates,
    (select count(*) from readings where late) as late,
    (select count(*) from dead_letter) as dead_letters,
    (select count(*) from transitions) as transitions
"""

# What was found in late data is over when it is found: it was never on.
_STEPS = """
select a.alert_id, a.asset_id, a.hazard, (extract(epoch from e.event_time) * 1000000)::bigint as time, e.level
from alert_events e join alerts a using (alert_id) left join risk_changes c using (risk_change_id)
where not coalesce(c.retrospective, false)
order by a.alert_id, e.number
"""


Step = tuple[str, str, str, int, int | None]
"""Case, asset, hazard, time (us since 1970 UTC), and the level from then on."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What was said of a feed.

    published: readings. late: those that no rule saw. alerts: how often a case was raised, by hazard and by
    the worst level it then came to.
    """

    feed: str
    title: str
    rows: int
    published: int
    late: int
    transitions: int
    alerts: dict[str, dict[str, int]]
    score: Score | None
    seconds: float
    skipped: int = 0
    """Rows or lines that were left out as wrong."""
    skipped_first: str | None = None

    @property
    def rate(self) -> float:
        """Readings a second, from the first to the last that was said of them."""
        return self.published / self.seconds


class Outcome(Judged, frozen=True, kw_only=True):
    """The same of a replay through broker and database; a message holds a device's readings of one moment."""

    run: str
    messages: int
    stored: int
    lost: int
    duplicates: int
    dead_letters: int


def counts(dsn: str) -> dict[str, int]:
    """The counts that the database itself knows."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        row = connection.execute(_COUNTS).fetchone()
    assert row is not None
    return row


def episodes(dsn: str, mildest: RiskLevel, end: int) -> list[Alarm]:
    """Each time that a case was at this level or a worse one; what is still on ends at ``end`` (us)."""
    with psycopg.connect(dsn) as connection:
        return list(cases(connection.execute(_STEPS).fetchall(), mildest, end))


def cases(steps: Iterable[Step], mildest: RiskLevel, end: int) -> Iterator[Alarm]:
    """The same from the steps of all cases, case by case and in order."""
    for (_, asset, hazard), mine in groupby(steps, key=itemgetter(0, 1, 2)):
        yield from _alarms(asset, hazard, [(time, level) for *_, time, level in mine], mildest, end)


def by_hazard(alarms: Iterable[Alarm]) -> dict[str, dict[str, int]]:
    """How many there are of each hazard and level."""
    found = Counter((alarm.hazard, alarm.level) for alarm in alarms)
    hazards = sorted({hazard for hazard, _ in found})
    return {hazard: {level.english: found[hazard, level] for level in RiskLevel} for hazard in hazards}


def _alarms(
    asset: str, hazard: str, steps: list[tuple[int, int | None]], mildest: RiskLevel, end: int
) -> Iterator[Alarm]:
    """The alarms of one case, from its level after each of its steps."""
    sounded: list[int] = []
    worst = before = _QUIET
    for time, given in [*steps, (end, None)]:
        level = given if given is not None and given <= mildest else _QUIET
        if level < before:
            sounded.append(time)
        if level == _QUIET and sounded:
            yield Alarm(asset, hazard, RiskLevel(worst), sounded[0], time, tuple(sounded))
            sounded, worst = [], _QUIET
        worst, before = min(worst, level), level
