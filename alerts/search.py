"""Which cases are wanted, in which order, and from which place on: the statement that finds them. Pure."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from rules.hazards import hazards

MOST_WORDS = 8

COLUMNS = """
select a.*, s.name as asset_name, s.name_en as asset_name_en, s.kind as asset_kind,
    s.domain, s.district, s.longitude, s.latitude,
    s.utility_id, u.name as utility_name, u.name_en as utility_name_en
from alerts a
left join assets s using (asset_id)
left join utilities u using (utility_id)
"""


class Sort(StrEnum):
    """The order of a list; within it the newer comes first."""

    TIME = "time"
    LEVEL = "level"
    """The worse comes first."""
    PRIORITY = "priority"
    """What nobody has seen comes first, then the worse."""


# The higher comes first. Each is an index's own expression, see 0026_alerts_search.sql.
_RANKS = {
    Sort.TIME: None,
    Sort.LEVEL: "(- coalesce(a.level, a.worst_level))",
    Sort.PRIORITY: "(case when a.state in ('unacknowledged', 'returned') then 0 else -10 end"
    " - coalesce(a.level, a.worst_level))",
}

_CONDITIONS = {
    "states": "a.state = any(%(states)s::text[])",
    "stages": "a.stage = any(%(stages)s::text[])",
    "levels": "coalesce(a.level, a.worst_level) = any(%(levels)s::smallint[])",
    "domain": "s.domain = %(domain)s::text",
    "district": "s.district = %(district)s::text",
    "utility": "s.utility_id = %(utility)s::text",
    "asset": "a.asset_id = %(asset)s::text",
    "own": "s.utility_id = %(own)s::text",
    "ids": "a.alert_id = any(%(ids)s::uuid[])",
    "incident": "a.incident_id = %(incident)s::uuid",
}

# Assets are fewer than cases, and are looked through once a word.
_SPEAKS = """(
    a.hazard = any(%({hazards})s::text[]) or strpos(a.alert_id::text, %({word})s::text) > 0
    or strpos(lower(a.asset_id), %({word})s::text) > 0
    or a.asset_id in (
        select asset_id from assets x left join utilities o using (utility_id)
        where strpos(
            lower(concat_ws(' ', x.name, x.name_en, x.utility_id, o.name, o.name_en)), %({word})s::text
        ) > 0
    )
)"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which cases are wanted; an empty field asks for all.

    levels: the present one, or the worst it had once no evidence is live. own: the only utility whose
    assets the caller may see. text: words, each of which stands somewhere in the names or ids of asset,
    hazard, utility or case, in either language.
    """

    states: Sequence[str] = ()
    stages: Sequence[str] = ()
    levels: Sequence[int] = ()
    domain: str | None = None
    district: str | None = None
    utility: str | None = None
    asset: str | None = None
    own: str | None = None
    ids: Sequence[UUID] = ()
    incident: UUID | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place in a list after one of its entries. rank: by what the list is sorted before the time."""

    at: datetime
    id: UUID
    sort: Sort = Sort.TIME
    rank: int = 0

    def encode(self) -> str:
        """As the API gives it out."""
        text = f"{self.at.isoformat()} {self.id} {self.sort} {self.rank}"
        return base64.urlsafe_b64encode(text.encode()).decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The place that ``encode`` wrote.

        Raises:
            ValueError: it did not.
        """
        time, own, sort, rank = base64.b64decode(text, altchars=b"-_", validate=True).decode().split(" ")
        at = datetime.fromisoformat(time)
        if at.tzinfo is None:
            raise ValueError("no time zone")
        if not -100 < int(rank) <= 0:  # noqa: PLR2004, no rank is lower
            raise ValueError("no rank")
        return cls(at, UUID(own), Sort(sort), int(rank))


def statement(wanted: Filter, sort: Sort, after: Cursor | None, limit: int) -> tuple[str, Mapping[str, Any]]:
    """The statement for the first ``limit`` cases after a place, and what it is given; rank is a column."""
    given = _asked(wanted)
    conditions = [_CONDITIONS[name] for name in given]
    for n, word in enumerate(wanted.text.lower().split()[:MOST_WORDS]):
        names = {"word": f"word_{n}", "hazards": f"hazards_{n}"}
        conditions.append(_SPEAKS.format_map(names))
        given |= {names["word"]: word, names["hazards"]: _called(word)}
    rank = _RANKS[sort]
    keys = [*([rank] if rank else []), "a.opened_at", "a.alert_id"]
    if after is not None:
        places = [*(["%(rank)s::int"] if rank else []), "%(before)s::timestamptz", "%(before_id)s::uuid"]
        conditions.append(f"({', '.join(keys)}) < ({', '.join(places)})")
        given |= {"rank": after.rank, "before": after.at, "before_id": after.id}
    where = "where " + " and ".join(conditions) if conditions else ""
    columns = COLUMNS.replace("select a.*", f"select a.*, {rank or 0} as rank", 1)
    order = ", ".join(f"{key} desc" for key in keys)
    return f"{columns}{where} order by {order} limit %(limit)s", {**given, "limit": limit}


def _asked(wanted: Filter) -> dict[str, Any]:
    """The fields that ask for something, as the database takes them."""
    fields = {name: getattr(wanted, name) for name in _CONDITIONS}
    lists = {name: [*value] for name, value in fields.items() if isinstance(value, list | tuple) and value}
    return lists | {name: value for name, value in fields.items() if isinstance(value, str | UUID)}


def _called(word: str) -> list[str]:
    """The hazards in whose id or names a word stands."""
    return [name for name, each in hazards().items() if word in f"{name} {each.name} {each.name_en}".lower()]
