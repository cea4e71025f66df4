"""The channel of each receiver, from its table."""

import aiohttp

from alerts import tables
from alerts.channels.alertmanager import Alertmanager
from alerts.channels.cap import Cap
from alerts.channels.channel import Channel
from alerts.channels.mail import Mail
from alerts.channels.mqtt import Mqtt
from alerts.channels.robots import Dingtalk, Feishu, Wecom
from alerts.channels.webhook import Webhook
from alerts.routing import Plan, Receiver

_ROBOTS = {tables.Wecom: Wecom, tables.Dingtalk: Dingtalk, tables.Feishu: Feishu}


def build(receiver: Receiver, plan: Plan, client: aiohttp.ClientSession) -> Channel:
    """The way to a receiver."""
    table, secrets = receiver.table, receiver.secrets
    match table:
        case tables.Webhook():
            return Webhook(client, table.url, secrets["secret"])
        case tables.Cap():
            return Cap(Webhook(client, table.url, secrets["secret"]), plan.sender)
        case tables.Mqtt():
            return Mqtt(table, secrets.get("password"), secrets.get("ca"))
        case tables.Mail():
            return Mail(table, secrets.get("password"), plan.zone)
        case tables.Alertmanager():
            return Alertmanager(client, table.url)
        case _:
            return _ROBOTS[type(table)](client, secrets, table.language, plan.zone)
