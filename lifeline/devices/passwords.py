"""Mosquitto's password file: how a password is kept, and the file as text. Pure, but for random bytes."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from sensors.errors import ConfigurationError

_ITERATIONS = 101
"""As mosquitto_passwd 2.0 has it; against guessing, the passwords' own 192 random bits do the work."""
_SALT_BYTES = 12


def new_password() -> str:
    """A password that nobody can guess: 48 hexadecimal digits."""
    return secrets.token_hex(24)


def hashed(password: str) -> str:
    """PBKDF2-HMAC-SHA512 as Mosquitto writes it: ``$7$iterations$salt$hash``, the last two in base64."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"$7${_ITERATIONS}${_base64(salt)}${_base64(_derived(password, salt, _ITERATIONS))}"


def matches(password: str, kept: str) -> bool:
    """Whether this is the password of which ``kept`` was made."""
    _, kind, iterations, salt, digest = kept.split("$")
    derived = _derived(password, base64.b64decode(salt), int(iterations))
    return kind == "7" and hmac.compare_digest(derived, base64.b64decode(digest))


def parse(text: str, file: str) -> dict[str, str]:
    """Each user's hash, in the order of the file.

    Raises:
        ConfigurationError: a line is none of a password file; the message names ``file``.
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        user, colon, kept = line.partition(":")
        if not (user and colon and kept):
            raise ConfigurationError(f"{file}:{number}: expected user:hash, as in a password file")
        found[user] = kept
    return found


def render(hashes: Mapping[str, str]) -> str:
    """The text of a password file. Without comments: mosquitto_passwd would take them for the end."""
    return "".join(f"{user}:{kept}\n" for user, kept in hashes.items())


def _derived(password: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
