"""How a receiver knows that a message is ours, and fresh. Pure."""

import hashlib
import hmac

HEADER = "Lifeline-Signature"


def signature(secret: bytes, timestamp: int, body: bytes) -> str:
    """The header's value: HMAC-SHA256 (RFC 2104) over ``timestamp.body``, as ``t=<unix s>,v1=<hex>``."""
    digest = hmac.new(secret, b"%d." % timestamp + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
