"""The file that says where alerts go: ``[[receiver]]`` tables in TOML."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from alerts.routing import Receiver
from sensors import toml
from sensors.errors import Mistake, Mistakes

SHORTEST_SECRET = 16
"""Bytes. RFC 2104 wants a key that cannot be guessed; 32 random bytes are better."""

Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Text
    utility: Text
    url: Text
    secret_file: Text
    drill: bool


def load(path: Path) -> tuple[Receiver, ...]:
    """The receivers that a file names; a key's file stands relative to it.

    Raises:
        Mistake, Mistakes: the file cannot be taken as it is; the latter names all that is wrong with it.
    """
    data, locate = toml.read(path)
    tables = data.get("receiver")
    if data.keys() != {"receiver"} or not isinstance(tables, list):
        raise Mistake(path, 1, "receiver", "expected [[receiver]] tables and nothing else")
    receivers: dict[str, Receiver] = {}
    mistakes: list[Mistake] = []
    for index, table in enumerate(tables):
        try:
            given = msgspec.convert(table, _Table)
        except msgspec.ValidationError as error:
            mistakes.append(toml.mistake(path, locate, error, ("receiver", index)))
            continue
        secret = _secret(path.parent / given.secret_file)
        for field, expected in _mistakes(given, secret, receivers):
            mistakes.append(
                Mistake(path, locate(("receiver", index, field)), f"receiver[{index}].{field}", expected)
            )
        receivers[given.id] = Receiver(given.id, given.utility, given.url, secret or b"", drill=given.drill)
    if mistakes:
        raise Mistakes(mistakes)
    return tuple(receivers.values())


def _mistakes(given: _Table, secret: bytes | None, others: dict[str, Receiver]) -> Iterator[tuple[str, str]]:
    if given.id in others:
        yield "id", f"expected an id of its own, {given.id!r} is taken"
    if not _is_address(given.url):
        yield "url", f"expected an http:// or https:// address, not {given.url!r}"
    if secret is None:
        yield "secret_file", f"expected a file that can be read, not {given.secret_file!r}"
    elif len(secret) < SHORTEST_SECRET:
        yield "secret_file", f"expected a key of {SHORTEST_SECRET} bytes or more, not of {len(secret)}"


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _secret(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip()
    except OSError:
        return None
