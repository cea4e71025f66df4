"""Signed JSON by POST: what a utility's own system receives, or a provincial platform's."""

import time
from uuid import UUID

import aiohttp

from alerts.channels.channel import Channel, Letter
from alerts.channels.http import post
from alerts.message import Heartbeat
from alerts.outcome import Outcome
from alerts.signature import HEADER, signature


class Webhook(Channel):
    """The receiver at one address, with the key that both sides hold."""

    def __init__(self, client: aiohttp.ClientSession, url: str, secret: bytes) -> None:
        self._client, self._url, self._secret = client, url, secret

    async def send(self, letter: Letter) -> Outcome:
        message = letter.message
        return await self.post(message.delivery_id, message.model_dump_json().encode(), "application/json")

    async def beat(self, heartbeat: Heartbeat) -> Outcome:
        return await self.post(heartbeat.id, heartbeat.model_dump_json().encode(), "application/json")

    async def post(self, key: UUID, body: bytes, content_type: str) -> Outcome:
        """Sign and send a body; ``key`` is the same on each try."""
        headers = {
            "Content-Type": content_type,
            "Accept-Encoding": "identity",
            "Idempotency-Key": str(key),
            HEADER: signature(self._secret, int(time.time()), body),
        }
        return await post(self._client, self._url, body, headers)
