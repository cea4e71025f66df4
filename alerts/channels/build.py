"""The channel of each receiver, from its table."""

import httpx

from alerts import tables
from alerts.channels.channel import Channel
from alerts.channels.webhook import Webhook
from alerts.routing import Receiver


def build(receiver: Receiver, client: httpx.AsyncClient) -> Channel:
    """The way to a receiver."""
    table, secrets = receiver.table, receiver.secrets
    match table:
        case tables.Webhook():
            return Webhook(client, table.url, secrets["secret"])
        case _:
            raise NotImplementedError(type(table))
