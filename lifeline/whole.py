"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sensors.errors import ConfigurationError


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write bytes to, which gets its name when all is written; broken off, it leaves nothing.

    Raises:
        ConfigurationError: it cannot be made there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        file = beside.open("wb")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with file:
            yield file
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
