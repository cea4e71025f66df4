"""检修, maintenance windows: while one is open, nothing of its asset or device is annunciated."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg.errors import ForeignKeyViolation
from psycopg.rows import class_row

from alerts.database import Connection
from alerts.lifecycle import InWindow
from alerts.roles import Caller

_OPEN = """
select window_id, asset_id, device_id, why from maintenance_windows
where not ended and starts_at <= %(now)s and coalesce(ended_early_at, ends_at) > %(now)s
order by starts_at
"""
_ADD = """
insert into maintenance_windows (window_id, asset_id, device_id, starts_at, ends_at, why, who)
values (%s, %s, %s, %s, %s, %s, %s)
"""
_LIST = """
select w.*, case when w.ended_early_at is not null or w.ends_at <= %(now)s then 'over'
    when w.starts_at > %(now)s then 'planned' else 'open' end as state
from maintenance_windows w
left join assets a on a.asset_id = w.asset_id
where (%(all)s or (w.ended_early_at is null and w.ends_at > %(now)s))
    and (%(own)s::text is null or a.utility_id = %(own)s or exists (
        select from sensors s join assets o using (asset_id)
        where s.device_id = w.device_id and o.utility_id = %(own)s))
order by w.starts_at desc, w.window_id
"""
_END = """
update maintenance_windows set ended_early_at = %(now)s, ended_by = %(who)s
where window_id = %(window_id)s and ended_early_at is null and ends_at > %(now)s
"""


@dataclass(frozen=True, slots=True)
class Open:
    """A window that is open now, of an asset or of a device."""

    window_id: UUID
    asset_id: str | None
    device_id: str | None
    why: str

    def covers(self, asset_id: str, evidence: Iterable[Mapping[str, Any]]) -> bool:
        """Whether all that is said of an asset comes from what is under maintenance."""
        if self.device_id is None:
            return asset_id == self.asset_id
        subjects = [piece["subject"] for piece in evidence]
        return bool(subjects) and all(each.startswith(f"{self.device_id}/") for each in subjects)


async def opened(connection: Connection, now: datetime) -> Sequence[Open]:
    """The windows that are open."""
    async with connection.cursor(row_factory=class_row(Open)) as cursor:
        return await (await cursor.execute(_OPEN, {"now": now})).fetchall()


def explained(
    windows: Iterable[Open], asset_id: str, evidence: Sequence[Mapping[str, Any]]
) -> InWindow | None:
    """The window that takes what is said of an asset out of service, if one does."""
    found = next((each for each in windows if each.covers(asset_id, evidence)), None)
    return None if found is None else InWindow(found.window_id, found.why)


async def add(
    connection: Connection,
    of: tuple[str | None, str | None],
    between: tuple[datetime, datetime],
    why: str,
    caller: Caller,
) -> UUID | None:
    """Plan a window ``of`` an asset or a device; None if the registry does not know it."""
    window_id = uuid4()
    try:
        await connection.execute(_ADD, [window_id, *of, *between, why, caller.name])
    except ForeignKeyViolation:
        return None
    return window_id


async def listed(
    connection: Connection, own: str | None, now: datetime, *, past: bool
) -> list[dict[str, Any]]:
    """The windows that a caller may see, newest first; those that are over too, if ``past``."""
    return await (await connection.execute(_LIST, {"own": own, "now": now, "all": past})).fetchall()


async def end(connection: Connection, window_id: UUID, who: str, now: datetime) -> bool:
    """End a window before its time; False if it is over, or there is none."""
    given = {"window_id": window_id, "who": who, "now": now}
    return bool((await connection.execute(_END, given)).rowcount)
