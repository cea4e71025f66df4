"""The broker's files, and the broker: read, replaced whole, and told."""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lifeline.devices.accounts import Book
from lifeline.devices.passwords import parse, render
from sensors.errors import ConfigurationError, UnavailableError
from sensors.whole import whole

_BROKER = "mosquitto"
_PASSWORDS = "passwords"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep others from changing the broker's files meanwhile.

    Raises:
        ConfigurationError: there is no such folder, or it is not for us to write in.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigurationError(f"LIFELINE_BROKER_FILES: {folder}: {error.strerror}") from None
    try:
        owner = os.fstat(handle).st_uid
        if os.geteuid() not in {0, owner}:
            raise ConfigurationError(
                f"LIFELINE_BROKER_FILES: {folder} is user {owner}'s, who runs the broker: call as that user"
            )
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def read(folder: Path) -> Book:
    """The accounts that there are.

    Raises:
        ConfigurationError: the password file is none.
    """
    path = folder / _PASSWORDS
    try:
        return parse(path.read_text(encoding="ascii"), str(path))
    except FileNotFoundError:
        return {}


def write(folder: Path, book: Book, access_list: str) -> None:
    """Replace the broker's files, each whole; only the folder's owner may read them.

    Raises:
        ConfigurationError: they cannot be written.
    """
    _replace(folder / "acl", access_list)
    _replace(folder / _PASSWORDS, render(book))


def tell(pid_file: Path) -> bool:
    """Have the broker read its files again; whether it runs. Who has no account any more is disconnected.

    Raises:
        ConfigurationError: the file holds no number of a process.
        UnavailableError: the broker is another user's.
    """
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        # A number in a file may by now be anybody's.
        if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() != _BROKER:
            return False
        os.kill(pid, signal.SIGHUP)
    except ValueError:
        raise ConfigurationError(f"LIFELINE_BROKER_PID: {pid_file}: expected a process's number") from None
    except PermissionError:
        raise UnavailableError(
            f"the files are written, and the broker (process {pid}) is another user's: send it SIGHUP"
        ) from None
    except OSError:
        return False
    return True


def _replace(path: Path, text: str) -> None:
    with whole(path, 0o600) as file:
        if os.geteuid() == 0:
            owner = path.parent.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
