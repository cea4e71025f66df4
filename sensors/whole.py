"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sensors.errors import ConfigurationError


@contextmanager
def whole(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write bytes to, which gets its name when all is written; broken off, it leaves nothing.

    mode: who may read and write it, from its first byte on, less what the umask takes away.

    What is no file, a pipe or a terminal, is written to as it is.

    Raises:
        ConfigurationError: it cannot be made there.
    """
    if path.exists() and not path.is_file():
        with _opened(path, path, mode) as file:
            yield file
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _opened(beside, path, mode) as file:
            yield file
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _opened(place: Path, wanted: Path, mode: int) -> BinaryIO:
    try:
        return open(place, "wb", opener=lambda path, flags: os.open(path, flags, mode))
    except OSError as error:
        raise ConfigurationError(f"{wanted}: cannot be written: {error.strerror}") from None
