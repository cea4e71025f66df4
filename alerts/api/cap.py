"""The CAP documents of what receivers were told, for whoever would rather fetch: an Atom feed (RFC 4287)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

from fastapi import APIRouter, HTTPException, Response

from alerts import cap
from alerts.api.calling import Calling, Using
from alerts.channels.channel import Earlier, Letter
from alerts.message import message
from alerts.words import rfc3339

ATOM = "http://www.w3.org/2005/Atom"
NEWEST = 100

# An event stands here if somebody was told of it; which makes shelved and found ones no part of the feed.
_EVENTS = """
select e.event_id as delivery_id, told.kind, e.event_id, e.alert_id, e.number, e.who, e.why, e.event_time,
    e.wall_time, e.level, e.state, e.data, a.asset_id, a.hazard,
    s.name as asset_name, s.name_en as asset_name_en, s.kind as asset_kind,
    s.domain, s.district, s.longitude, s.latitude,
    s.utility_id, u.name as utility_name, u.name_en as utility_name_en,
    (select purpose from deployment) as purpose,
    array(
        select jsonb_build_object('id', before.event_id, 'at', before.wall_time)
        from alert_events before
        where before.alert_id = e.alert_id and before.number < e.number
            and exists (select from deliveries d where d.event_id = before.event_id)
        order by before.number
    ) as earlier
from alert_events e
join lateral (select kind from deliveries d where d.event_id = e.event_id limit 1) told on true
join alerts a using (alert_id)
left join assets s using (asset_id)
left join utilities u using (utility_id)
where (%(own)s::text is null or s.utility_id = %(own)s)
    and (%(event)s::uuid is null or e.event_id = %(event)s)
order by e.wall_time desc limit %(limit)s
"""

router = APIRouter()


class Atom(Response):
    """A feed (RFC 4287)."""

    media_type = "application/atom+xml"


class Cap(Response):
    """A document of CAP 1.2."""

    media_type = cap.CONTENT_TYPE


@router.get("/cap/feed.xml", response_class=Atom)
async def feed(using: Using, caller: Calling) -> Atom:
    """The newest documents, each by its address."""
    rows = await _rows(using, caller.utility, None, NEWEST)
    root = ET.Element(f"{{{ATOM}}}feed")
    _add(root, "id", "urn:lifeline:cap")
    _add(root, "title", "lifeline CAP 1.2")
    _add(root, "updated", rfc3339(rows[0]["wall_time"] if rows else datetime.fromtimestamp(0, UTC)))
    _add(_add(root, "author"), "name", using.recorder.plan.sender)
    for row in rows:
        entry = _add(root, "entry")
        _add(entry, "id", f"urn:uuid:{row['event_id']}")
        _add(entry, "title", f"{row['kind']}: {row['hazard']} {row['asset_name'] or row['asset_id']}")
        _add(entry, "updated", rfc3339(row["wall_time"]))
        link = _add(entry, "link")
        link.attrib.update(href=f"{row['event_id']}.xml", type=cap.CONTENT_TYPE, rel="alternate")
    written: bytes = ET.tostring(root, "utf-8", xml_declaration=True, default_namespace=None)
    return Atom(written)


@router.get("/cap/{event_id}.xml", response_class=Cap)
async def document(using: Using, caller: Calling, event_id: UUID) -> Cap:
    """One document."""
    rows = await _rows(using, caller.utility, event_id, 1)
    if not rows:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"no CAP document {event_id}")
    written = cap.document(_letter(rows[0]), using.recorder.plan.sender)
    return Cap(written)


async def _rows(using: Using, own: str | None, event: UUID | None, limit: int) -> list[dict[str, Any]]:
    given = {"own": own, "event": event, "limit": limit}
    async with using.pool.connection() as connection:
        return await (await connection.execute(_EVENTS, given)).fetchall()


def _letter(row: Mapping[str, Any]) -> Letter:
    earlier = tuple(Earlier(UUID(each["id"]), datetime.fromisoformat(each["at"])) for each in row["earlier"])
    return Letter(message(row, row["wall_time"]), row["wall_time"], earlier)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = text
    return element
