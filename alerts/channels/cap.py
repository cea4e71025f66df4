"""CAP 1.2 by POST, signed like the webhook."""

from alerts import cap
from alerts.channels.channel import Channel, Letter
from alerts.channels.webhook import Webhook
from alerts.message import Heartbeat
from alerts.outcome import Outcome


class Cap(Channel):
    """A receiver that speaks CAP; sender: how the document names us."""

    def __init__(self, way: Webhook, sender: str) -> None:
        self._way, self._sender = way, sender

    async def send(self, letter: Letter) -> Outcome:
        body = cap.document(letter, self._sender)
        return await self._way.post(letter.message.delivery_id, body, cap.CONTENT_TYPE)

    async def beat(self, heartbeat: Heartbeat) -> Outcome:
        return await self._way.post(heartbeat.id, cap.heartbeat(heartbeat, self._sender), cap.CONTENT_TYPE)
