"""A message as it came from the broker."""

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One message, with what is needed to acknowledge it."""

    topic: str
    payload: bytes | bytearray
    content_type: str | None = None
    mid: int = 0
    epoch: int = 0
    """The connection on which it came; packet ids of another one mean other messages."""
