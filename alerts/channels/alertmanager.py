"""Alertmanager's API v2: it groups and silences, and forgets; the case stays here.

Its identity is the set of labels, so the level is an annotation: a rise is the same alert. What is live ends
for it a day after its last message, since it would end it after five minutes by itself.
"""

from datetime import datetime, timedelta

import aiohttp
import msgspec

from alerts.channels.channel import Channel, Letter
from alerts.channels.http import post
from alerts.message import Heartbeat, Message
from alerts.outcome import Outcome
from alerts.words import rfc3339

LASTS = timedelta(days=1)
_OVER = {"closed", "normal", "returned", "latched"}


class Alertmanager(Channel):
    """One Alertmanager; of a cluster each is a receiver of its own, as its documentation asks."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client, self._url = client, f"{url.rstrip('/')}/api/v2/alerts"

    async def send(self, letter: Letter) -> Outcome:
        return await self._post(posted(letter.message))

    async def beat(self, heartbeat: Heartbeat) -> Outcome:
        ends = heartbeat.sent_at + timedelta(seconds=3 * heartbeat.interval_s)
        labels = {"alertname": "lifeline-heartbeat", "receiver": heartbeat.receiver}
        return await self._post({"labels": labels, "annotations": {}, "endsAt": rfc3339(ends)})

    async def _post(self, alert: dict[str, object]) -> Outcome:
        body = msgspec.json.encode([alert])
        return await post(self._client, self._url, body, {"Content-Type": "application/json"})


def posted(message: Message) -> dict[str, object]:
    """The alert as Alertmanager takes it."""
    over = message.state in _OVER
    level = message.level or message.worst_level
    labels = {"alertname": message.hazard.id, "asset": message.asset.id}
    for name, value in (
        ("domain", message.asset.domain),
        ("district", message.asset.district),
        ("utility", message.utility and message.utility.id),
        ("drill", "true" if message.drill else None),
    ):
        labels |= {name: value} if value else {}
    return {
        "labels": labels,
        "annotations": {
            "level": level.name_en,
            "summary": f"{level.name}：{message.asset.name} {message.hazard.name}",
            "description": message.why,
            "alert_id": str(message.alert_id),
        },
        **({} if over else {"startsAt": rfc3339(message.event_time)}),
        "endsAt": rfc3339(_ends(message, over=over)),
    }


def _ends(message: Message, *, over: bool) -> datetime:
    return message.sent_at if over else message.sent_at + LASTS
