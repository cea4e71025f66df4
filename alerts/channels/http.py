"""One POST, and what came of it."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import httpx
import msgspec

from alerts.outcome import Outcome, Permanent, Taken, Transient

TIMEOUT_S = 10.0
"""For the whole exchange: a receiver that takes longer has not taken it."""

CONNECTIONS = 64
"""Kept open between messages, for a new one costs more than the message."""

LARGEST_ANSWER = 65_536
"""Bytes of an answer that are read; a receipt is far shorter."""

_TRY_AGAIN = {httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS}


def client() -> httpx.AsyncClient:
    """The client that all deliveries share; it follows no redirect, for that would sign for a stranger.

    It has no limit on connections: each receiver has its own number of messages at a time, and one that
    does not answer must not take those of another.
    """
    return httpx.AsyncClient(
        timeout=httpx.Timeout(5.0, connect=3.0),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=CONNECTIONS),
        follow_redirects=False,
    )


async def exchange(
    via: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, bytes] | Transient:
    """Send once; the status and the beginning of the answer, or what went wrong on the way."""
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            via.stream("POST", url, content=body, headers=headers) as answer,
        ):
            return answer.status_code, await _beginning(answer)
    except TimeoutError:
        return Transient(f"no answer within {TIMEOUT_S:g} s")
    except httpx.RequestError as error:
        return Transient(f"{type(error).__name__}: {error}".rstrip(": "))


async def post(via: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send a message once."""
    answer = await exchange(via, url, body, headers)
    return answer if isinstance(answer, Transient) else judge(*answer)


def judge(status: int, content: bytes) -> Outcome:
    """What an answer means."""
    if httpx.codes.is_success(status):
        return Taken(_receipt(content))
    if httpx.codes.is_server_error(status) or status in _TRY_AGAIN:
        return Transient(f"HTTP {status}")
    return Permanent(f"HTTP {status}")


class _Receipt(msgspec.Struct):
    receipt: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


def _receipt(content: bytes) -> str | None:
    try:
        return msgspec.json.decode(content, type=_Receipt).receipt
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def _beginning(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) > LARGEST_ANSWER:
            break
    return content
