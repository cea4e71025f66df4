"""Each channel against a real other end on this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiosmtpd.controller import Controller
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from alerts import tables
from alerts.channels import http, mqtt
from alerts.channels.alertmanager import Alertmanager
from alerts.channels.cap import Cap
from alerts.channels.mail import Mail
from alerts.channels.mqtt import Mqtt
from alerts.channels.robots import Dingtalk, Feishu, Wecom
from alerts.channels.webhook import Webhook
from alerts.outcome import Permanent, Taken, Transient
from lifeline.runtime.mosquitto import Mosquitto
from lifeline.runtime.ports import free_port
from tests.alerting import SECRET, until
from tests.support.hearing import Whims, listening
from tests.unit.alerts.letters import FIRST, HEARTBEAT, letter

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with http.client() as client:
        yield client


async def test_mqtt_tells_by_utility_and_level_at_a_broker(broker: Mosquitto) -> None:
    heard: list[tuple[str, bool, dict[str, Any]]] = []
    host, _, port = broker.url.removeprefix("mqtt://").partition(":")
    listener = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    listener.on_message = lambda _, __, m: heard.append((m.topic, m.retain, json.loads(m.payload)))
    subscribed: list[int] = []
    listener.on_subscribe = lambda *told: subscribed.append(1)
    listener.connect(host, int(port))
    listener.subscribe("lifeline/alerts/#", qos=1)
    listener.loop_start()
    channel = Mqtt(tables.Mqtt(id="scada", url=broker.url), None, None)
    try:
        until(lambda: bool(subscribed))
        outcomes = await asyncio.gather(*(channel.send(letter(number=n)) for n in range(1, 51)))
        assert outcomes == [Taken(None)] * 50
        assert await channel.beat(HEARTBEAT) == Taken(None)
        assert await channel.send(letter(utility_id="a/+#b", level=None, state="returned")) == Taken(None)
        until(lambda: len(heard) == 52)
    finally:
        await channel.close()
        listener.disconnect()
        listener.loop_stop()
    assert [m["number"] for _, _, m in heard[:50]] == list(range(1, 51))
    topics = [topic for topic, _, _ in heard[49:]]
    assert topics == ["lifeline/alerts/gas-co/major", mqtt.HEARTBEATS, "lifeline/alerts/a---b/major"]
    assert not any(retained for _, retained, _ in heard)


async def test_a_broker_that_is_away_is_tried_again(broker: Mosquitto) -> None:
    channel = Mqtt(tables.Mqtt(id="scada", url=f"mqtt://127.0.0.1:{free_port()}"), None, None)
    assert isinstance(await channel.send(letter()), Transient)
    await channel.close()


class Postbox:
    """A mail server's other half."""

    def __init__(self, answer: str = "250 OK", refuses: str | None = None) -> None:
        self.answer, self.refuses = answer, refuses
        self.mails: list[Any] = []

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:  # noqa: N802
        if address == self.refuses:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope)
        return self.answer


def posted(box: Postbox, *to: str, call: str = "send") -> Any:
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        table = tables.Mail(
            id="post", host="127.0.0.1", port=port, security="none", sender="l@city.example", to=to
        )
        channel = Mail(table, None, ZONE)
        return asyncio.run(channel.beat(HEARTBEAT) if call == "beat" else channel.send(letter()))
    finally:
        controller.stop()


def test_mail_goes_to_all_and_says_it_in_the_subject() -> None:
    from email import message_from_bytes, policy  # noqa: PLC0415

    box = Postbox()
    assert posted(box, "a@gas.example", "b@gas.example") == Taken(None)
    (envelope,) = box.mails
    mail = message_from_bytes(envelope.content, policy=policy.default)
    assert envelope.rcpt_tos == ["a@gas.example", "b@gas.example"]
    assert mail["Subject"] == "【重大风险】七号阀井 燃气泄漏：风险升级"
    assert mail["Message-ID"] == "<00000000-0000-0000-0000-000000000001@lifeline>"
    assert "依据: ch4-limit" in mail.get_content()
    assert posted(box, "a@gas.example", call="beat") == Taken(None)


@pytest.mark.parametrize(
    ("box", "outcome"),
    [
        (Postbox("451 try later"), Transient("SMTP 451 try later")),
        (Postbox("554 no"), Permanent("SMTP 554 no")),
        (Postbox(refuses="a@gas.example"), Permanent("SMTP 550 no such user")),
    ],
)
def test_what_a_mail_server_says_decides(box: Postbox, outcome: object) -> None:
    assert posted(box, "a@gas.example") == outcome


def test_a_mail_that_some_get_is_not_sent_again() -> None:
    outcome = posted(Postbox(refuses="b@gas.example"), "a@gas.example", "b@gas.example")
    assert outcome == Permanent("taken, but not for b@gas.example")


ROBOTS: list[tuple[Any, bytes, Callable[[Any], str]]] = [
    (Wecom, b'{"errcode":0,"errmsg":"ok"}', lambda body: body["markdown"]["content"]),
    (Dingtalk, b'{"errcode":0,"errmsg":"ok"}', lambda body: body["markdown"]["text"]),
    (Feishu, b'{"code":0,"msg":"success"}', lambda body: body["card"]["header"]["title"]["content"]),
]


@pytest.mark.parametrize(("robot", "answer", "text"), ROBOTS)
async def test_a_robot_shows_a_card(
    client: aiohttp.ClientSession, robot: Any, answer: bytes, text: Callable[[Any], str]
) -> None:
    whims = Whims((200, answer))
    with listening(whims) as url:
        channel = robot(client, {"address": f"{url}?key=k".encode()}, "zh", ZONE)
        assert await channel.send(letter()) == Taken(None)
        assert await channel.beat(HEARTBEAT) == Taken(None)
    assert "【重大风险】七号阀井 燃气泄漏：风险升级" in text(whims.messages()[0])


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ((200, b'{"errcode":45009,"errmsg":"too often"}'), Transient("code 45009: too often")),
        ((200, b'{"errcode":93000,"errmsg":"invalid key"}'), Permanent("code 93000: invalid key")),
        ((200, b"<html>"), Permanent("an answer that is no robot's")),
        ((200, b"{}"), Permanent("code None")),
        ((503, b""), Transient("HTTP 503")),
        ((404, b""), Permanent("HTTP 404")),
    ],
)
async def test_a_robots_refusal_with_http_200_is_none_the_less_one(
    client: aiohttp.ClientSession, answer: tuple[int, bytes], outcome: object
) -> None:
    with listening(Whims(answer)) as url:
        channel = Wecom(client, {"address": url.encode()}, "zh", ZONE)
        assert await channel.send(letter()) == outcome


async def test_robots_with_a_key_are_signed_as_their_makers_say(client: aiohttp.ClientSession) -> None:
    """Digests made once with openssl dgst -sha256 -hmac … -binary | base64."""
    from alerts.channels.card import pulse  # noqa: PLC0415

    said = pulse(HEARTBEAT, "zh")
    secrets = {"address": b"http://x/?access_token=t", "secret": b"SECabc"}
    address, _ = Dingtalk(client, secrets, "zh", ZONE).request(said, 1767323046.0)
    assert address.startswith("http://x/?access_token=t&timestamp=1767323046000&sign=")
    _, body = Feishu(client, secrets, "zh", ZONE).request(said, 1767323046.0)
    assert (body["timestamp"], body["sign"]) == ("1767323046", "M5ZeoDU11+8WVyfsLQAhvHabVSEzQaWH4I9DEOfX6b0=")
    assert address.endswith("gTwe2DKGa%2FMfaUGd5N7pRTxlWqHxYcoAOAoa9ZmNo5c%3D")


async def test_cap_and_webhook_are_signed_and_alertmanager_keeps_one_alert(
    client: aiohttp.ClientSession,
) -> None:
    whims = Whims((200, b""))
    with listening(whims) as url:
        way = Webhook(client, url, SECRET.encode())
        assert await Cap(way, "lifeline").send(letter()) == Taken(None)
        assert await way.beat(HEARTBEAT) == Taken(None)
        alertmanager = Alertmanager(client, url)
        for sent in (letter(), letter(FIRST, level=3), letter(FIRST, level=None, state="closed")):
            assert await alertmanager.send(sent) == Taken(None)
    (_, headers, body), (_, _, beat), *posted = whims.heard
    assert headers["Content-Type"] == "application/cap+xml"
    assert headers["Lifeline-Signature"].startswith("t=")
    assert body.startswith(b"<?xml")
    assert json.loads(beat)["kind"] == "heartbeat"
    assert whims.paths[2:] == ["/alerts/api/v2/alerts"] * 3
    told = [json.loads(body)[0] for _, _, body in posted]
    assert len({json.dumps(each["labels"]) for each in told}) == 1
    assert [each["annotations"]["level"] for each in told] == ["major", "general", "major"]
    assert [each["endsAt"][:10] for each in told] == ["2026-01-03", "2026-01-03", "2026-01-02"]


async def test_every_table_has_a_channel(client: aiohttp.ClientSession, tmp_path: Path) -> None:
    from alerts import receivers  # noqa: PLC0415
    from alerts.channels.build import build  # noqa: PLC0415
    from tests.unit.alerts.test_receivers import EVERY, written  # noqa: PLC0415

    plan = receivers.load(written(tmp_path, EVERY))
    ways = {type(build(receiver, plan, client)).__name__ for receiver in plan.receivers}
    assert ways == {"Cap", "Mqtt", "Mail", "Wecom", "Dingtalk", "Feishu", "Alertmanager"}
