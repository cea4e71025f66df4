"""How accounts come, change and go. Pure, but for random bytes.

A device has two names for an account. While its password is changed it has an account under each, the old and
the new, so that it can move over when it is ready. docs/adr/0012 says why.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lifeline.devices.allowed import SYSTEM, device_of, users
from lifeline.devices.passwords import hashed, new_password
from sensors.errors import ConfigurationError
from sensors.model import Device

Book = Mapping[str, str]
"""Each user's hash, in the order in which they came."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new password, which nothing keeps, and the user it is of."""

    user: str
    password: str


def holders(book: Book) -> dict[str, list[str]]:
    """Each device's users, the oldest first."""
    found: dict[str, list[str]] = defaultdict(list)
    for user in book:
        if user not in SYSTEM:
            found[device_of(user)].append(user)
    return dict(found)


def add(book: Book, devices: Iterable[Device]) -> tuple[Book, list[Issued]]:
    """Give devices their first account.

    Raises:
        ConfigurationError: one of them has an account, or the name of one that is no device's.
    """
    devices, held = list(devices), holders(book)
    _none(
        [device.id for device in devices if device.id in held or device.id in SYSTEM],
        "has an account; `lifeline device rotate` gives it a new password",
    )
    return _issue(book, [device.id for device in devices])


def rotate(book: Book, devices: Iterable[Device]) -> tuple[Book, list[Issued]]:
    """Give devices a new password beside their old one; a new one that is there already is replaced.

    Raises:
        ConfigurationError: one of them has no account.
    """
    devices, held = list(devices), holders(book)
    _none(
        [device.id for device in devices if device.id not in held],
        "has no account; `lifeline device add` gives it one",
    )
    chosen = []
    for device in devices:
        oldest, *newer = held[device.id]
        chosen.append(newer[-1] if newer else next(user for user in users(device) if user != oldest))
    return _issue(book, chosen)


def finish(book: Book, devices: Iterable[str]) -> Book:
    """Take their old accounts from devices that have moved to the new one.

    Raises:
        ConfigurationError: one of them has only one.
    """
    devices, held = list(devices), holders(book)
    _none(
        [device for device in devices if len(held.get(device, ())) < 2],  # noqa: PLR2004, an old and a new
        "has no new password to move to; `lifeline device rotate` gives it one",
    )
    return _without(book, {user for device in devices for user in held[device][:-1]})


def revoke(book: Book, devices: Iterable[str]) -> Book:
    """Take every account from devices.

    Raises:
        ConfigurationError: one of them has none.
    """
    devices, held = list(devices), holders(book)
    _none([device for device in devices if device not in held], "has no account")
    return _without(book, {user for device in devices for user in held[device]})


def _issue(book: Book, named: Iterable[str]) -> tuple[Book, list[Issued]]:
    issued = [Issued(user, new_password()) for user in named]
    return {**book, **{each.user: hashed(each.password) for each in issued}}, issued


def _without(book: Book, gone: set[str]) -> Book:
    return {user: kept for user, kept in book.items() if user not in gone}


def _none(devices: list[str], why: str) -> None:
    if devices:
        more = f" and {len(devices) - 1} more" if len(devices) > 1 else ""
        raise ConfigurationError(f"{devices[0]}{more}: {why}")
