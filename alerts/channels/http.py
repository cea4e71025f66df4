"""One POST, and what came of it."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

import aiohttp
import msgspec
from yarl import URL

from alerts.outcome import Outcome, Permanent, Taken, Transient

TIMEOUT_S = 10.0
"""For the whole exchange: a receiver that takes longer has not taken it."""

CONNECT_S, SILENCE_S = 3.0, 5.0
"""Of these, for the connection, and for the next byte of the answer."""

KEPT_S = 5.0
"""A connection stays open between messages, for a new one costs more than the message; no longer, for the
other end closes it too."""

LARGEST_ANSWER = 65_536
"""Bytes of an answer that are read; a receipt is far shorter."""

_TRY_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


def client() -> aiohttp.ClientSession:
    """The client that all deliveries share; it keeps no cookies, and takes the environment's proxy.

    It has no limit on connections: each receiver has its own number of messages at a time, and one that
    does not answer must not take those of another.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_S),
        timeout=aiohttp.ClientTimeout(sock_connect=CONNECT_S, sock_read=SILENCE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=True,
    )


async def exchange(
    via: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes] | Transient:
    """Send once; the status and the beginning of the answer, or what went wrong on the way.

    No redirect is followed, for that would sign for a stranger.
    """
    to = URL(url, encoded=url.isascii())  # as it was given: some addresses are signed
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            via.post(to, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, await _beginning(answer)
    except aiohttp.ClientError as error:
        return Transient(f"{type(error).__name__}: {error}".rstrip(": "))
    except TimeoutError:
        return Transient(f"no answer within {TIMEOUT_S:g} s")


async def post(via: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send a message once."""
    answer = await exchange(via, url, body, headers)
    return answer if isinstance(answer, Transient) else judge(*answer)


def judge(status: int, content: bytes) -> Outcome:
    """What an answer means."""
    if 200 <= status < 300:  # noqa: PLR2004
        return Taken(_receipt(content))
    if 500 <= status < 600 or status in _TRY_AGAIN:  # noqa: PLR2004
        return Transient(f"HTTP {status}")
    return Permanent(f"HTTP {status}")


class _Receipt(msgspec.Struct):
    receipt: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


def _receipt(content: bytes) -> str | None:
    try:
        return msgspec.json.decode(content, type=_Receipt).receipt
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    content = b""
    async for chunk in answer.content.iter_any():
        content += chunk
        if len(content) > LARGEST_ANSWER:
            break
    return content
