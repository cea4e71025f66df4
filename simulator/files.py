"""Files that the simulator writes."""

from pathlib import Path
from typing import BinaryIO

from sensors.errors import ConfigurationError


def create(path: Path) -> BinaryIO:
    """A new file to write bytes to.

    Raises:
        ConfigurationError: it cannot be made there.
    """
    try:
        return path.open("wb")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror}") from None
