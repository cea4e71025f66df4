"""One caller at a time, across processes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sensors.errors import ConfigurationError


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock that ``file`` stands for; a second caller waits until the first is done or dead.

    Raises:
        ConfigurationError: the file's folder cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = file.open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{file.parent}: {error.strerror}; name another folder with LIFELINE_RUNTIME"
        ) from None
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
