"""Group robots of 企业微信, 钉钉 and 飞书: one JSON POST each.

They answer 200 to what they refuse too, so the code in the answer decides.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

import aiohttp
import msgspec

from alerts.channels.card import Card, card, pulse
from alerts.channels.channel import Channel, Letter
from alerts.channels.http import exchange, judge
from alerts.message import Heartbeat
from alerts.outcome import Outcome, Permanent, Taken, Transient
from alerts.tables import Language

_BUSY = {-1, 45009, 130101, 410100, 9499, 11232, 11233}
"""Too many messages, or a fault of theirs: try again."""

_TEMPLATES = {"red": "red", "orange": "orange", "yellow": "yellow", "blue": "blue", "green": "green"}


class Robot(Channel):
    """What the three have in common: a card, a body, an answer with a code."""

    def __init__(
        self,
        client: aiohttp.ClientSession,
        secrets: Mapping[str, bytes],
        language: Language,
        zone: ZoneInfo,
    ) -> None:
        self._client, self._language, self._zone = client, language, zone
        self._address = secrets["address"].decode()
        self._key = secrets["secret"].decode() if "secret" in secrets else None

    async def send(self, letter: Letter) -> Outcome:
        return await self._post(card(letter.message, self._language, self._zone))

    async def beat(self, heartbeat: Heartbeat) -> Outcome:
        return await self._post(pulse(heartbeat, self._language))

    def request(self, said: Card, now: float) -> tuple[str, dict[str, object]]:
        """Address and body of a card sent at ``now`` (unix s)."""
        raise NotImplementedError

    async def _post(self, said: Card) -> Outcome:
        address, body = self.request(said, time.time())
        headers = {"Content-Type": "application/json"}
        answer = await exchange(self._client, address, msgspec.json.encode(body), headers)
        return answer if isinstance(answer, Transient) else _judge(*answer)


class Wecom(Robot):
    """企业微信."""

    def request(self, said: Card, now: float) -> tuple[str, dict[str, object]]:
        del now
        content = f"### {said.title}\n\n{said.markdown}"
        return self._address, {"msgtype": "markdown", "markdown": {"content": _cut(content, 4096)}}


class Dingtalk(Robot):
    """钉钉; signed by time and key in the address."""

    def request(self, said: Card, now: float) -> tuple[str, dict[str, object]]:
        body = {"title": said.title, "text": _cut(f"### {said.title}\n\n{said.markdown}", 20_000)}
        address = self._address
        if self._key is not None:
            stamp = f"{int(now * 1000)}"
            sign = _hmac(self._key, f"{stamp}\n{self._key}")
            address += f"&timestamp={stamp}&sign={quote_plus(sign)}"
        return address, {"msgtype": "markdown", "markdown": body}


class Feishu(Robot):
    """飞书; signed by time and key in the body."""

    def request(self, said: Card, now: float) -> tuple[str, dict[str, object]]:
        header = {
            "title": {"tag": "plain_text", "content": said.title},
            "template": _TEMPLATES.get(said.colour, "grey"),
        }
        elements = [{"tag": "markdown", "content": _cut(said.markdown, 20_000)}]
        body: dict[str, object] = {
            "msg_type": "interactive",
            "card": {"header": header, "elements": elements},
        }
        if self._key is not None:
            stamp = f"{int(now)}"
            body |= {"timestamp": stamp, "sign": _hmac(f"{stamp}\n{self._key}", "")}
        return self._address, body


class _Answer(msgspec.Struct):
    errcode: int | None = None
    code: int | None = None
    errmsg: str = ""
    msg: str = ""


def _judge(status: int, content: bytes) -> Outcome:
    if status != HTTPStatus.OK:
        return judge(status, b"")
    try:
        answer = msgspec.json.decode(content, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Permanent("an answer that is no robot's")
    code = answer.errcode if answer.errcode is not None else answer.code
    if code == 0:
        return Taken(None)
    error = f"code {code}: {answer.errmsg or answer.msg}".rstrip(": ")
    return Transient(error) if code in _BUSY else Permanent(error)


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _cut(text: str, most: int) -> str:
    """At most so many bytes of UTF-8, as the robots count."""
    return text.encode()[:most].decode(errors="ignore")
