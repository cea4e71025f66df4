"""How each side knows that a message is the other's, and fresh. Pure."""

import hashlib
import hmac

HEADER = "Lifeline-Signature"

OLDEST_S = 300
"""A signature older than this, or as far in the future, is none."""


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """The header's value: HMAC-SHA256 (RFC 2104) over ``timestamp.body``, as ``t=<unix s>,v1=<hex>``."""
    digest = hmac.new(secret, b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def is_genuine(secret: bytes, given: str, body: bytes, now: float) -> bool:
    """Whether a header's value signs this body, lately; compared in constant time."""
    stamp = given.removeprefix("t=").partition(",")[0]
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):  # noqa: PLR2004, no year has more
        return False
    genuine = hmac.compare_digest(signature(secret, int(stamp), body).encode(), given.encode())
    return genuine and abs(now - int(stamp)) <= OLDEST_S
